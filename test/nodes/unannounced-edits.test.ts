import { randomUUID } from 'node:crypto';
import t from 'tap';
import { ROOT } from '../../src/domain/admin.ts';
import { createCatalogueEdits } from '../../src/persistence/records/catalogue-edits.ts';
import { createTestDatabase } from '../fixtures/database.ts';
import { skipWithoutRedis, startTestRedis } from '../fixtures/redis.ts';
import { addSchedule, enter, openSale, startTestService, type TestService } from '../fixtures/service.ts';

const skip = skipWithoutRedis();
const HOUR_MS = 3_600_000;
/** So many that each of two nodes owns some of them. */
const DATES = 6;

t.test(
  'no time that was changed without any news to nodes or owners sells, refuses or refunds',
  { skip },
  async (t) => {
    const database = await createTestDatabase(t);
    const redis = await startTestRedis(t);
    const environment = {
      REDIS_URL: redis.url,
      CLUSTER_SECRET: 'a-cluster-secret-of-thirty-two-characters',
      MAX_SEATS_PER_USER: '50',
    };
    const nodes: TestService[] = [];
    for (const name of ['a', 'b']) nodes.push(await startTestService(t, database, { ...environment, NODE_ID: name }));
    const [first] = nodes;
    if (first === undefined) throw new Error('two nodes were started');
    const { concertId, scheduleId } = await openSale(first);
    const dates = [scheduleId];
    while (dates.length < DATES) dates.push(await addSchedule(first, concertId, { inDays: 10 + dates.length }));

    // It changes what PostgreSQL has, as another node does whose news are lost, and whose commands reach no owner.
    const edits = createCatalogueEdits({
      pool: database.pool,
      memory: { forgetConcert: () => undefined },
      onConcertChanged: () => undefined,
    });
    const stamp = { caller: ROOT, requestId: randomUUID() };
    const { queueToken: token, accessToken } = await enter(first, concertId);
    await first.call('POST', '/me/balance/charge', { token, body: { amount: 1_000_000 } });
    let seatNumber = 0;

    /** Each node is asked for a free seat of each date. */
    async function holdEverywhere(): Promise<string[]> {
      seatNumber += nodes.length;
      const answers = dates.flatMap((date) =>
        nodes.map(async (node, nth) => {
          const body = { scheduleId: date, seatNumber: seatNumber - nth };
          const answer = await node.call('POST', '/reservations', { token, body });
          return answer.status === 201 ? 'held' : String(answer.body['code']);
        }),
      );
      return [...new Set(await Promise.all(answers))];
    }

    t.same(await holdEverywhere(), ['held'], 'both nodes have met the concert and its dates');
    const payments = await Promise.all(
      dates.map(async (date) => {
        const paid = await first.call('POST', '/payments', { token, body: { scheduleId: date, seatNumber: 1 } });
        return String(paid.body['paymentId']);
      }),
    );

    for (let round = 1; round <= 2; round += 1) {
      const nowMs = Date.now();
      await edits.changeConcert(concertId, { bookingOpensAtMs: nowMs + HOUR_MS }, null, stamp);
      t.same(await holdEverywhere(), ['BOOKING_NOT_OPEN'], `round ${round}: booking opens later`);
      await edits.changeConcert(concertId, { bookingOpensAtMs: nowMs - HOUR_MS }, null, stamp);
      t.same(await holdEverywhere(), ['held'], `round ${round}: booking has opened`);

      for (const date of dates) await edits.changeSchedule(date, { closed: true }, stamp);
      t.same(await holdEverywhere(), ['BOOKING_CLOSED'], `round ${round}: closed`);
      for (const date of dates) await edits.changeSchedule(date, { closed: false }, stamp);
      t.same(await holdEverywhere(), ['held'], `round ${round}: open again`);

      for (const date of dates) await edits.changeSchedule(date, { reservationOpensAtMs: nowMs + HOUR_MS / 2 }, stamp);
      t.same(await holdEverywhere(), ['RESERVATION_NOT_OPEN'], `round ${round}: the dates open later`);
      for (const date of dates) await edits.changeSchedule(date, { reservationOpensAtMs: null }, stamp);
      t.same(await holdEverywhere(), ['held'], `round ${round}: the dates have opened`);

      for (const date of dates) await edits.changeSchedule(date, { startsAtMs: nowMs - 1_000 }, stamp);
      t.same(await holdEverywhere(), ['BOOKING_CLOSED'], `round ${round}: begun`);
      const paymentId = payments[round - 1];
      for (const node of nodes) {
        const refund = await node.call('POST', `/payments/${paymentId}/refund`, { token: accessToken });
        t.match(refund, { status: 409, body: { code: 'REFUND_CLOSED' } }, `round ${round}: no refund`);
      }
      for (const date of dates) await edits.changeSchedule(date, { startsAtMs: nowMs + HOUR_MS }, stamp);
      const refund = await nodes[round % 2]?.call('POST', `/payments/${paymentId}/refund`, { token: accessToken });
      t.match(refund, { status: 200 }, `round ${round}: a refund`);
      t.same(await holdEverywhere(), ['held'], `round ${round}: later`);
    }
  },
);
