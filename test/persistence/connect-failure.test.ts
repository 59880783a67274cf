import t from 'tap';
import { migrate } from '../../src/persistence/migrate.ts';
import { createTestDatabase } from '../fixtures/database.ts';
import { freePort } from '../fixtures/free-port.ts';
import { silentLog } from '../fixtures/silent-log.ts';

const database = await createTestDatabase(t);

async function failureOf(change: (url: URL) => void): Promise<string> {
  const url = new URL(database.url);
  change(url);
  try {
    await migrate({ databaseUrl: url.href, log: silentLog });
  } catch (error) {
    return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  }
  throw new Error('the database was usable');
}

t.test('a database that cannot be used is named with its address, the cause and the remedy', async (t) => {
  const { hostname, port, username } = new URL(database.url);
  const server = `OperatorError: PostgreSQL at ${hostname}:${port}`;
  const closed = await freePort();
  t.equal(
    await failureOf((url) => (url.port = String(closed))),
    `OperatorError: PostgreSQL at ${hostname}:${closed} refuses the connection; start the server, or correct the address in DATABASE_URL`,
  );
  const wrongPassword = await failureOf((url) => (url.password = 'swordfish'));
  t.equal(
    wrongPassword,
    `${server} refuses the password of the role "${username}"; correct the password in DATABASE_URL`,
  );
  t.equal(
    await failureOf((url) => (url.pathname = '/no_such')),
    `${server} has no database "no_such"; create it with: createdb -h ${hostname} no_such`,
  );
  t.match(
    await failureOf((url) => url.searchParams.set('sslmode', 'require')),
    `${server} cannot be reached (The server does not support SSL connections); check the address and sslmode in DATABASE_URL`,
  );
  t.match(
    await failureOf((url) => (url.hostname = 'no-such-host.invalid')),
    /the host name no-such-host\.invalid of DATABASE_URL is not known \((ENOTFOUND|EAI_AGAIN)\); correct it/,
  );
});
