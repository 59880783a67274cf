import t from 'tap';
import { toPay } from '../../../web/state/own-holds.ts';
import { after, at, hold, NOW_MS, pageAt, payment } from '../fixtures.ts';

const one = hold(4);
const other = hold(2, { expiresAt: at(60_000), price: 500 });
const elsewhere = hold(9, { concertId: 5, scheduleId: 8, expiresAt: at(30_000) });

t.test('unpaid holds are shown by schedule, the most urgent first, until they expire', async (t) => {
  const page = pageAt('#/', { type: 'own-holds-read', holds: [one, other, elsewhere] });
  t.match(toPay(page), [
    { concertId: 5, scheduleId: 8, seats: [{ seatNumber: 9 }], amount: 1_000, endMs: NOW_MS + 30_000 },
    {
      concertId: 3,
      scheduleId: 7,
      seats: [{ seatNumber: 2 }, { seatNumber: 4 }],
      amount: 1_500,
      endMs: NOW_MS + 60_000,
    },
  ]);
  t.match(toPay(after(page, { type: 'ticked', nowMs: NOW_MS + 30_000 })), [{ scheduleId: 7 }]);
  t.match(toPay(after(page, { type: 'ticked', nowMs: NOW_MS + 60_000 })), [{ seats: [{ seatNumber: 4 }] }]);
  t.same(toPay(after(page, { type: 'ticked', nowMs: NOW_MS + 300_000 })), []);
});

t.test('holding, releasing, paying and signing out change them, on whatever page the fan is', async (t) => {
  const page = pageAt('#/wallet', { type: 'held', reservations: [one, other] });
  t.match(toPay(page), [{ seats: [{ seatNumber: 2 }, { seatNumber: 4 }] }]);
  t.match(
    toPay(after(page, { type: 'held', reservations: [one] })),
    [{ seats: [{ seatNumber: 2 }, { seatNumber: 4 }] }],
    'once each',
  );
  t.match(toPay(after(page, { type: 'unheld', reservationIds: [other.reservationId] })), [
    { seats: [{ seatNumber: 4 }] },
  ]);
  t.same(toPay(after(page, { type: 'paid', payment: payment([one, other]) })), []);
  t.same(toPay(after(page, { type: 'signed-out' })), []);
});

t.test('what is read of one concert leaves the holds of another', async (t) => {
  const page = pageAt('#/', { type: 'own-holds-read', holds: [one, elsewhere] });
  t.match(toPay(after(page, { type: 'holds-read', concertId: 3, holds: [] })), [{ concertId: 5 }]);
});
