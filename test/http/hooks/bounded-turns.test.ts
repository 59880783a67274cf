import fastify from 'fastify';
import t from 'tap';
import { boundTurns } from '../../../src/http/hooks/bounded-turns.ts';
import { createManualClock } from '../../fixtures/manual-clock.ts';

const REQUESTS = 50;
const REQUEST_MS = 0.25;
/** One of those who had to wait; what it does brings somebody new. */
const HERALD = 24;

t.test('requests that would make a turn long begin in the next ones, in their order', async (t) => {
  const clock = createManualClock();
  const app = fastify();
  t.teardown(() => app.close());
  app.decorateRequest('arrivedMs', 0);
  app.addHook('onRequest', (request, _reply, done) => {
    request.arrivedMs = clock.monotonicMs();
    done();
  });
  boundTurns(app, clock);
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
