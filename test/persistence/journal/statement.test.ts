import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import t, { type Test } from 'tap';
import { createPool } from '../../../src/persistence/pool.ts';
import { readRows, runStatement, sendStatement } from '../../../src/persistence/journal/statement.ts';
import { createTestDatabase } from '../../fixtures/database.ts';
import { silentLog } from '../../fixtures/silent-log.ts';

/** A network between a pool and the database that can be made to swallow everything without closing anything. */
async function createSilentNetwork(t: Test, databaseUrl: string): Promise<{ url: string; swallow(): void }> {
  const database = new URL(databaseUrl);
  const sockets: Socket[] = [];
  let links: [Socket, Socket][] = [];
  const server = createServer((near) => {
    const far = connect(Number(database.port), database.hostname);
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      from.pipe(to);
      from.on('error', () => to.destroy());
      sockets.push(from);
    }
    links.push([near, far]);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const url = new URL(databaseUrl);
  url.port = String((server.address() as AddressInfo).port);
  return {
    url: url.href,
    swallow() {
      for (const [near, far] of links) {
        near.unpipe(far);
        far.unpipe(near);
        near.resume();
        far.resume();
      }
      links = [];
    },
  };
}

// Nearly all of the time goes by in waiting for answers that do not come.
t.jobs = 4;

t.test(
  'a statement on a connection whose other end fell silent is in doubt in time, and the next one gets another',
  async (t) => {
    const database = await createTestDatabase(t);
    const network = await createSilentNetwork(t, database.url);
    const pool = createPool({ databaseUrl: network.url, max: 1, log: silentLog });
    t.teardown(() => pool.end());
    const statement = { text: 'SELECT $1::int AS n', values: [1] };
    t.same(await runStatement(pool, statement, 'unknown'), [{ n: 1 }]);
    network.swallow();
    const begin = performance.now();
    await t.rejects(runStatement(pool, statement, 'unknown'), { code: 'STORE_UNAVAILABLE', effect: 'unknown' });
    t.ok(performance.now() - begin < 10_000);
    t.same(await runStatement(pool, statement, 'unknown'), [{ n: 1 }]);
  },
);

t.test('whoever waits for a read is told within 2 s that the other end fell silent', async (t) => {
  const database = await createTestDatabase(t);
  const network = await createSilentNetwork(t, database.url);
  const pool = createPool({ databaseUrl: network.url, max: 1, log: silentLog });
  t.teardown(() => pool.end());
  const statement = { text: 'SELECT $1::int AS n', values: [1] };
  t.same(await readRows(pool, statement), [{ n: 1 }]);
  network.swallow();
  const begin = performance.now();
  await t.rejects(readRows(pool, statement), { code: 'STORE_UNAVAILABLE', effect: 'none' });
  t.ok(performance.now() - begin < 2_000);
  t.same(await readRows(pool, statement), [{ n: 1 }]);

  const only = await pool.connect();
  const late = performance.now();
  const reading = readRows(pool, { text: 'SELECT pg_sleep(1.2)', values: [] });
  setTimeout(() => only.release(), 700);
  await t.rejects(reading, { code: 'STORE_UNAVAILABLE', effect: 'none' });
  t.ok(performance.now() - late < 2_000, 'the time until there was a connection counts');
});

t.test('a statement that the database refused was not done, and its connection is used again', async (t) => {
  const { pool } = await createTestDatabase(t);
  const pid = async () =>
    (await runStatement<{ pid: number }>(pool, { text: 'SELECT pg_backend_pid() AS pid', values: [] }, 'none'))[0]?.pid;
  const before = await pid();
  await t.rejects(sendStatement(pool, { text: 'SELECT 1 / $1::int', values: [0] }), { code: '22012' });
  await t.rejects(
    runStatement(pool, { text: "SET statement_timeout = '20ms'", values: [] }, 'unknown').then(() =>
      runStatement(pool, { text: 'SELECT pg_sleep(5)', values: [] }, 'unknown'),
    ),
    {
      code: 'STORE_UNAVAILABLE',
      effect: 'none',
    },
  );
  t.equal(await pid(), before);
});

t.test('a statement for which there is no connection was not done', async (t) => {
  const { url } = await createTestDatabase(t);
  const pool = createPool({ databaseUrl: url, max: 1, log: silentLog });
  t.teardown(() => pool.end());
  const only = await pool.connect();
  await t.rejects(runStatement(pool, { text: 'SELECT 1', values: [] }, 'unknown'), {
    code: 'STORE_UNAVAILABLE',
    effect: 'none',
  });
  only.release();
});
