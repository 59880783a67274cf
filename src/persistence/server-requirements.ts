import type { ClientBase } from 'pg';
import type { Log } from '../runtime/log.ts';
import { OperatorError } from '../runtime/operator-error.ts';

/** The oldest tested version of PostgreSQL. */
const OLDEST_SERVER_VERSION = 150_000;

/** The service cannot run on this database; the message tells the operator why. */
export class UnusableDatabase extends OperatorError {
  override readonly name = 'UnusableDatabase';
}

interface ServerRow {
  readonly encoding: string;
  /** The connections that server, database and role allow. */
  readonly allowed: number;
  /** The connections that the server can still accept. */
  readonly free: number;
}

/** Runs first: the other query fails on older servers. */
const VERSION =
  "SELECT current_setting('server_version_num')::int AS number, current_setting('server_version') AS name";

const SERVER = `
SELECT current_setting('server_encoding') AS encoding,
  least(slots.count, nullif(d.datconnlimit, -1), nullif(r.rolconnlimit, -1))::int AS allowed,
  (slots.count - (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()))::int AS free
FROM pg_database d, pg_roles r, LATERAL (
  SELECT current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
    - coalesce(current_setting('reserved_connections', true)::int, 0) AS count
) slots
WHERE d.datname = current_database() AND r.rolname = current_user`;

/**
 * Throws UnusableDatabase for a server older than 15, for a database whose encoding cannot hold every text, and if the node needs
 * more connections than the server allows: it would answer some requests with 503 for ever. Warns if other clients leave too
 * few connections now.
 */
export async function requireUsableServer(
  client: ClientBase,
  { connections, log }: { connections: number; log: Log },
): Promise<void> {
  const { rows: versions } = await client.query<{ number: number; name: string }>(VERSION);
  const version = versions[0];
  if (version === undefined || version.number < OLDEST_SERVER_VERSION) {
    throw new UnusableDatabase(
      `frontrow needs PostgreSQL 15 or newer; this server is ${version?.name ?? 'of unknown version'}`,
    );
  }
  const { rows } = await client.query<ServerRow>(SERVER);
  const server = rows[0];
  if (server === undefined) throw new Error('the server did not describe itself');
  if (server.encoding !== 'UTF8') {
    throw new UnusableDatabase(
      `frontrow needs a database with the encoding UTF8; this one has ${server.encoding}. Create another one with: CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0`,
    );
  }
  if (server.allowed < connections) {
    throw new UnusableDatabase(
      `a node uses ${connections} connections; max_connections and the limits of the database and the role allow ${server.allowed}`,
    );
  }
  if (server.free < connections) {
    log.warn(
      { connections, free: server.free },
      'other clients have taken so many connections that this node may lack some; raise max_connections',
    );
  }
}
