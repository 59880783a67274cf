import t from 'tap';
import { createTestDatabase } from '../fixtures/database.ts';
import { enter, type Hall, openSale, startTestService, type TestService } from '../fixtures/service.ts';
import { waitFor } from '../fixtures/wait-for.ts';

interface Ranked {
  readonly rank: number;
  readonly scheduleId: number;
  readonly openedAt: string;
  readonly soldOutAt: string;
  readonly seconds: number;
  readonly seats: number;
  readonly still: boolean;
}

/** Holds of the seats by a new fan with this balance. */
async function hold(api: TestService, { concertId, scheduleId }: Hall, seatNumbers: number[], amount = 1_000_000) {
  const fan = await enter(api, concertId);
  await api.call('POST', '/me/balance/charge', { token: fan.accessToken, body: { amount } });
  const held = await api.call('POST', '/reservations', { token: fan.queueToken, body: { scheduleId, seatNumbers } });
  const { reservations } = held.as<{ reservations: { reservationId: string }[] }>();
  const reservationIds = reservations.map(({ reservationId }) => reservationId);
  return {
    pay: () => api.call('POST', '/payments', { token: fan.accessToken, body: { reservationIds } }),
    refund: (paymentId: string) => api.call('POST', `/payments/${paymentId}/refund`, { token: fan.accessToken }),
  };
}

async function buy(api: TestService, hall: Hall, seatNumbers: number[]) {
  const held = await hold(api, hall, seatNumbers);
  const { paymentId, paidAt } = (await held.pay()).as<{ paymentId: string; paidAt: string }>();
  return { paidAt, refund: () => held.refund(paymentId) };
}

/** The ranking once it shows what the test waits for: it may be three seconds old. */
function ranking(api: TestService, isShown: (rankings: readonly Ranked[]) => boolean, window = '7d') {
  return waitFor(
    async () => {
      const answer = await api.call('GET', `/concerts/rankings/sold-out?window=${window}`);
      const { rankings } = answer.as<{ rankings: Ranked[] }>();
      return isShown(rankings) ? rankings : null;
    },
    { what: 'the ranking' },
  );
}

t.test('the payment of the last seat records the sell-out; a refund makes it past, a new sale present', async (t) => {
  const database = await createTestDatabase(t);
  const api = await startTestService(t, database);
  const hall = await openSale(api, { seatCount: 3 });
  t.match(await api.call('GET', '/concerts/rankings/sold-out'), {
    status: 200,
    body: { window: '7d', rankings: [] },
  });
  const first = await buy(api, hall, [1]);
  t.equal((await database.pool.query('SELECT 1 FROM sold_out_schedules')).rows.length, 0, 'two seats are free');
  const last = await buy(api, hall, [2, 3]);
  const [ranked] = await ranking(api, (rankings) => rankings.length === 1);
  const concert = (await api.call('GET', `/concerts/${hall.concertId}`)).as<{ bookingOpensAt: string }>();
  t.match(ranked, {
    rank: 1,
    ...hall,
    title: '밤의 노래',
    artist: '새벽',
    venue: '서울 회관',
    openedAt: concert.bookingOpensAt,
    soldOutAt: last.paidAt,
    seconds: (Date.parse(last.paidAt) - Date.parse(concert.bookingOpensAt)) / 1_000,
    seats: 3,
    still: true,
  });
  await first.refund();
  const [refunded] = await ranking(api, ([only]) => only?.still === false);
  t.match(refunded, { ...ranked, still: false });
  await buy(api, hall, [1]);
  t.match((await ranking(api, ([only]) => only?.still === true))[0], { ...ranked }, 'the first sell-out counts');
});

t.test('only what is paid sells out: neither holds nor a payment that is not covered', async (t) => {
  const database = await createTestDatabase(t);
  const api = await startTestService(t, database);
  const hall = await openSale(api, { seatCount: 2 });
  const recorded = async () => (await database.pool.query('SELECT 1 FROM sold_out_schedules')).rows.length;
  await buy(api, hall, [1]);
  const poor = await hold(api, hall, [2], 1);
  t.equal(await recorded(), 0, 'no seat is free, and one is on hold');
  t.match(await poor.pay(), { status: 400, body: { code: 'INSUFFICIENT_BALANCE' } });
  t.equal(await recorded(), 0);
});

t.test('last seats that are paid at once by several fans are one sell-out', async (t) => {
  const database = await createTestDatabase(t);
  const api = await startTestService(t, database);
  const hall = await openSale(api, { seatCount: 8 });
  const holds = await Promise.all([1, 2, 3, 4, 5, 6, 7, 8].map((seat) => hold(api, hall, [seat])));
  const paid = await Promise.all(holds.map(({ pay }) => pay()));
  const { rows } = await database.pool.query<{ sold_out_at: Date; seats: number }>('SELECT * FROM sold_out_schedules');
  const last = Math.max(...paid.map((answer) => Date.parse(String(answer.body['paidAt']))));
  t.match(rows, [{ seats: 8, sold_out_at: new Date(last) }]);
});

t.test('the fastest come first, from the later of both openings, and the window leaves older ones out', async (t) => {
  const database = await createTestDatabase(t);
  const api = await startTestService(t, database);
  const halls = [await openSale(api, { seatCount: 1 }), await openSale(api, { seatCount: 1 })] as const;
  const opens = new Date(Date.now() - 60_000).toISOString();
  await api.admin('PATCH', `/admin/schedules/${halls[1].scheduleId}`, { reservationOpensAt: opens });
  for (const hall of halls) await buy(api, hall, [1]);
  const rankings = await ranking(api, ({ length }) => length === 2);
  t.same(
    rankings.map(({ rank, scheduleId }) => [rank, scheduleId]),
    [
      [1, halls[1].scheduleId],
      [2, halls[0].scheduleId],
    ],
  );
  t.equal(rankings[0]?.openedAt, opens, 'the date opened after the concert');
  t.match(rankings[0]?.seconds, Number);
  const moveBack = (days: number) =>
    database.pool.query(
      `UPDATE sold_out_schedules SET sold_out_at = sold_out_at + $1 * interval '1 day', opened_at = opened_at + $1 * interval '1 day'
       WHERE schedule_id = $2`,
      [days, halls[0].scheduleId],
    );
  await moveBack(-2);
  t.equal((await ranking(api, ({ length }) => length === 1, '1d')).length, 1);
  t.equal((await ranking(api, ({ length }) => length === 2, '30d')).length, 2);
  await moveBack(2);
  t.match(await api.call('GET', '/concerts/rankings/sold-out?window=2d'), { status: 400 });
});
