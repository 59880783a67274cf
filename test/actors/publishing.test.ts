import { randomUUID } from 'node:crypto';
import t from 'tap';
import { createPendingCommand } from '../../src/actors/pending-command.ts';
import { createScheduleRegistry } from '../../src/actors/schedule-registry.ts';
import { createIdSource } from '../../src/runtime/ids.ts';
import type { SeatPublisher } from '../../src/domain/seat-broadcast.ts';
import { DEFAULT_SEAT_RULES } from '../../src/domain/seat-rules.ts';
import { createTestDatabase } from '../fixtures/database.ts';
import { createLoneActor, LONE_SCHEDULE } from '../fixtures/lone-actor.ts';
import { createManualClock } from '../fixtures/manual-clock.ts';
import { holdCommand, insertSchedule, insertUserWithBalance, startOwnerNode, valueOf } from '../fixtures/owner-node.ts';
import { createRecordingPublisher } from '../fixtures/seat-publishers.ts';
import { silentLog } from '../fixtures/silent-log.ts';
import { waitFor } from '../fixtures/wait-for.ts';

const IDLE_MS = 10 * 60_000;

t.test('a batch is told once it is durable, before the answers to it, with whole commands', async (t) => {
  const publisher = createRecordingPublisher(LONE_SCHEDULE);
  const order: string[] = [];
  const noting: SeatPublisher = {
    ...publisher,
    publish(updates) {
      order.push('told');
      publisher.publish(updates);
    },
  };
  const lone = createLoneActor({ publisher: noting });
  const pending = createPendingCommand({
    command: holdCommand(LONE_SCHEDULE, randomUUID(), 3, 1),
    resolve: () => order.push('answered'),
    reject: (error) => {
      throw error;
    },
    handOn: () => undefined,
  });
  lone.actor.submit(pending);
  lone.ask(holdCommand(LONE_SCHEDULE, randomUUID(), 2));
  const batch = lone.takeAppend();
  t.strictSame(publisher.updates, [], 'nothing that is not durable');
  lone.actor.concludeAppend({ type: 'committed', epoch: batch.epoch, isOwner: true });
  t.strictSame(order, ['told', 'answered']);
  const heldUntil = new Date(lone.now + 1_000).toISOString();
  t.strictSame(publisher.updates, [
    {
      scheduleId: LONE_SCHEDULE,
      epoch: 1,
      fromSeq: 1,
      seq: 3,
      updates: [3, 1, 2].map((seatNumber) => ({ seatNumber, status: 'HELD', heldUntil })),
    },
  ]);
  t.strictSame(lone.actor.head, { scheduleId: LONE_SCHEDULE, epoch: 1, seq: 3 });
});

t.test('a batch that came to nothing is not told', async (t) => {
  const publisher = createRecordingPublisher(LONE_SCHEDULE);
  const lone = createLoneActor({ publisher });
  lone.ask(holdCommand(LONE_SCHEDULE, randomUUID(), 1));
  lone.takeAppend();
  lone.actor.concludeAppend({ type: 'unavailable', effect: 'none', error: new Error('away') });
  t.strictSame(publisher.updates, []);
});

t.test('nothing is told of a schedule that nobody watches', async (t) => {
  const publisher = createRecordingPublisher(LONE_SCHEDULE + 1);
  const lone = createLoneActor({ publisher });
  lone.ask(holdCommand(LONE_SCHEDULE, randomUUID(), 1));
  lone.commitAppend();
  t.strictSame(publisher.updates, []);
});

