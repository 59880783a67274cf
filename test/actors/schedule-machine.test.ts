import fc from 'fast-check';
import t from 'tap';
import { explainRefusal } from '../../src/actors/hold-rules.ts';
import { type ScheduleMachineEvent, startScheduleMachine } from '../../src/actors/schedule-machine.ts';
import { applyEvent, type Seat } from '../../src/actors/seat.ts';
import type { SeatEvent } from '../../src/actors/seat-event.ts';

const SEATS = 6;
const LIMIT = 3;

function emptyHall(): Seat[] {
  return Array.from({ length: SEATS }, (_, index) => ({
    seatNumber: index + 1,
    price: 100 * (index + 1),
    status: 'AVAILABLE' as const,
    live: null,
  }));
}

function start() {
  return startScheduleMachine({ seats: emptyHall(), seatsPerUser: LIMIT }, (error) => {
    throw error;
  });
}

function fold(seats: Seat[], events: readonly SeatEvent[]): void {
  for (const event of events) {
    const seat = seats[event.seatNumber - 1];
    if (seat !== undefined) seats[event.seatNumber - 1] = applyEvent(seat, event);
  }
}

let lastId = 0;
function hold(userId: string, seatNumbers: number[], at = 0): ScheduleMachineEvent {
  const reservationIds = seatNumbers.map(() => `r${(lastId += 1)}`);
  return { type: 'HOLD', userId, seatNumbers, reservationIds, at, expiresAt: at + 100 };
}

t.test(
  'guards refuse an unknown seat, too many and a taken one, and are explained in the contract’s order',
  async (t) => {
    const machine = start();
    const explain = (seatNumbers: number[]) => explainRefusal(machine.hall, LIMIT, { userId: 'b', seatNumbers });
    t.match(machine.send(hold('a', [1])), [{ type: 'HELD', seatNumber: 1, price: 100 }]);
    const before = machine.hall.seats.slice();
    t.equal(machine.send(hold('b', [1, 2, 3, 4, 99])), null);
    t.strictSame(explain([1, 2, 3, 4, 99]), { code: 'SEAT_NOT_FOUND', seatNumbers: [] });
    t.equal(machine.send(hold('b', [2, 3, 4, 5])), null);
    t.equal(machine.send(hold('b', [1, 2, 3, 4])), null);
    t.strictSame(explain([1, 2, 3, 4]), { code: 'SEAT_LIMIT_REACHED', seatNumbers: [] });
    t.equal(machine.send(hold('b', [3, 1, 2])), null);
    t.strictSame(explain([3, 1, 2]), { code: 'SEAT_TAKEN', seatNumbers: [1] });
    t.strictSame(machine.hall.seats, before, 'what is refused changes nothing');
    t.match(machine.send(hold('b', [3, 2])), [{ seatNumber: 3 }, { seatNumber: 2 }]);
  },
);

t.test('own holds are granted again without an event, own sold seats are taken', async (t) => {
  const machine = start();
  machine.send(hold('a', [1, 2]));
  const ids = machine.hall.seats.flatMap((seat) => seat.live?.reservationId ?? []);
  t.strictSame(machine.send(hold('a', [2, 1])), []);
  t.match(machine.send(hold('a', [1, 3])), [{ seatNumber: 3 }]);
  machine.send({ type: 'TAKE_UP_PAYMENT', userId: 'a', reservationIds: ids });
  const events = ids.map((reservationId, index) => ({
    type: 'CONFIRMED' as const,
    seatNumber: index + 1,
    reservationId,
    paymentId: 'p',
    at: 1,
  }));
  machine.send({ type: 'SETTLE', events });
  t.equal(machine.send(hold('a', [1])), null);
});

t.test('a late end of one hold never ends a later hold of the same seat', async (t) => {
  const machine = start();
  machine.send(hold('a', [1]));
  const first = machine.hall.seats[0]?.live?.reservationId ?? '';
  machine.send({ type: 'EXPIRE', dueBy: 100 });
  machine.send(hold('b', [1], 101));
  t.equal(machine.send({ type: 'RELEASE', userId: 'a', reservationId: first, at: 102 }), null);
  t.strictSame(machine.send({ type: 'EXPIRE', dueBy: 150 }), []);
  t.equal(machine.hall.seats[0]?.live?.userId, 'b');
});

