import fc from 'fast-check';
import t from 'tap';
import { decideHold } from '../../src/actors/hold-rules.ts';
import { startScheduleMachine } from '../../src/actors/running-machine.ts';
import type { ScheduleMachineEvent } from '../../src/actors/schedule-machine-event.ts';
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
    const explain = (seatNumbers: number[]) => decideHold(machine.hall, LIMIT, { userId: 'b', seatNumbers });
    t.match(machine.send(hold('a', [1])), [{ type: 'HELD', seatNumber: 1, price: 100 }]);
    const before = machine.hall.seats.slice();
    t.equal(machine.send(hold('b', [1, 2, 3, 4, 99])), null);
    t.strictSame(explain([1, 2, 3, 4, 99]), { type: 'refused', code: 'SEAT_NOT_FOUND', seatNumbers: [] });
    t.equal(machine.send(hold('b', [2, 3, 4, 5])), null);
    t.equal(machine.send(hold('b', [1, 2, 3, 4])), null);
    t.strictSame(explain([1, 2, 3, 4]), { type: 'refused', code: 'SEAT_LIMIT_REACHED', seatNumbers: [] });
    t.equal(machine.send(hold('b', [3, 1, 2])), null);
    t.strictSame(explain([3, 1, 2]), { type: 'refused', code: 'SEAT_TAKEN', seatNumbers: [1] });
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

