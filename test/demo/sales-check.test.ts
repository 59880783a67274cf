import t from 'tap';
import type { Acknowledgement } from '../../demo/rush/acknowledgement.ts';
import { findDoubleSales } from '../../demo/rush/sales-check.ts';

const OPENED_MS = Date.parse('2026-12-01T10:00:00.000Z');
const HOLD_MS = 5_000;

function hold(reservationId: string, seq: number, atMs = OPENED_MS): Acknowledgement {
  return {
    kind: 'hold',
    userId: `user of ${reservationId}`,
    scheduleId: 1,
    seats: [{ reservationId, seatNumber: 7, seq }],
    createdAt: new Date(atMs).toISOString(),
    expiresAt: new Date(atMs + HOLD_MS).toISOString(),
  };
}

function change(kind: 'payment' | 'refund', reservationId: string, seq: number): Acknowledgement {
  const seats = [{ reservationId, seatNumber: 7, seq }];
  return { kind, userId: `user of ${reservationId}`, paymentId: `p ${reservationId}`, scheduleId: 1, amount: 1, seats };
}

function release(reservationId: string, seq: number): Acknowledgement {
  return { kind: 'release', userId: '', scheduleId: 1, seats: [{ reservationId, seatNumber: 7, seq }] };
}

t.test(
  'a seat that is sold, refunded and sold again is no double sale, in whatever order the answers came',
  async (t) => {
    const history = [
      hold('a', 1),
      change('payment', 'a', 2),
      change('refund', 'a', 3),
      hold('b', 4),
      change('payment', 'b', 5),
    ];
    t.same(findDoubleSales(history), []);
    t.same(findDoubleSales(history.toReversed()), []);
  },
);

t.test('a second sale of a seat without a refund between is found', async (t) => {
  const faults = findDoubleSales([hold('a', 1), change('payment', 'a', 2), change('payment', 'b', 9)]);
  t.match(faults, [/seat 1\/7: sold again at 9/]);
});

t.test('a hold of a sold seat is found', async (t) => {
  t.match(findDoubleSales([hold('a', 1), change('payment', 'a', 2), hold('b', 3)]), [/held at 3 while it was sold/]);
});

t.test('a hold during another hold is found', async (t) => {
  const faults = findDoubleSales([hold('a', 1), hold('b', 2, OPENED_MS + HOLD_MS - 1)]);
  t.match(faults, [/held at 1 until later than the hold at 2/]);
});

t.test('a hold after another hold that was released, left behind or is over is in order', async (t) => {
  t.same(findDoubleSales([hold('a', 1), release('a', 2), hold('b', 3)]), []);
  t.same(findDoubleSales([hold('a', 1), { kind: 'leave', userId: '', reservationIds: ['a'] }, hold('b', 3)]), []);
  t.same(findDoubleSales([hold('a', 1), hold('b', 3, OPENED_MS + HOLD_MS)]), []);
});

t.test('two changes under one number are found', async (t) => {
  t.match(findDoubleSales([hold('a', 1), release('a', 2), hold('b', 2)]), [/change 2 is both/]);
});
