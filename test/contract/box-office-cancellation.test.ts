import t from 'tap';
import { runAudit } from '../../src/persistence/audit/audit.ts';
import { createTestDatabase } from '../fixtures/database.ts';
import { addSchedule, enter, openSale, register, startTestService } from '../fixtures/service.ts';
import { waitFor } from '../fixtures/wait-for.ts';
import { shopperOf } from './live/shopping.ts';

const database = await createTestDatabase(t);
const api = await startTestService(t, database);

interface MapShown {
  readonly seats: readonly { readonly seatNumber: number; readonly status: string }[];
}

async function cancel(scheduleId: number) {
  const ordered = await api.admin('POST', `/admin/schedules/${scheduleId}/cancel`, { reason: '취소' });
  return await waitFor(
    async () => {
      const { body } = await api.admin('GET', `/admin/cancellations/${String(ordered.body['cancellationId'])}`);
      return body['state'] === 'DONE' ? body : null;
    },
    { what: 'the refunds' },
  );
}

t.test(
  'a cancelled date takes given tickets back, returns the price of a moved seat, and keeps its blocks',
  async (t) => {
    const { concertId } = await openSale(api);
    const prices = [
      { from: 1, to: 3, price: 1_000 },
      { from: 4, to: 6, price: 5_000 },
    ];
    const scheduleId = await addSchedule(api, concertId, { seatCount: 6, prices });
    const [reader, buyer, guest] = [
      await enter(api, concertId),
      await shopperOf(api, { concertId }),
      await register(api),
    ];
    const path = `/admin/schedules/${scheduleId}/seats`;
    await api.admin('POST', `${path}/block`, { seatNumbers: [1], reason: '카메라' });
    const comped = await api.admin('POST', `${path}/2/comp`, { userId: guest.userId, reason: '초대' });
    const held = await buyer.hold(scheduleId, 3);
    const paid = await buyer.pay(held);
    const move = `/admin/reservations/${String(held.body['reservationId'])}/move`;
    t.match(await api.admin('POST', move, { seatNumber: 6, reason: '시야' }), { status: 200 });

    t.match(await cancel(scheduleId), { payments: 2, refunded: 2, parked: [] });
    const payment = async (token: string, { body }: typeof paid) =>
      (await api.call('GET', `/payments/${String(body['paymentId'])}`, { token })).body;
    t.match(await payment(guest.accessToken, comped), {
      status: 'REFUNDED',
      amount: 0,
      refundedAt: /Z$/,
      reservations: [{ seatNumber: 2, price: 0, status: 'REFUNDED' }],
    });
    t.match(await payment(buyer.accessToken, paid), {
      status: 'REFUNDED',
      amount: 1_000,
      reservations: [{ seatNumber: 6, price: 1_000, status: 'REFUNDED' }],
    });
    const balanceOf = async (token: string) => (await api.call('GET', '/me/balance', { token })).body['balance'];
    t.equal(await balanceOf(guest.accessToken), 0);
    t.equal(await balanceOf(buyer.accessToken), 1_000_000);

    const { seats } = (
      await api.call('GET', `/schedules/${scheduleId}/seats`, { token: reader.queueToken })
    ).as<MapShown>();
    t.strictSame(
      seats.map(({ status }) => status),
      ['BLOCKED', 'AVAILABLE', 'AVAILABLE', 'AVAILABLE', 'AVAILABLE', 'AVAILABLE'],
    );
    t.strictSame((await runAudit(database.pool)).violations, []);
  },
);

t.test('the box office does nothing more on a cancelled date', async (t) => {
  const { concertId, scheduleId } = await openSale(api, { seatCount: 4 });
  const [buyer, guest] = [await shopperOf(api, { concertId }), await register(api)];
  const path = `/admin/schedules/${scheduleId}/seats`;
  await api.admin('POST', `${path}/block`, { seatNumbers: [1], reason: '카메라' });
  const held = await buyer.hold(scheduleId, 2);
  await cancel(scheduleId);
  for (const [action, body] of [
    [`${path}/block`, { seatNumbers: [3], reason: '카메라' }],
    [`${path}/unblock`, { seatNumbers: [1], reason: '되돌림' }],
    [`${path}/4/comp`, { userId: guest.userId, reason: '초대' }],
  ] as const) {
    t.match(await api.admin('POST', action, body), { status: 409, body: { code: 'SCHEDULE_CANCELLED' } }, action);
  }
  const move = `/admin/reservations/${String(held.body['reservationId'])}/move`;
  t.match(await api.admin('POST', move, { seatNumber: 4, reason: '시야' }), { status: 409 });
  const { rows } = await database.pool.query<{ seats: number[] }>(
    'SELECT array_agg(seat_number) AS seats FROM blocked_seats WHERE schedule_id = $1',
    [scheduleId],
  );
  t.strictSame(rows, [{ seats: [1] }]);
  t.strictSame((await runAudit(database.pool)).violations, []);
});
