import t from 'tap';
import { v7 as uuid } from 'uuid';
import type { Grants } from '../../src/actors/command.ts';
import type { Reservation } from '../../src/domain/reservation.ts';
import { createTestDatabase } from '../fixtures/database.ts';
import { holdCommand, insertSchedule, insertUserWithBalance, startOwnerNode, valueOf } from '../fixtures/owner-node.ts';
import { waitFor } from '../fixtures/wait-for.ts';

function onlyReservation({ value }: Grants['HoldSeats']): Reservation {
  const [reservation] = value;
  if (reservation === undefined) throw new Error('no reservation');
  return reservation;
}

t.test('a seat is held, shown as held, refused to others, released and free again', async (t) => {
  const database = await createTestDatabase(t);
  const node = await startOwnerNode(t, database);
  const { scheduleId, concertId } = await insertSchedule(database);
  const [fan, rival] = [uuid(), uuid()];

  const held = valueOf(await node.dispatch(holdCommand(scheduleId, fan, 7)));
  const reservation = onlyReservation(held);
  t.equal(held.type, 'SeatsHeld');
  t.match(reservation, { scheduleId, concertId, seatNumber: 7, status: 'HELD', price: 1_000, epoch: 1, seq: 1 });

  t.strictSame(await node.dispatch(holdCommand(scheduleId, rival, 7)), {
    outcome: 'refused',
    rejection: { code: 'SEAT_TAKEN', members: { seatNumbers: [7], epoch: 1, seq: 1 } },
  });
  const map = valueOf(await node.dispatch({ type: 'ReadSeatMap', scheduleId }));
  t.match(map, { seq: 1, epoch: 1, availableSeats: 49 });
  t.match(map.seats[6], { status: 'HELD', heldUntil: reservation.expiresAt, userId: fan });

  const again = valueOf(await node.dispatch(holdCommand(scheduleId, fan, 7)));
  t.strictSame(again, { type: 'SeatsAlreadyHeld', value: [reservation] });

  const { reservationId } = reservation;
  t.match(await node.dispatch({ type: 'ReleaseHold', scheduleId, userId: rival, reservationId }), {
    outcome: 'refused',
    rejection: { code: 'RESERVATION_NOT_HELD' },
  });
  const released = valueOf(await node.dispatch({ type: 'ReleaseHold', scheduleId, userId: fan, reservationId }));
  t.match(released, { type: 'HoldReleased', value: { reservationId, status: 'CANCELLED', seq: 2 } });
  t.match(valueOf(await node.dispatch(holdCommand(scheduleId, rival, 7))), { type: 'SeatsHeld' });
});

t.test('several seats are held all or nothing, in the order asked', async (t) => {
  const database = await createTestDatabase(t);
  const node = await startOwnerNode(t, database);
  const { scheduleId } = await insertSchedule(database);
  const [fan, rival] = [uuid(), uuid()];
  await node.dispatch(holdCommand(scheduleId, rival, 3));

  const refused = await node.dispatch(holdCommand(scheduleId, fan, 5, 3, 4));
  t.match(refused, { outcome: 'refused', rejection: { code: 'SEAT_TAKEN', members: { seatNumbers: [3] } } });
  const map = valueOf(await node.dispatch({ type: 'ReadSeatMap', scheduleId }));
  t.equal(map.availableSeats, 49);

  const held = valueOf(await node.dispatch(holdCommand(scheduleId, fan, 5, 2, 4)));
  t.strictSame(
    held.value.map(({ seatNumber }) => seatNumber),
    [5, 2, 4],
  );
  t.match(await node.dispatch(holdCommand(scheduleId, fan, 6, 7)), {
    outcome: 'refused',
    rejection: { code: 'SEAT_LIMIT_REACHED' },
  });
  t.match(await node.dispatch(holdCommand(scheduleId, fan, 51)), {
    outcome: 'refused',
    rejection: { code: 'SEAT_NOT_FOUND' },
  });
});

