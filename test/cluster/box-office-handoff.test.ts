import { randomUUID } from 'node:crypto';
import t from 'tap';
import { ROOT } from '../../src/domain/admin.ts';
import type { OwnerAct } from '../../src/domain/owner-act.ts';
import { runAudit } from '../../src/persistence/audit/audit.ts';
import { createTestDatabase } from '../fixtures/database.ts';
import { createOwnerCluster } from '../fixtures/owner-cluster.ts';
import {
  heldBy,
  holdCommand,
  insertSchedule,
  insertUserWithBalance,
  recordTokensOfAll,
  valueOf,
} from '../fixtures/owner-node.ts';
import { waitFor } from '../fixtures/wait-for.ts';

const act = (): OwnerAct => ({ caller: ROOT, requestId: randomUUID(), claim: null, status: 200, reason: '카메라' });

type Seats = readonly { readonly status: string }[];

/** A free seat is dated anew by each owner. */
const takenOf = (seats: Seats) => seats.filter(({ status }) => status !== 'AVAILABLE');

t.test('a node that takes a date over keeps what the box office did there', async (t) => {
  const database = await createTestDatabase(t);
  const cluster = createOwnerCluster(t, database);
  const [a, b] = [await cluster.add('a'), await cluster.add('b')];
  await waitFor(() => [a, b].every(({ membership }) => membership.owners().length === 2), { what: 'two owners' });
  let scheduleId = 0;
  do ({ scheduleId } = await insertSchedule(database, { seats: 6 }));
  while (a.placement.ownerOf(scheduleId) !== a.membership.node);
  const [fan, guest] = [await insertUserWithBalance(database, 0), await insertUserWithBalance(database, 0)];

  await b.route({ type: 'BlockSeats', scheduleId, seatNumbers: [1, 2], act: act() });
  await b.route({ type: 'UnblockSeats', scheduleId, seatNumbers: [2], act: act() });
  await b.route({ type: 'CompSeat', scheduleId, seatNumber: 3, userId: guest, paymentId: randomUUID(), act: act() });
  const [held] = heldBy(await a.route(holdCommand(scheduleId, fan, 4)));
  const reservationId = held?.reservationId ?? '';
  const moved = valueOf(
    await b.route({ type: 'MoveReservation', scheduleId, reservationId, seatNumber: 5, act: act() }),
  );
  const before = valueOf(await b.route({ type: 'ReadSeatMap', scheduleId }));
  t.equal(b.registry.counts().moves.handedOver, 0);

  await a.leave();
  const after = valueOf(await b.route({ type: 'ReadSeatMap', scheduleId }));
  t.equal(after.seq, before.seq);
  t.ok(after.epoch > before.epoch, 'another owner');
  t.strictSame(takenOf(after.seats), takenOf(before.seats));
  t.equal(after.availableSeats, 3);
  const statuses = ['BLOCKED', 'AVAILABLE', 'CONFIRMED', 'AVAILABLE', 'HELD', 'AVAILABLE'];
  t.strictSame(
    after.seats.map(({ status }) => status),
    statuses,
  );
  t.match(await b.route(holdCommand(scheduleId, fan, 1)), { outcome: 'refused', rejection: { code: 'SEAT_TAKEN' } });
  t.match(valueOf(await b.route({ type: 'BlockSeats', scheduleId, seatNumbers: [1], act: act() })), { changed: [] });
  t.match(
    valueOf(await b.route({ type: 'MoveReservation', scheduleId, reservationId, seatNumber: 5, act: act() })),
    { ...moved, epoch: moved.epoch, seq: moved.seq },
    'the moved reservation is as the first owner left it',
  );
  t.match(valueOf(await b.route({ type: 'MoveReservation', scheduleId, reservationId, seatNumber: 6, act: act() })), {
    seatNumber: 6,
    expiresAt: moved.expiresAt,
  });
  t.match(valueOf(await b.route({ type: 'UnblockSeats', scheduleId, seatNumbers: [1], act: act() })), { changed: [1] });
  await recordTokensOfAll(database);
  t.strictSame((await runAudit(database.pool)).violations, []);
});
