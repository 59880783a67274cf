import { createServer } from 'node:net';
import pg from 'pg';
import t from 'tap';
import { Fault, INVALID_VALUE, Refusal } from '../../src/domain/errors.ts';
import {
  isInDoubt,
  isRetryable,
  isRowLocked,
  isTableLocked,
  isUnavailable,
  sqlState,
  toFault,
} from '../../src/persistence/database-errors.ts';
import { createPool } from '../../src/persistence/pool.ts';
import { createTestDatabase } from '../fixtures/database.ts';
import { silentLog as log } from '../fixtures/silent-log.ts';

async function errorOf(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => new TypeError('nothing was thrown'),
    (error: unknown) => error,
  );
}

function effectOf(error: unknown): string | undefined {
  const fault = toFault(error, 'unknown');
  return fault instanceof Fault && fault.code === 'STORE_UNAVAILABLE' && fault.cause === error
    ? fault.effect
    : undefined;
}

/** Makes the server answer with an error of that SQLSTATE. */
async function raised(pool: pg.Pool, state: string): Promise<unknown> {
  return errorOf(pool.query(`DO $$ BEGIN RAISE EXCEPTION 'whatever the words' USING ERRCODE = '${state}'; END $$`));
}

t.test('a server that is not there did nothing', async (t) => {
  const error = await errorOf(new pg.Client({ host: '127.0.0.1', port: 1, user: 'x', password: 'x' }).connect());
  t.ok(isUnavailable(error));
  t.notOk(isInDoubt(error));
  t.equal(effectOf(error), 'none');
});

t.test('a connection that ends under a statement leaves it in doubt', async (t) => {
  const { pool } = await createTestDatabase(t, { empty: true });
  const client = await pool.connect();
  const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  const statement = errorOf(client.query('SELECT pg_sleep(60)'));
  await pool.query('SELECT pg_terminate_backend($1)', [rows[0]?.pid]);
  const error = await statement;
  t.equal(sqlState(error), '57P01');
  t.ok(isInDoubt(error) && isUnavailable(error));
  t.equal(effectOf(error), 'unknown');
  const afterwards = await errorOf(client.query('SELECT 1'));
  t.ok(isUnavailable(afterwards), 'and so does one that is sent on the dead connection');
  client.release(true);
});

t.test('a connection that is cut without a word leaves its statement in doubt', async (t) => {
  // Speaks just enough of the protocol to let a client connect, then hangs up at its first statement.
  const server = createServer((socket) => {
    socket.once('data', () => {
      socket.write(Buffer.from([0x52, 0, 0, 0, 8, 0, 0, 0, 0, 0x5a, 0, 0, 0, 5, 0x49]));
      socket.once('data', () => socket.destroy());
    });
  });
  await new Promise<void>((settle) => server.listen(0, '127.0.0.1', settle));
  t.teardown(() => new Promise((settle) => server.close(settle)));
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  const pool = createPool({ databaseUrl: `postgres://x:x@127.0.0.1:${port}/x`, max: 1, log });
  t.teardown(() => pool.end());
  const error = await errorOf(pool.query('SELECT 1'));
  t.equal(sqlState(error), undefined);
  t.ok(isInDoubt(error) && isUnavailable(error));
});

t.test('an error response is certain, whatever its class', async (t) => {
  const { pool } = await createTestDatabase(t, { empty: true });
  for (const state of ['53100', '53300', '58030', '25006']) {
    const error = await raised(pool, state);
    t.equal(sqlState(error), state);
    t.ok(isUnavailable(error), `${state} means that the database cannot work at present`);
    t.notOk(isInDoubt(error), `${state} did nothing`);
    t.equal(effectOf(error), 'none');
  }
  for (const state of ['40001', '40P01', '55P03', '57014']) {
    const error = await raised(pool, state);
    t.ok(isRetryable(error), `${state} may be sent again`);
    t.notOk(isInDoubt(error));
    t.notOk(isUnavailable(error));
    t.equal(effectOf(error), 'none');
  }
  for (const state of ['08006', '57P02', '57P03']) t.ok(isInDoubt(await raised(pool, state)), state);
});

t.test('a statement that is refused for a part of it has done nothing, whatever a trigger says', async (t) => {
  const { pool } = await createTestDatabase(t, { empty: true });
  for (const state of ['23505', '23514', 'P0001', 'XX000', '42601']) {
    const error = await raised(pool, state);
    t.notOk(isUnavailable(error) || isRetryable(error) || isInDoubt(error), state);
    t.equal(effectOf(error), 'none', state);
    t.match(toFault(error, 'unknown'), { isOfOnePart: true }, state);
  }
  t.match(toFault(await raised(pool, '53100'), 'unknown'), { isOfOnePart: false }, 'a full disk is nobody’s part');
});

t.test('a value that the database refuses is refused to its sender', async (t) => {
  const { pool } = await createTestDatabase(t, { empty: true });
  for (const state of ['22001', '22021', '22P02']) {
    const error = await raised(pool, state);
    t.match(toFault(error, 'unknown'), new Refusal(INVALID_VALUE, { cause: error }), state);
  }
});

t.test('row counts that differ, and what did not come from the database, stay what they are', async (t) => {
  const { pool } = await createTestDatabase(t, { empty: true });
  const differing = await errorOf(pool.query('SELECT 1 / 0'));
  t.equal(toFault(differing, 'unknown'), differing);
  const bug = new TypeError('bug');
  t.notOk(isUnavailable(bug));
  t.equal(toFault(bug, 'unknown'), bug);
  t.ok(toFault('a string', 'none') instanceof Error);
});

t.test('a lock timeout says whether it was a row or a whole table that was locked', async (t) => {
  const { pool } = await createTestDatabase(t, { empty: true });
  await pool.query('CREATE TABLE things (id int PRIMARY KEY); INSERT INTO things VALUES (1)');
  const [holder, other] = [await pool.connect(), await pool.connect()];
  await other.query('SET lock_timeout = 10');
  await holder.query('BEGIN; UPDATE things SET id = 1; INSERT INTO things VALUES (2)');
  for (const statement of ['SELECT id FROM things WHERE id = 1 FOR UPDATE', 'INSERT INTO things VALUES (2)']) {
    const error = await errorOf(other.query(statement));
    t.ok(isRowLocked(error) && !isTableLocked(error), statement);
  }
  await holder.query('LOCK TABLE things');
  const error = await errorOf(other.query('SELECT id FROM things'));
  t.ok(isTableLocked(error) && !isRowLocked(error), 'a table');
  await holder.query('ROLLBACK');
  holder.release(true);
  other.release(true);
});