t.test('a schedule that does not exist is refused and gets no actor', async (t) => {
  const database = await createTestDatabase(t);
  const node = await startOwnerNode(t, database);
  const replies = await Promise.all(
    Array.from({ length: 200 }, (_, index) => node.dispatch(holdCommand(1_000_000 + index, uuid(), 1))),
  );
  for (const reply of replies) {
    t.match(reply, { outcome: 'refused', rejection: { code: 'SCHEDULE_NOT_FOUND' } });
  }
  t.equal(node.registry.counts().schedules, 0);
});

t.test('of a hundred users on one seat exactly one gets it, and every refusal says by which change', async (t) => {
  const database = await createTestDatabase(t);
  const node = await startOwnerNode(t, database);
  const { scheduleId } = await insertSchedule(database);
  const replies = await Promise.all(
    Array.from({ length: 100 }, () => node.dispatch(holdCommand(scheduleId, uuid(), 1))),
  );
  t.equal(replies.filter(({ outcome }) => outcome === 'granted').length, 1);
  for (const reply of replies) {
    if (reply.outcome === 'refused') t.strictSame(reply.rejection.members, { seatNumbers: [1], epoch: 1, seq: 1 });
  }
  const { rows } = await database.pool.query(`SELECT count(*) AS n FROM reservations WHERE status = 'HELD'`);
  t.strictSame(rows, [{ n: 1 }]);
});

t.test('one user with a hundred holds at once gets no more seats than the limit', async (t) => {
  const database = await createTestDatabase(t);
  const node = await startOwnerNode(t, database);
  const { scheduleId } = await insertSchedule(database, { seats: 100 });
  const fan = uuid();
  const replies = await Promise.all(
    Array.from({ length: 100 }, (_, index) => node.dispatch(holdCommand(scheduleId, fan, index + 1))),
  );
  t.equal(replies.filter(({ outcome }) => outcome === 'granted').length, 4);
  t.equal(
    replies.filter((reply) => reply.outcome === 'refused' && reply.rejection.code === 'SEAT_LIMIT_REACHED').length,
    96,
  );
});

t.test('a five-minute hold frees itself: by the timer, on read, and on the next attempt', async (t) => {
  const database = await createTestDatabase(t);
  const timed = await startOwnerNode(t, database, { holdTtlMs: 1_000 });
  const { scheduleId } = await insertSchedule(database);
  const reservation = onlyReservation(valueOf(await timed.dispatch(holdCommand(scheduleId, uuid(), 1))));
  const read = () => database.pool.query('SELECT status, ended_at, expires_at FROM reservations WHERE seq > 1');
  const row = await waitFor(async () => (await read()).rows[0], { what: 'the hold to end by the timer' });
  t.equal(row.status, 'EXPIRED');
  t.ok(row.ended_at >= row.expires_at, 'never early');
  t.equal(row.expires_at.toISOString(), reservation.expiresAt);
  t.strictSame(timed.registry.counts().ends, { timer: 1, alarm: 0, demand: 0 });
  await timed.close();

  const untimed = await startOwnerNode(t, database, { holdTtlMs: 1_000, isExpiryTimerOn: false, nodeId: 'second' });
  const held = onlyReservation(valueOf(await untimed.dispatch(holdCommand(scheduleId, uuid(), 1))));
  const due = Date.parse(held.expiresAt ?? '');
  await waitFor(() => untimed.databaseClock.lowerMs() >= due, { what: 'the hold to be over' });
  const map = valueOf(await untimed.dispatch({ type: 'ReadSeatMap', scheduleId }));
  t.match(map, { seq: 4, availableSeats: 50 }, 'the map includes the end, and its number');

  const next = onlyReservation(valueOf(await untimed.dispatch(holdCommand(scheduleId, uuid(), 1))));
  await waitFor(() => untimed.databaseClock.lowerMs() >= Date.parse(next.expiresAt ?? ''), {
    what: 'the hold to be over',
  });
  const taker = onlyReservation(valueOf(await untimed.dispatch(holdCommand(scheduleId, uuid(), 1))));
  t.equal(taker.seq, 7, 'the end and the new hold of one seat went in one flush');
  t.strictSame(untimed.registry.counts().ends, { timer: 0, alarm: 0, demand: 2 });
});