t.test('a hold that is legal names the seats that are still free, in the order of the wish', async (t) => {
  const machine = start();
  machine.send(hold('a', [2]));
  const decide = (...seatNumbers: number[]) => decideHold(machine.hall, LIMIT, { userId: 'a', seatNumbers });
  t.match(decide(3, 2, 1), { type: 'legal', free: [{ seatNumber: 3 }, { seatNumber: 1 }] });
  t.strictSame(decide(2), { type: 'legal', free: [] });
  t.equal(decide(3, 2, 1, 4).type, 'refused', 'the seat that is held counts towards the limit');
  const event = { ...hold('a', [3, 2, 1]), reservationIds: ['third', 'first'] } as ScheduleMachineEvent;
  t.match(machine.send(event), [{ reservationId: 'third' }, { reservationId: 'first' }]);
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

const HELD: Seat = {
  seatNumber: 1,
  price: 100,
  status: 'HELD',
  live: {
    reservationId: 'held',
    userId: 'a',
    price: 100,
    createdAt: 1,
    expiresAt: 101,
    firstHeldAt: null,
    extensions: 0,
    confirmedAt: null,
    paymentId: null,
  },
};
const PAYING: Seat = { ...HELD, seatNumber: 2, status: 'PAYING', live: { ...HELD.live, reservationId: 'paying' } };
const PAID: Seat = {
  ...HELD,
  seatNumber: 3,
  status: 'CONFIRMED',
  live: { ...HELD.live, reservationId: 'paid', confirmedAt: 2, paymentId: 'p' },
};
const FREE: Seat = { seatNumber: 4, price: 100, status: 'AVAILABLE', live: null };
const HALL = [HELD, PAYING, PAID, FREE];

/** An event of every type; each of those on seats changes one where the state lets it. */
const EVENTS: { readonly [T in ScheduleMachineEvent['type']]: Extract<ScheduleMachineEvent, { type: T }> } = {
  HOLD: { type: 'HOLD', userId: 'b', seatNumbers: [4], reservationIds: ['new'], at: 3, expiresAt: 103 },
  EXTEND: { type: 'EXTEND', userId: 'a', at: 3, expiresAt: 103, totalMs: 1_000 },
  RELEASE: { type: 'RELEASE', userId: 'a', reservationId: 'held', at: 3 },
  CANCEL_HOLDS: { type: 'CANCEL_HOLDS', userId: 'a', heldBefore: 3, at: 3 },
  CANCEL_ALL_HOLDS: { type: 'CANCEL_ALL_HOLDS', at: 3 },
  EXPIRE: { type: 'EXPIRE', dueBy: 101 },
  BLOCK: { type: 'BLOCK', seatNumbers: [4], isBlocked: true, at: 3 },
  COMP: { type: 'COMP', seatNumber: 4, reservationId: 'given', userId: 'b', paymentId: 'r', at: 3 },
  MOVE: { type: 'MOVE', reservationId: 'paid', seatNumber: 4, at: 3 },
  TAKE_UP_PAYMENT: { type: 'TAKE_UP_PAYMENT', userId: 'a', reservationIds: ['held'] },
  TAKE_UP_REFUND: { type: 'TAKE_UP_REFUND', userId: 'a', paymentId: 'p' },
  SETTLE: {
    type: 'SETTLE',
    events: [{ type: 'CONFIRMED', seatNumber: 2, reservationId: 'paying', paymentId: 'q', at: 3 }],
  },
  DECLINE: { type: 'DECLINE', reservationIds: ['paying'] },
  SEAL: { type: 'SEAL' },
  DOUBT: { type: 'DOUBT' },
  STALL: { type: 'STALL' },
  RESTORE: { type: 'RESTORE', seats: [FREE] },
  BREAK: { type: 'BREAK' },
  LOSE: { type: 'LOSE' },
};
const TYPES = Object.values(EVENTS).map(({ type }) => type);
const SEAT_EVENTS = TYPES.slice(0, 9);

/** How each state, with what it remembers, is reached, and where the events lead that leave it or make it remember more. */
const LIFE: Readonly<Record<string, { path: ScheduleMachineEvent['type'][]; next: Record<string, string> }>> = {
  serving: {
    path: [],
    next: { SEAL: 'sealed', DOUBT: 'doubtful', STALL: 'stalled', RESTORE: 'serving' },
  },
  sealed: {
    path: ['SEAL'],
    next: { DOUBT: 'doubtful, sealed', STALL: 'stalled, sealed', RESTORE: 'sealed' },
  },
  doubtful: {
    path: ['DOUBT'],
    next: { SEAL: 'doubtful, sealed', STALL: 'stalled', RESTORE: 'serving' },
  },
  'doubtful, sealed': {
    path: ['SEAL', 'DOUBT'],
    next: { STALL: 'stalled, sealed', RESTORE: 'sealed' },
  },
  stalled: { path: ['STALL'], next: { SEAL: 'stalled, sealed', RESTORE: 'serving' } },
  'stalled, sealed': { path: ['SEAL', 'STALL'], next: { RESTORE: 'sealed' } },
  broken: { path: ['BREAK'], next: {} },
  lost: { path: ['LOSE'], next: {} },
};
/** The events on seats that each state takes. */
const TAKEN: Readonly<Record<string, readonly string[]>> = { serving: SEAT_EVENTS, sealed: ['SETTLE', 'DECLINE'] };

/** A machine that has lived through `path`. */
function live(path: readonly ScheduleMachineEvent['type'][], seats: readonly Seat[] = HALL) {
  const machine = startScheduleMachine({ seats, seatsPerUser: LIMIT }, (error) => {
    throw error;
  });
  for (const type of path) machine.send(EVENTS[type]);
  return machine;
}

t.test('every event leads from every state to where the life of a schedule goes on, and nowhere else', async (t) => {
  for (const [name, { path, next }] of Object.entries(LIFE)) {
    const [state] = name.split(',');
    t.equal(live(path).state, state, `${path.join(', ')} leads to ${name}`);
    for (const type of TYPES) {
      const machine = live([...path, type]);
      const ending = type === 'LOSE' || name === 'lost' ? 'lost' : type === 'BREAK' ? 'broken' : null;
      const after = ending ?? next[type] ?? name;
      t.equal(machine.state, after.split(',')[0], `${name}: ${type}`);
      // What a state remembers shows only in where the same events lead afterwards.
      for (const later of TYPES) {
        const lives = LIFE[after];
        if (lives === undefined) throw new Error(`${after} has no row`);
        const known = live([...lives.path, later]);
        t.equal(live([...path, type, later]).state, known.state, `${name}: ${type}, ${later}`);
      }
    }
  }
});

t.test('only a serving schedule decides, and a sealed one only takes over what its settlements came to', async (t) => {
  for (const [name, { path }] of Object.entries(LIFE)) {
    for (const type of SEAT_EVENTS) {
      const machine = live(path);
      const isTaken = TAKEN[name]?.includes(type) === true;
      t.equal(machine.send(EVENTS[type]) !== null, isTaken, `${name}: ${type} is ${isTaken ? 'taken' : 'refused'}`);
      t.equal(JSON.stringify(machine.hall.seats) === JSON.stringify(HALL), !isTaken, `${name}: ${type} and the seats`);
    }
  }
});

t.test(
  'a restored schedule goes on from the seats that it is given; a broken or lost one is not restored',
  async (t) => {
    for (const [name, { path }] of Object.entries(LIFE)) {
      const isOver = name === 'broken' || name === 'lost';
      const machine = live([...path, 'RESTORE']);
      t.strictSame(machine.hall.seats, isOver ? HALL : [FREE], name);
    }
  },
);

t.test('a throw in a decision breaks the machine, and it is lost from there', async (t) => {
  const trap = Object.defineProperty({ ...FREE }, 'status', {
    get(): never {
      throw new Error('a bug');
    },
  });
  const thrown: unknown[] = [];
  const states: string[] = [];
  const machine = startScheduleMachine({ seats: [HELD, PAYING, PAID, trap], seatsPerUser: LIMIT }, (error) => {
    thrown.push(error);
    states.push(machine.state);
  });
  t.equal(machine.send(EVENTS.HOLD), null);
  t.equal(thrown.length, 1);
  t.strictSame(states, ['broken'], 'it is broken by the time that the bug is reported');
  t.equal(machine.send(EVENTS.RELEASE), null, 'it decides nothing more');
  machine.send(EVENTS.RESTORE);
  t.equal(machine.state, 'broken');
  machine.send(EVENTS.LOSE);
  t.equal(machine.state, 'lost');
  t.equal(thrown.length, 1);
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