t.test('holds, releases, payments, refunds and expiries are told, numbered as the answers say', async (t) => {
  const database = await createTestDatabase(t);
  const { scheduleId } = await insertSchedule(database);
  const publisher = createRecordingPublisher(scheduleId);
  const node = await startOwnerNode(t, database, { publisher, holdTtlMs: 1_000 });
  const userId = await insertUserWithBalance(database, 5_000);

  const held = valueOf(await node.dispatch(holdCommand(scheduleId, userId, 1, 2)));
  const [first, second] = held.value.map(({ reservationId }) => reservationId);
  const paymentId = randomUUID();
  const paying = { type: 'PayReservations', scheduleId, userId, paymentId, reservationIds: [first ?? ''] } as const;
  valueOf(await node.dispatch({ ...paying, claim: null }));
  valueOf(await node.dispatch({ type: 'ReleaseHold', scheduleId, userId, reservationId: second ?? '' }));
  valueOf(
    await node.dispatch({
      type: 'RefundPayment',
      scheduleId,
      userId,
      paymentId,
      isByOrganiser: false,
      act: null,
      claim: null,
    }),
  );
  const again = valueOf(await node.dispatch(holdCommand(scheduleId, userId, 4)));
  const [last] = again.value;
  const until = Date.parse(last?.expiresAt ?? '');
  await waitFor(() => node.databaseClock.lowerMs() >= until, { what: 'the end of the hold' });
  const map = valueOf(await node.dispatch({ type: 'ReadSeatMap', scheduleId }));

  let next = 1;
  for (const { fromSeq, seq, updates } of publisher.updates) {
    t.equal(fromSeq, next);
    t.equal(updates.length, seq - fromSeq + 1);
    next = seq + 1;
  }
  t.equal(next - 1, map.seq);
  const told = publisher.updates.flatMap(({ updates }) => updates);
  t.strictSame(
    told.map(({ seatNumber, status }) => `${seatNumber} ${status}`),
    ['1 HELD', '2 HELD', '1 CONFIRMED', '2 AVAILABLE', '1 AVAILABLE', '4 HELD', '4 AVAILABLE'],
  );
  t.strictSame(told.at(-2)?.heldUntil, last?.expiresAt);
  t.strictSame(
    map.seats.slice(0, 4).map(({ seq }) => seq),
    [5, 4, 0, 7],
    'each seat knows its last change',
  );
});

t.test('an owner announces a watched schedule when it takes it up, and then every second', async (t) => {
  const clock = createManualClock();
  const now = () => clock.monotonicMs();
  const nextId = createIdSource();
  const publisher = createRecordingPublisher(7);
  const registry = createScheduleRegistry({
    ownership: {
      isLeaseValid: () => true,
      handOver: async () => false,
      async activate(scheduleId) {
        const seat = { seatNumber: 1, price: 1, status: 'AVAILABLE' as const, live: null };
        const seats = [{ seat, epoch: 4, seq: 9 }];
        return {
          type: 'owned',
          schedule: {
            scheduleId,
            concertId: 1,
            times: {
              bookingOpensAtMs: 0,
              bookingClosesAtMs: Date.parse('2099-01-01T00:00:00Z'),
              startsAtMs: Date.parse('2100-01-01T00:00:00Z'),
              reservationOpensAtMs: null,
              closed: false,
              cancelled: false,
              ...DEFAULT_SEAT_RULES,
            },
            plan: null,
            epoch: 4,
            seq: 9,
            seats,
            recentHolds: [],
            endedTokens: [],
          },
        };
      },
    },
    journal: { requestAppend: () => undefined, requestSettlement: () => undefined },
    publisher,
    clock,
    databaseClock: { lowerMs: now, upperMs: now },
    settings: { holdTtlMs: 1_000, holdTotalMs: 3_000, seatsPerUser: 4 },
    newId: () => nextId(now()),
    log: silentLog,
    isExpiryTimerOn: true,
  });
  registry.start();
  clock.advance(2_000);
  t.strictSame(publisher.heads, [], 'nothing of a schedule without an actor here');
  await registry.dispatch({ type: 'ReadSeatMap', scheduleId: 7 });
  await registry.dispatch({ type: 'ReadSeatMap', scheduleId: 8 });
  t.strictSame(publisher.heads, [{ scheduleId: 7, epoch: 4, seq: 9 }]);
  clock.advance(3_000);
  t.equal(publisher.heads.length, 4);
  clock.advance(IDLE_MS);
  t.equal(registry.counts().schedules, 1, 'the watched one stays, the other is passivated');
  await registry.close();
  const count = publisher.heads.length;
  clock.advance(5_000);
  t.equal(publisher.heads.length, count);
});
