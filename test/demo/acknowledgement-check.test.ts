import t from 'tap';
import { findMissing } from '../../demo/rush/acknowledgement-check.ts';
import type { Acknowledgement } from '../../demo/rush/acknowledgement.ts';
import { createTestDatabase } from '../fixtures/database.ts';
import { createHistory, insertEntry, insertSale, insertUser } from '../persistence/small-history.ts';

const AT_MS = Date.parse('2026-12-01T10:00:00.000Z');
const NOBODY = '00000000-0000-4000-8000-000000000000';

t.test('what was acknowledged and is stored is not missing, and each part of it that is not stored is', async (t) => {
  const { url, pool } = await createTestDatabase(t);
  const userId = await insertUser(pool);
  const sale = await insertSale(pool);
  const { scheduleId } = sale;
  const history = createHistory(pool, sale);
  await insertEntry(pool, userId, 'CHARGE', 10_000);
  const bought = await history.hold(userId, 1, AT_MS);
  const released = await history.hold(userId, 2, AT_MS);
  await history.end(released, 'CANCELLED', AT_MS + 1);
  const paymentId = await history.pay([bought], AT_MS + 2);
  const createdAt = new Date(AT_MS).toISOString();
  const held: Acknowledgement = {
    kind: 'hold',
    userId,
    scheduleId,
    createdAt,
    expiresAt: createdAt,
    seats: [{ reservationId: bought, seatNumber: 1, seq: 1 }],
  };
  const gone: Acknowledgement = {
    kind: 'release',
    userId,
    scheduleId,
    seats: [{ reservationId: released, seatNumber: 2, seq: 3 }],
  };
  const charged: Acknowledgement = { kind: 'charge', userId, entryId: 1, amount: 10_000, currentBalance: 10_000 };
  const paid: Acknowledgement = {
    kind: 'payment',
    userId,
    paymentId,
    scheduleId,
    amount: 1_000,
    seats: [{ reservationId: bought, seatNumber: 1, seq: 4 }],
  };
  t.same(await findMissing(url, [held, gone, charged, paid]), []);

  const lost: Acknowledgement[] = [
    { ...held, userId: NOBODY },
    { ...held, seats: [{ reservationId: NOBODY, seatNumber: 1, seq: 1 }] },
    { ...held, seats: [{ reservationId: bought, seatNumber: 3, seq: 1 }] },
    { ...held, seats: [{ reservationId: bought, seatNumber: 1, seq: 9 }] },
    { ...gone, seats: [{ reservationId: bought, seatNumber: 1, seq: 4 }] },
    { ...charged, entryId: 2 },
    { ...charged, currentBalance: 9_000 },
    { ...paid, paymentId: NOBODY },
    { ...paid, amount: 2_000 },
    { ...paid, seats: [{ reservationId: released, seatNumber: 2, seq: 3 }] },
    { ...paid, kind: 'refund' },
  ];
  for (const acknowledgement of lost) {
    t.same(await findMissing(url, [acknowledgement]), [acknowledgement], JSON.stringify(acknowledgement));
  }

  await history.refund(paymentId, AT_MS + 3);
  t.same(await findMissing(url, [held, paid, { ...paid, kind: 'refund' }]), []);
});