t.test('a hold whose payment is being decided neither expires nor is released, until it is declined', async (t) => {
  const machine = start();
  machine.send(hold('a', [1]));
  const reservationId = machine.hall.seats[0]?.live?.reservationId ?? '';
  t.equal(machine.send({ type: 'TAKE_UP_PAYMENT', userId: 'b', reservationIds: [reservationId] }), null);
  t.strictSame(machine.send({ type: 'TAKE_UP_PAYMENT', userId: 'a', reservationIds: [reservationId] }), []);
  t.strictSame(machine.send({ type: 'EXPIRE', dueBy: 1_000 }), []);
  t.equal(machine.send({ type: 'RELEASE', userId: 'a', reservationId, at: 5 }), null);
  machine.send({ type: 'DECLINE', reservationIds: [reservationId] });
  t.match(machine.send({ type: 'EXPIRE', dueBy: 1_000 }), [{ type: 'EXPIRED', reservationId, at: 1_000 }]);
});

t.test('a frozen schedule decides nothing, a lost one is over', async (t) => {
  const machine = start();
  machine.send({ type: 'FREEZE' });
  machine.send(hold('a', [1]));
  t.strictSame(machine.hall.seats, emptyHall());
  machine.send({ type: 'RESTORE', seats: emptyHall() });
  t.match(machine.send(hold('a', [1])), [{ seatNumber: 1 }]);
  machine.send({ type: 'LOSE' });
  t.equal(machine.send(hold('a', [2])), null);
  t.equal(machine.send({ type: 'RESTORE', seats: emptyHall() }), null, 'nothing brings it back');
});

t.test(
  'whatever is sent, a seat has one live reservation, nobody exceeds the limit, and the events explain the seats',
  async (t) => {
    const user = fc.constantFrom('a', 'b', 'c');
    const someSeats = fc.uniqueArray(fc.integer({ min: 1, max: SEATS + 1 }), { minLength: 1, maxLength: 4 });
    const step = fc.oneof(
      { weight: 6, arbitrary: fc.record({ kind: fc.constant('hold' as const), user, someSeats }) },
      { weight: 2, arbitrary: fc.record({ kind: fc.constant('release' as const), user, someSeats }) },
      { weight: 2, arbitrary: fc.record({ kind: fc.constant('pay' as const), user, someSeats }) },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant('decide' as const), user, someSeats }) },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant('expire' as const), user, someSeats }) },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant('cancel' as const), user, someSeats }) },
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const machine = start();
        const folded: Seat[] = emptyHall();
        let now = 0;
        const note = (event: ScheduleMachineEvent) => {
          fold(folded, machine.send(event) ?? []);
        };
        for (const { kind, user: userId, someSeats: numbers } of steps) {
          now += 10;
          const ids = numbers.flatMap((number) => machine.hall.seats[number - 1]?.live?.reservationId ?? []);
          const paying = machine.hall.seats.filter((seat) => seat.status === 'PAYING');
          if (kind === 'hold') note(hold(userId, numbers, now));
          if (kind === 'release') note({ type: 'RELEASE', userId, reservationId: ids[0] ?? 'none', at: now });
          if (kind === 'pay' && ids.length > 0) note({ type: 'TAKE_UP_PAYMENT', userId, reservationIds: ids });
          if (kind === 'expire') note({ type: 'EXPIRE', dueBy: now });
          if (kind === 'cancel') note({ type: 'CANCEL_HOLDS', userId, heldBefore: Number.POSITIVE_INFINITY, at: now });
          if (kind === 'decide') {
            const [winners, losers] = [paying.filter((_, i) => i % 2 === 0), paying.filter((_, i) => i % 2 === 1)];
            note({
              type: 'SETTLE',
              events: winners.flatMap(({ seatNumber, live }) =>
                live === null
                  ? []
                  : { type: 'CONFIRMED', seatNumber, reservationId: live.reservationId, paymentId: 'p', at: now },
              ),
            });
            note({ type: 'DECLINE', reservationIds: losers.flatMap(({ live }) => live?.reservationId ?? []) });
          }
          for (const holder of ['a', 'b', 'c']) {
            const live = machine.hall.seats.filter((seat) => seat.live?.userId === holder).length;
            if (live > LIMIT || machine.hall.liveSeatsOf(holder) !== live) return false;
          }
          const visible = machine.hall.seats.map((seat) =>
            seat.status === 'PAYING' ? { ...seat, status: 'HELD' } : seat,
          );
          if (JSON.stringify(visible) !== JSON.stringify(folded)) return false;
        }
        return true;
      }),
      { numRuns: 1_000 },
    );
    t.pass('a thousand histories');
  },
);
