import fastify, { type FastifyInstance } from 'fastify';
import t, { type Test } from 'tap';
import { createResponder } from '../../../src/http/answers/responder.ts';
import { createMetrics } from '../../../src/http/pages/metrics.ts';
import { boundTurns } from '../../../src/http/hooks/bounded-turns.ts';
import { createManualClock, type ManualClock } from '../../fixtures/manual-clock.ts';
import { silentLog } from '../../fixtures/silent-log.ts';

const REQUESTS = 50;
const REQUEST_MS = 0.25;
/** One of those who had to wait; what it does brings somebody new. */
const HERALD = 24;
const TURN_MS = 5;

const MOST_WAIT_MS = 1_000;
const CROWD = '192.0.2.1';
const NEIGHBOUR = '192.0.2.2';

function createBoundedApp(t: Test, mostWaiting?: number): { app: FastifyInstance; clock: ManualClock } {
  const clock = createManualClock();
  const app = fastify();
  t.teardown(() => app.close());
  app.decorateRequest('arrivedMs', 0);
  app.addHook('onRequest', (request, _reply, done) => {
    request.arrivedMs = clock.monotonicMs();
    done();
  });
  const responder = createResponder({ metrics: createMetrics(), log: silentLog, clock });
  boundTurns(app, { clock, responder, ...(mostWaiting === undefined ? {} : { mostWaiting }) });
  return { app, clock };
}

/** An app whose first request makes its turn as long as a turn may be, so that those after it wait. `begun` has the paths. */
async function createCrowdedApp(t: Test, { mostWaiting, requestMs }: { mostWaiting?: number; requestMs: number }) {
  const { app, clock } = createBoundedApp(t, mostWaiting);
  const begun: string[] = [];
  app.get('/*', async (request) => {
    clock.advance(begun.length === 0 ? TURN_MS : requestMs);
    begun.push(request.url);
    return {};
  });
  await app.ready();
  const ask = (url: string, remoteAddress: string) => app.inject({ url, remoteAddress });
  const askTimes = (count: number, name: string, remoteAddress: string) =>
    Array.from({ length: count }, (_, nth) => ask(`/${name}${nth}`, remoteAddress));
  return { begun, ask, askTimes };
}

t.test('requests that would make a turn long begin in the next ones, in their order', async (t) => {
  const { app, clock } = createBoundedApp(t);
  const newcomers: Promise<unknown>[] = [];
  let turn = 0;
  const begun: { nth: number; turn: number }[] = [];
  app.get('/:nth', async (request) => {
    begun.push({ nth: Number((request.params as { nth: string }).nth), turn });
    clock.advance(REQUEST_MS);
    if (begun.length === HERALD + 1) newcomers.push(app.inject(`/${REQUESTS}`));
    return {};
  });
  await app.ready();
  let isOver = false;
  const countTurns = (): void => {
    turn += 1;
    if (!isOver) setImmediate(countTurns);
  };
  setImmediate(countTurns);
  const statuses = await Promise.all(
    Array.from({ length: REQUESTS }, async (_, nth) => (await app.inject(`/${nth}`)).statusCode),
  );
  await Promise.all(newcomers);
  isOver = true;
  t.same(
    statuses,
    Array.from({ length: REQUESTS }, () => 200),
    'everybody is answered',
  );
  t.same(
    begun.map(({ nth }) => nth),
    Array.from({ length: REQUESTS + 1 }, (_, nth) => nth),
    'in the order in which they came, who came while others waited after them',
  );
  const perTurn = [...Map.groupBy(begun, (each) => each.turn).values()].map((each) => each.length);
  t.ok(Math.max(...perTurn) <= 20, `of ${REQUEST_MS} ms each, so many began in each turn: ${perTurn.join()}`);
  t.ok(Math.max(...perTurn.slice(1)) <= 4, 'in 5 ms of the first, and 1 ms of those in which somebody waits');

  begun.length = 0;
  t.equal((await app.inject('/0')).statusCode, 200, 'and nobody waits once it is over');
});

