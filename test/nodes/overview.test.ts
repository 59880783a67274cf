import { randomUUID } from 'node:crypto';
import t, { type Test } from 'tap';
import type { ActivityReport, Overview } from '../../src/client/answers.ts';
import { createTestDatabase, type TestDatabase } from '../fixtures/database.ts';
import { freePort } from '../fixtures/free-port.ts';
import { skipWithoutRedis, startTestRedis } from '../fixtures/redis.ts';
import { startServiceProcess } from '../fixtures/service-process.ts';
import { enter, openSale, startTestService, testEnvironment, type TestService } from '../fixtures/service.ts';
import { waitFor } from '../fixtures/wait-for.ts';

const DEADLINE_MS = 20_000;

const ENGLISH = { 'accept-language': 'en' };
const overviewOf = async ({ admin }: TestService) =>
  (await admin('GET', '/admin/overview', undefined, ENGLISH)).as<Overview>();
const activityOf = async ({ admin }: TestService) =>
  (await admin('GET', '/admin/activity', undefined, ENGLISH)).as<ActivityReport>();
const statesOf = ({ nodes }: Overview) =>
  Object.fromEntries(nodes.map(({ node, state }) => [node.split(':', 1).join(), state]));

/** Waits until the node sees these states. */
function seesStates(node: TestService, wanted: Readonly<Record<string, string>>): Promise<Overview> {
  const text = JSON.stringify(wanted);
  return waitFor(
    async () => {
      const overview = await overviewOf(node);
      return JSON.stringify(statesOf(overview)) === text && overview;
    },
    { what: `the states ${text}`, deadlineMs: DEADLINE_MS },
  );
}

/** Sells at both nodes until their holds are in the activity that each of them shows. */
async function sellEverywhere(t: Test, nodes: readonly TestService[]): Promise<void> {
  const [first] = nodes;
  if (first === undefined) throw new Error('there is a node');
  const { concertId, scheduleId } = await openSale(first);
  let seatNumber = 0;
  for (const node of nodes) {
    const { queueToken: token } = await enter(node, concertId);
    for (let nth = 0; nth < 2; nth += 1) {
      seatNumber += 1;
      const held = await node.call('POST', '/reservations', { token, body: { scheduleId, seatNumber } });
      t.equal(held.status, 201);
    }
  }
  for (const node of nodes) {
    const sumOf = async (count: 'holds' | 'admissions') =>
      (await activityOf(node)).samples.reduce((sum, sample) => sum + sample[count], 0);
    const isShown = async () =>
      (await sumOf('holds')) >= 2 * nodes.length && (await sumOf('admissions')) >= nodes.length;
    await waitFor(isShown, { what: 'the holds and admissions of all nodes', deadlineMs: DEADLINE_MS });
    t.equal(await sumOf('holds'), 2 * nodes.length, 'none is counted twice');
    t.equal(await sumOf('admissions'), nodes.length);
  }
}

