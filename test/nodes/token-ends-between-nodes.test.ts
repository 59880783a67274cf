import t, { type Test } from 'tap';
import { createTestDatabase, type TestDatabase } from '../fixtures/database.ts';
import { skipWithoutRedis, startTestRedis } from '../fixtures/redis.ts';
import { addSchedule, enter, openSale, startTestService, type TestService } from '../fixtures/service.ts';

const skip = skipWithoutRedis();
const ROUNDS = 15;
/** So many that both nodes own some of them. */
const DATES = 4;

interface Sale {
  readonly here: TestService;
  readonly there: TestService;
  readonly database: TestDatabase;
  readonly concertId: number;
  readonly dates: readonly number[];
}

/** A sale of several dates on two nodes. */
async function openSharedSale(test: Test): Promise<Sale> {
  const database = await createTestDatabase(test);
  const redis = await startTestRedis(test);
  const environment = { REDIS_URL: redis.url, CLUSTER_SECRET: 'a-cluster-secret-of-thirty-two-characters' };
  const here = await startTestService(test, database, { ...environment, NODE_ID: 'a' });
  const there = await startTestService(test, database, { ...environment, NODE_ID: 'b' });
  const { concertId, scheduleId } = await openSale(here);
  const dates = [scheduleId];
  while (dates.length < DATES) dates.push(await addSchedule(here, concertId, { inDays: 10 + dates.length }));
  return { here, there, database, concertId, dates };
}

function hold(node: TestService, token: string, scheduleId: number, seatNumber: number) {
  return node.call('POST', '/reservations', { token, body: { scheduleId, seatNumber } });
}

t.test(
  'no node grants a hold under a token once the payment that completed it is acknowledged',
  { skip },
  async (t) => {
    const { here, there, concertId, dates } = await openSharedSale(t);
    for (let round = 1; round <= ROUNDS; round += 1) {
      const fan = await enter(here, concertId);
      const token = fan.queueToken;
      await here.call('POST', '/me/balance/charge', { token: fan.accessToken, body: { amount: 10_000 } });
      const paidDate = dates[round % DATES] ?? 0;
      const held = await hold(there, token, paidDate, round);
      const { reservationId } = held.as<{ reservationId: string }>();
      const paid = await here.call('POST', '/payments', { token: fan.accessToken, body: { reservationId } });
      t.equal(paid.status, 201);
      const answers = await Promise.all(
        dates.flatMap((date) => [hold(there, token, date, 20 + round), hold(here, token, date, 35 + (round % 15))]),
      );
      t.same(
        answers.map(({ body }) => body['code']),
        answers.map(() => 'QUEUE_TOKEN_COMPLETED'),
        `round ${round}`,
      );
    }
  },
);

t.test('no hold outlives a token whose holder leaves while both nodes take holds', { skip }, async (t) => {
  const { here, there, database, concertId, dates } = await openSharedSale(t);
  for (let round = 1; round <= ROUNDS; round += 1) {
    const { queueToken: token, userId } = await enter(here, concertId);
    // Both nodes have met the token before.
    await Promise.all([here, there].map((node) => node.call('GET', '/queue/status', { token })));
    const holds = dates.map((date, nth) => hold(nth % 2 === 0 ? here : there, token, date, round));
    const left = here.call('DELETE', `/queue/tokens/${token}`);
    holds.push(...dates.map((date, nth) => hold(nth % 2 === 0 ? there : here, token, date, 20 + round)));
    t.equal((await left).status, 204);
    await Promise.all(holds);
    const { rows } = await database.pool.query(
      `SELECT schedule_id, seat_number FROM reservations WHERE user_id = $1 AND status = 'HELD'`,
      [userId],
    );
    t.same(rows, [], `round ${round}`);
  }
});
