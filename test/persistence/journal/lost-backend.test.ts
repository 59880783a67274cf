import { randomUUID } from 'node:crypto';
import pg from 'pg';
import t, { type Test } from 'tap';
import { systemClock } from '../../../src/runtime/clock.ts';
import { BACKEND_COLUMNS, readBackend } from '../../../src/persistence/journal/backend.ts';
import { createDoubtResolution } from '../../../src/persistence/journal/doubt-resolution.ts';
import { createPool } from '../../../src/persistence/pool.ts';
import { createTestDatabase, type TestDatabase } from '../../fixtures/database.ts';
import {
  holdCommand,
  insertSchedule,
  insertUserWithBalance,
  startOwnerNode,
  valueOf,
} from '../../fixtures/owner-node.ts';
import { silentLog } from '../../fixtures/silent-log.ts';
import { startTcpProxy } from '../../fixtures/tcp-proxy.ts';
import { waitFor } from '../../fixtures/wait-for.ts';

const LOCK = 4_711;
/** A lingering backend that nobody ends would keep these tests waiting for ever. */
const DEADLINE_MS = 15_000;

/**
 * Has the next transaction that changes `table` wait for a lock when it commits, with its row locks, and with no limit: a
 * commit is beyond the limits of statements. The lock is held until the test ends.
 */
async function makeNextCommitLinger(t: Test, database: TestDatabase, table: string, event: string): Promise<void> {
  const holder = new pg.Client({ connectionString: database.url });
  await holder.connect();
  t.teardown(() => holder.end());
  await holder.query('SELECT pg_advisory_lock($1)', [LOCK]);
  await holder.query(`
    CREATE SEQUENCE commits_of_${table};
    CREATE FUNCTION linger_at_${table}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      IF nextval('commits_of_${table}') = 1 THEN
        PERFORM set_config('lock_timeout', '0', true);
        PERFORM pg_advisory_xact_lock(${LOCK});
      END IF;
      RETURN NULL;
    END $$;
    CREATE CONSTRAINT TRIGGER linger AFTER ${event} ON ${table} DEFERRABLE INITIALLY DEFERRED
      FOR EACH ROW EXECUTE FUNCTION linger_at_${table}();`);
}

async function untilLingering(database: TestDatabase): Promise<void> {
  await waitFor(
    async () => {
      const { rows } = await database.pool.query(
        `SELECT FROM pg_locks WHERE locktype = 'advisory' AND objid = ${LOCK} AND NOT granted`,
      );
      return rows.length > 0;
    },
    { what: 'a backend that lingers' },
  );
}

t.test('a date goes on when the connection of its flush is lost and the backend lingers with its locks', async (t) => {
  const database = await createTestDatabase(t);
  const proxy = await startTcpProxy(t, database.url);
  const node = await startOwnerNode(t, database, { laneUrl: proxy.url });
  const { scheduleId } = await insertSchedule(database);
  valueOf(await node.dispatch(holdCommand(scheduleId, randomUUID(), 1)));
  await makeNextCommitLinger(t, database, 'reservations', 'INSERT');

  const lost = node.dispatch(holdCommand(scheduleId, randomUUID(), 2));
  await untilLingering(database);
  proxy.loseClients();
  const granted = await waitFor(
    async () => {
      const reply = await node.dispatch(holdCommand(scheduleId, randomUUID(), 3));
      return reply.outcome === 'granted' ? reply.value : null;
    },
    { deadlineMs: DEADLINE_MS, what: 'the next hold, while the lock is still held' },
  );
  t.equal(granted.value.length, 1);
  await lost;
  const { rows } = await database.pool.query<{ seat: number; seq: number }>(
    'SELECT seat_number AS seat, seq::int AS seq FROM reservations ORDER BY seq',
  );
  t.same(
    rows.map(({ seq }) => seq),
    rows.map((_, index) => index + 1),
    'nothing is missing from the log',
  );
});

t.test('a payment is decided when its connection is lost and the backend lingers with its locks', async (t) => {
  const database = await createTestDatabase(t);
  const proxy = await startTcpProxy(t, database.url);
  const node = await startOwnerNode(t, database, { laneUrl: proxy.url });
  const { scheduleId } = await insertSchedule(database);
  const userId = await insertUserWithBalance(database, 5_000);
  const { value: reservations } = valueOf(await node.dispatch(holdCommand(scheduleId, userId, 1)));
  await makeNextCommitLinger(t, database, 'payments', 'INSERT');
  const pay = () =>
    node.dispatch({
      type: 'PayReservations',
      scheduleId,
      userId,
      paymentId: randomUUID(),
      reservationIds: reservations.map(({ reservationId }) => reservationId),
      claim: null,
    });
  const lost = pay();
  await untilLingering(database);
  proxy.loseClients();
  await lost;
  await waitFor(
    async () => {
      const reply = await pay();
      return reply.outcome === 'granted';
    },
    { deadlineMs: DEADLINE_MS, what: 'the payment, while the lock is still held' },
  );
  const { rows } = await database.pool.query('SELECT balance::int AS balance FROM wallets WHERE user_id = $1', [
    userId,
  ]);
  t.same(rows, [{ balance: 4_000 }], 'it was paid once');
});

t.test('a node lives on when the connection of a beat is lost and the backend lingers with the row', async (t) => {
  const database = await createTestDatabase(t);
  const proxy = await startTcpProxy(t, database.url);
  const node = await startOwnerNode(t, database, { laneUrl: proxy.url });
  await makeNextCommitLinger(t, database, 'nodes', 'UPDATE');
  await untilLingering(database);
  proxy.loseClients();
  const beatOf = async () => {
    const { rows } = await database.pool.query<{ beat: number }>('SELECT beat::int AS beat FROM nodes');
    return rows[0]?.beat ?? 0;
  };
  const before = await beatOf();
  await waitFor(async () => (await beatOf()) > before && node.membership.isLeaseValid(), {
    deadlineMs: DEADLINE_MS,
    what: 'the next beat, while the lock is still held',
  });
});

t.test('a backend is ended only under its own pid, start and application', async (t) => {
  const database = await createTestDatabase(t);
  const pool = createPool({ databaseUrl: database.url, max: 2, log: silentLog });
  t.teardown(() => pool.end());
  const doubt = createDoubtResolution({ pool, clock: systemClock, log: silentLog });
  t.teardown(() => doubt.close());
  const connect = async (applicationName: string) => {
    const client = new pg.Client({ connectionString: database.url, application_name: applicationName });
    const state = { isLost: false };
    client.on('error', () => (state.isLost = true));
    await client.connect();
    t.teardown(() => client.end().catch(() => undefined));
    await client.query("SET timezone = 'UTC'");
    const { rows } = await client.query(`SELECT ${BACKEND_COLUMNS}`);
    const backend = readBackend(rows[0]);
    if (backend === null) throw new Error('the server does not say which backend it is');
    return { client, state, backend };
  };
  const ours = await connect('frontrow');
  const others = await connect('somebody-else');
  await doubt.dismiss(null);
  await doubt.dismiss({ ...ours.backend, startedAt: others.backend.startedAt });
  await doubt.dismiss({ ...ours.backend, pid: others.backend.pid });
  await doubt.dismiss(others.backend);
  await Promise.all([ours, others].map(({ client }) => client.query('SELECT 1')));
  t.equal(ours.state.isLost || others.state.isLost, false);

  await doubt.dismiss(ours.backend);
  await waitFor(() => ours.state.isLost, { what: 'its end' });
  await others.client.query('SELECT 1');
});