t.test('a payment debits, confirms, records and ends the hold in one; a refund undoes it once', async (t) => {
  const database = await createTestDatabase(t);
  const node = await startOwnerNode(t, database);
  const { scheduleId } = await insertSchedule(database);
  const fan = await insertUserWithBalance(database, 5_000);
  const { value: reservations } = valueOf(await node.dispatch(holdCommand(scheduleId, fan, 9, 8)));
  const reservationIds = reservations.map(({ reservationId }) => reservationId);
  const pay = () =>
    ({ type: 'PayReservations', scheduleId, userId: fan, paymentId: uuid(), reservationIds, claim: null }) as const;
  const [first, second] = await Promise.all([node.dispatch(pay()), node.dispatch(pay())]);
  const paid = valueOf(first);
  if (!('grant' in paid)) throw new Error('not paid');
  const payment = paid.grant.value;
  t.match(payment, { remainingBalance: 3_000, status: 'COMPLETED', amount: 2_000 });
  t.strictSame(
    payment.reservations.map(({ seatNumber, status, seq, expiresAt }) => ({ seatNumber, status, seq, expiresAt })),
    [
      { seatNumber: 9, status: 'CONFIRMED', seq: 3, expiresAt: null },
      { seatNumber: 8, status: 'CONFIRMED', seq: 4, expiresAt: null },
    ],
  );
  t.strictSame(valueOf(second), { alreadyPaid: payment.paymentId }, 'the same reservations are paid once');
  const released = await node.dispatch({
    type: 'ReleaseHold',
    scheduleId,
    userId: fan,
    reservationId: reservationIds[0] ?? '',
  });
  t.match(released, {
    outcome: 'refused',
    rejection: { code: 'RESERVATION_NOT_HELD', members: { status: 'CONFIRMED' } },
  });

  const refund = {
    type: 'RefundPayment',
    scheduleId,
    userId: fan,
    paymentId: payment.paymentId,
    isByOrganiser: false,
    act: null,
    claim: null,
  } as const;
  const refunds = await Promise.all([node.dispatch(refund), node.dispatch(refund)]);
  const done = refunds.map(valueOf).filter((value) => 'grant' in value);
  t.equal(done.length, 1);
  t.match(done[0]?.grant.value, { remainingBalance: 5_000, status: 'REFUNDED' });
  t.strictSame(
    done[0]?.grant.value.reservations.map(({ seatNumber }) => seatNumber),
    [9, 8],
  );
  const map = valueOf(await node.dispatch({ type: 'ReadSeatMap', scheduleId }));
  t.match(map, { availableSeats: 50, seq: 6 });
  const { rows } = await database.pool.query(
    'SELECT type, amount, balance_after FROM wallet_entries ORDER BY entry_no',
  );
  t.strictSame(rows, [
    { type: 'CHARGE', amount: 5_000, balance_after: 5_000 },
    { type: 'PAYMENT', amount: -2_000, balance_after: 3_000 },
    { type: 'REFUND', amount: 2_000, balance_after: 5_000 },
  ]);
});

t.test('of two payments with balance for one, one is declined, uses no number, and its hold stays', async (t) => {
  const database = await createTestDatabase(t);
  const node = await startOwnerNode(t, database);
  const { scheduleId } = await insertSchedule(database);
  const fan = await insertUserWithBalance(database, 1_500);
  const { value: reservations } = valueOf(await node.dispatch(holdCommand(scheduleId, fan, 1, 2)));
  const replies = await Promise.all(
    reservations.map(({ reservationId }) =>
      node.dispatch({
        type: 'PayReservations',
        scheduleId,
        userId: fan,
        paymentId: uuid(),
        reservationIds: [reservationId],
        claim: null,
      }),
    ),
  );
  t.equal(replies.filter(({ outcome }) => outcome === 'granted').length, 1);
  const [declined] = replies.filter(({ outcome }) => outcome === 'refused');
  t.match(declined, { rejection: { code: 'INSUFFICIENT_BALANCE', members: { amount: 1_000, balance: 500 } } });
  const map = valueOf(await node.dispatch({ type: 'ReadSeatMap', scheduleId }));
  t.strictSame(
    map.seats
      .slice(0, 2)
      .map(({ status }) => status)
      .sort(),
    ['CONFIRMED', 'HELD'],
  );
  t.equal(map.seq, 3);
});