t.test('addresses take turns, so a crowd of one keeps no other waiting', async (t) => {
  const { begun, ask, askTimes } = await createCrowdedApp(t, { requestMs: REQUEST_MS });
  const crowd = askTimes(REQUESTS, 'crowd', CROWD);
  const neighbour = ask('/neighbour', NEIGHBOUR);
  const answers = await Promise.all([...crowd, neighbour]);
  t.ok(answers.every(({ statusCode }) => statusCode === 200));
  const place = begun.indexOf('/neighbour');
  t.ok(place >= 1 && place <= 3, `the neighbour came last and was number ${place} to begin`);
  t.same(
    begun.filter((path) => path !== '/neighbour'),
    Array.from({ length: REQUESTS }, (_, nth) => `/crowd${nth}`),
    'the order within an address is that of arrival',
  );
});

t.test('a request that has waited for more than a second is refused, and nothing of it is done', async (t) => {
  const { begun, ask, askTimes } = await createCrowdedApp(t, { requestMs: MOST_WAIT_MS + 1 });
  const answers = await Promise.all([...askTimes(REQUESTS, 'crowd', CROWD), ask('/neighbour', NEIGHBOUR)]);
  t.same(begun, ['/crowd0', '/crowd1'], 'the second one took more than a second');
  const refused = answers.filter(({ statusCode }) => statusCode === 503);
  t.equal(refused.length, REQUESTS - 1);
  for (const answer of refused) {
    t.match(answer.json(), { code: 'OVERLOADED', outcome: 'none' });
    t.equal(answer.headers['retry-after'], '1');
  }
  t.equal((await ask('/later', CROWD)).statusCode, 200, 'and none waits once they are refused');
});

t.test('the line is bounded, and leaves room for the next address', async (t) => {
  const { begun, ask, askTimes } = await createCrowdedApp(t, { mostWaiting: 8, requestMs: REQUEST_MS });
  const [answers, neighbour] = await Promise.all([
    Promise.all(askTimes(10, 'crowd', CROWD)),
    ask('/neighbour', NEIGHBOUR),
  ]);
  t.equal(neighbour.statusCode, 200);
  const statuses = answers.map(({ statusCode }) => statusCode);
  t.same(
    statuses,
    [200, 200, 200, 200, 200, 503, 503, 503, 503, 503],
    'one began at once, and four of the eight places',
  );
  t.match(answers.at(-1)?.json(), { code: 'OVERLOADED', outcome: 'none' });
  t.equal(answers.at(-1)?.headers.connection, 'close', 'what is refused at once cannot ask again in the same turn');
  t.equal(begun.length, 6);
});

t.test('probes pass the line, also those from the address of a crowd', async (t) => {
  const { begun, ask, askTimes } = await createCrowdedApp(t, { requestMs: REQUEST_MS });
  const crowd = askTimes(REQUESTS, 'crowd', CROWD);
  const probes = [ask('/healthz', CROWD), ask('/readyz', CROWD)];
  const answers = await Promise.all([...crowd, ...probes]);
  t.ok(answers.every(({ statusCode }) => statusCode === 200));
  for (const path of ['/healthz', '/readyz']) {
    const place = begun.indexOf(path);
    t.ok(place >= 1 && place <= 4, `${path} came last and was number ${place} to begin`);
  }
});

t.test('a crowd of probes keeps no other request waiting', async (t) => {
  const { begun, ask } = await createCrowdedApp(t, { requestMs: REQUEST_MS });
  const probes = Array.from({ length: REQUESTS }, () => ask('/healthz', CROWD));
  const answers = await Promise.all([...probes, ask('/neighbour', NEIGHBOUR)]);
  t.ok(answers.every(({ statusCode }) => statusCode === 200));
  const place = begun.indexOf('/neighbour');
  t.ok(place >= 1 && place <= 3, `number ${place} to begin`);
});