t.test('every node shows the sums of all, and a killed one is named', { skip: skipWithoutRedis() }, async (t) => {
  const database = await createTestDatabase(t);
  const redis = await startTestRedis(t);
  const environment = { REDIS_URL: redis.url, CLUSTER_SECRET: 'a-cluster-secret-of-thirty-two-characters' };
  const here = await startTestService(t, database, { ...environment, NODE_ID: 'a' });
  const there = await startTestService(t, database, { ...environment, NODE_ID: 'b' });
  const nodes = [here, there];
  for (const node of nodes) await seesStates(node, { a: 'SERVING', b: 'SERVING' });
  await sellEverywhere(t, nodes);

  const port = await freePort();
  const third = await startServiceProcess(t, port, {
    ...testEnvironment(database, environment),
    NODE_ID: 'c',
  });
  for (const node of nodes) await seesStates(node, { a: 'SERVING', b: 'SERVING', c: 'SERVING' });
  await third.kill();
  for (const node of nodes) {
    const { verdict, nodes: listed } = await seesStates(node, { a: 'SERVING', b: 'SERVING', c: 'DEAD' });
    t.not(verdict.state, 'HEALTHY');
    const [reason] = verdict.reasons.filter(({ code }) => code === 'NODE_DEAD');
    t.match(reason, { node: 'c', detail: /^Node c: Dead since \d\d:\d\d:\d\d UTC/ });
    t.match(listed.at(-1), { alive: false, since: /^\d{4}-/ });
    const { reasons } = (await activityOf(node)).verdict;
    t.match(
      reasons.find(({ code }) => code === 'NODE_DEAD'),
      reason,
      'the charts have the same verdict',
    );
  }

  const again = await startServiceProcess(t, port, { ...testEnvironment(database, environment), NODE_ID: 'c' });
  await waitFor(async () => !(await overviewOf(here)).verdict.reasons.some(({ code }) => code === 'NODE_DEAD'), {
    what: 'the restarted node to be no longer dead',
    deadlineMs: DEADLINE_MS,
  });
  await again.stop();
  await waitFor(async () => (await overviewOf(here)).nodes.at(-1)?.state === 'STOPPED', {
    what: 'the goodbye',
    deadlineMs: DEADLINE_MS,
  });
  t.same(
    (await overviewOf(here)).verdict.reasons.filter(({ node }) => node === 'c'),
    [],
  );
});

t.test('without Redis the node that stands by shows the sales of the node that owns', async (t) => {
  const database = await createTestDatabase(t);
  const owner = await startTestService(t, database, { NODE_ID: 'a' });
  const standby = await startTestService(t, database, { NODE_ID: 'b' });
  const overview = await seesStates(standby, { a: 'SERVING', b: 'STANDING_BY' });
  t.same(
    overview.verdict.reasons.filter(({ code }) => code === 'NOT_READY'),
    [],
    'it stands by as it should',
  );
  await sellAt(t, owner, standby);
});

/** The activity that one node shows includes the sales of the other. */
async function sellAt(t: Test, owner: TestService, shown: TestService): Promise<void> {
  const { concertId, scheduleId } = await openSale(owner);
  const { queueToken: token } = await enter(owner, concertId);
  const held = await owner.call('POST', '/reservations', { token, body: { scheduleId, seatNumbers: [1, 2, 3] } });
  t.equal(held.status, 201);
  const { rates } = await waitFor(
    async () => {
      const overview = await overviewOf(shown);
      return overview.rates.holds > 0 && overview;
    },
    { what: 'the holds of the other node', deadlineMs: DEADLINE_MS },
  );
  t.ok(rates.answers > 0);
}

t.test('a node that hangs is said not to answer, and no answer waits for it', async (t) => {
  const database: TestDatabase = await createTestDatabase(t);
  const here = await startTestService(t, database, { NODE_ID: 'a' });
  await seesStates(here, { a: 'SERVING' });
  // It beats and publishes nothing: as a node whose event loop is stuck, before it is declared dead.
  const silent = `b:${randomUUID()}`;
  await database.pool.query("INSERT INTO nodes (node, address) VALUES ($1, '127.0.0.1:1')", [silent]);
  const published = 'INSERT INTO node_figures SELECT $1, figures FROM node_figures';
  await waitFor(async () => (await database.pool.query(published, [silent])).rowCount === 1, { what: 'figures' });
  let beat = 0;
  await waitFor(
    async () => {
      beat += 1;
      await database.pool.query('UPDATE nodes SET beat = $2 WHERE node = $1', [silent, beat]);
      return (await overviewOf(here)).nodes.some(({ state }) => state === 'NOT_ANSWERING');
    },
    { what: 'the silence to be seen', deadlineMs: DEADLINE_MS },
  );
  t.match(
    (await overviewOf(here)).verdict.reasons.find(({ code }) => code === 'NODE_SILENT'),
    { node: 'b' },
  );
});
