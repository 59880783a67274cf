import t, { type Test } from 'tap';
import { createTestDatabase } from '../fixtures/database.ts';
import { freePort } from '../fixtures/free-port.ts';
import { skipWithoutRedis, startTestRedis } from '../fixtures/redis.ts';
import {
  addSchedule,
  enter,
  openSale,
  startTestService,
  testEnvironment,
  type TestService,
} from '../fixtures/service.ts';
import { startServiceProcess } from '../fixtures/service-process.ts';
import { waitFor } from '../fixtures/wait-for.ts';

const skip = skipWithoutRedis();
const OLD = 'the-secret-until-now-of-enough-characters';
const NEW = 'the-secret-from-now-on-of-enough-characters';
/** So many that each of two nodes owns some of them. */
const DATES = 8;

async function openDatabase(test: Test) {
  const database = await createTestDatabase(test);
  const redis = await startTestRedis(test);
  return { database, environment: { REDIS_URL: redis.url, CLUSTER_SECRET: OLD } };
}

t.test('a node with another CLUSTER_SECRET joins nothing and ends, and says what to do', { skip }, async (t) => {
  const { database, environment } = await openDatabase(t);
  await startTestService(t, database, { ...environment, NODE_ID: 'a' });
  const other = testEnvironment(database, { ...environment, NODE_ID: 'b', CLUSTER_SECRET: NEW });
  const failed = await startServiceProcess(t, await freePort(), other).then(
    () => 'it serves',
    (error: unknown) => String(error),
  );
  t.match(failed, /the service ended with [1-9]/);
  t.match(failed, /give this node theirs, or set CLUSTER_SECRET_PREVIOUS to theirs/);
  t.notOk(failed.includes(NEW), 'the secret is not shown');
  const { rows } = await database.pool.query('SELECT node FROM nodes');
  t.equal(rows.length, 1, 'it never was a member');
});

t.test('the secret is changed node by node while both sell every date', { skip }, async (t) => {
  const { database, environment } = await openDatabase(t);
  const start = (id: string, secret: string, previous = '') =>
    startTestService(t, database, {
      ...environment,
      NODE_ID: id,
      CLUSTER_SECRET: secret,
      CLUSTER_SECRET_PREVIOUS: previous,
    });
  let a = await start('a', OLD);
  let b = await start('b', OLD);
  const { concertId, scheduleId } = await openSale(a);
  const dates = [scheduleId];
  while (dates.length < DATES) dates.push(await addSchedule(a, concertId, { inDays: 10 + dates.length }));
  let seatNumber = 0;

  async function sellEverywhere(stage: string, ...nodes: TestService[]): Promise<void> {
    // Both own some of the dates, so half of the commands go over a link, in either direction.
    await waitFor(
      async () => {
        const { rows } = await database.pool.query('SELECT DISTINCT node FROM nodes WHERE dead_at IS NULL');
        return rows.length === nodes.length;
      },
      { what: 'both nodes to live' },
    );
    for (const node of nodes) {
      const fan = await enter(node, concertId);
      seatNumber += 1;
      for (const date of dates) {
        await waitFor(
          async () => {
            const body = { scheduleId: date, seatNumber };
            const { status } = await node.call('POST', '/reservations', { token: fan.queueToken, body });
            if (status === 403 || status === 409) throw new Error(`a hold was answered with ${status}`);
            return status === 201 || status === 200;
          },
          { what: `a hold on date ${date} ${stage}` },
        );
        const seats = await node.call('GET', `/schedules/${date}/seats`, { token: fan.queueToken });
        t.equal(seats.status, 200, stage);
      }
    }
  }

  await sellEverywhere('before', a, b);
  await a.close();
  a = await start('a', NEW, OLD);
  await sellEverywhere('with one node changed', a, b);
  await b.close();
  b = await start('b', NEW, OLD);
  await sellEverywhere('with both changed', a, b);
  await a.close();
  a = await start('a', NEW);
  await sellEverywhere('with one node that has forgotten the previous secret', a, b);
});
