import { assign, createActor, setup, type StateValueFrom } from 'xstate';
import { Hall } from './hall.ts';
import { decideHold, isOwnHold } from './hold-rules.ts';
import type { Decline, Hold, Restore, ScheduleMachineEvent, Settle } from './schedule-machine-event.ts';
import type { Seat } from './seat.ts';
import type { SeatEvent } from './seat-event.ts';

/*
 * The state of one concert schedule and its decisions. Owns the tentative state of its seats: everything decided so far,
 * durable or not. Does not own time, ids, replies or durability: instants and ids arrive in the events, and the schedule actor
 * keeps the confirmed state.
 *
 * The states. LOSE leads from each of them to `lost`; BREAK leads from the first four to `broken`.
 * - serving: decides. It is the first state, and RESTORE and RESUME lead back to it.
 * - sealed: decides nothing new and ends what it has begun, so that the schedule can move. SEAL leads here. After a doubtful or
 *     a late batch a schedule that was sealed is sealed again.
 * - doubtful: the answer to the batch in flight is missing. DOUBT leads here; only RESTORE leads on.
 * - stalled: the answer is so late that no caller waits for it. STALL leads here. RESUME leads on with all that was decided,
 *     unless the answer went missing meanwhile; then only RESTORE leads on.
 * - broken: a decision threw, which is a bug, so the seats cannot be trusted. Only LOSE leads on: the schedule is loaded again.
 * - lost: another node owns the schedule, or no node does. It is the last state.
 *
 * MACHINE-1. A seat has at most one live reservation: HOLD is granted only where every seat asked for is free or the caller's own hold.
 * MACHINE-2. An end names the reservation that it ends; a late one can never end a later hold of the same seat.
 * MACHINE-3. A seat whose settlement is being decided changes only by that settlement's outcome.
 * MACHINE-4. Nothing here throws, reads a clock or waits. Guards refuse, and a refused event changes nothing; `assign` applies.
 * MACHINE-5. Only a serving schedule decides; a sealed one still takes over what its settlements came to.
 */

interface ScheduleContext {
  readonly hall: Hall;
  readonly seatsPerUser: number;
  /** What the last event that was taken logged. An event that is refused changes nothing, this included. */
  readonly logged: readonly SeatEvent[];
  /** Whether the schedule goes on in `sealed`; nothing unseals it. */
  readonly isSealed: boolean;
  /** Whether the answer to the batch in flight is missing, which a late batch may be too. */
  readonly isInDoubt: boolean;
}

export interface ScheduleMachineInput {
  readonly seats: readonly Seat[];
  readonly seatsPerUser: number;
}

const NOTHING: readonly SeatEvent[] = [];

/** The events of a hold that is legal. */
function holdEvents({ hall }: ScheduleContext, event: Hold): SeatEvent[] {
  const { userId, at, expiresAt, reservationIds } = event;
  const events: SeatEvent[] = [];
  for (const seatNumber of event.seatNumbers) {
    const seat = hall.seats[seatNumber - 1];
    const reservationId = reservationIds[events.length];
    if (seat === undefined || seat.status !== 'AVAILABLE' || reservationId === undefined) continue;
    events.push({ type: 'HELD', seatNumber, reservationId, userId, at, expiresAt, price: seat.price });
  }
  return events;
}

function endsWhere(
  context: ScheduleContext,
  type: 'EXPIRED' | 'CANCELLED',
  at: (seat: Seat) => number | null,
): SeatEvent[] {
  const events: SeatEvent[] = [];
  for (const seat of context.hall.seats) {
    if (seat.status !== 'HELD') continue;
    const instant = at(seat);
    if (instant === null) continue;
    events.push({ type, seatNumber: seat.seatNumber, reservationId: seat.live.reservationId, at: instant });
  }
  return events;
}

function isReservedAs(reservationIds: readonly string[]): (seat: Seat) => boolean {
  return (seat) => seat.live !== null && reservationIds.includes(seat.live.reservationId);
}

function logged(context: ScheduleContext, events: readonly SeatEvent[]): Partial<ScheduleContext> {
  context.hall.apply(events);
  return { logged: events };
}

function settled(context: ScheduleContext, { events }: Settle): Partial<ScheduleContext> {
  return logged(context, events);
}

function declined({ hall }: ScheduleContext, { reservationIds }: Decline): Partial<ScheduleContext> {
  const isMeant = isReservedAs(reservationIds);
  hall.turn('PAYING', 'HELD', isMeant);
  hall.turn('REFUNDING', 'CONFIRMED', isMeant);
  return { logged: NOTHING };
}

function restored({ seats }: Restore): Partial<ScheduleContext> {
  return { hall: new Hall(seats), logged: NOTHING, isInDoubt: false };
}

const scheduleMachine = setup({
  types: {
    context: {} as ScheduleContext,
    events: {} as ScheduleMachineEvent,
    input: {} as ScheduleMachineInput,
  },
}).createMachine({
  id: 'schedule',
  // No transition here leads on by itself; a loop is a bug that must end in an error, not in a stalled process.
  options: { maxIterations: 10 },
  context: ({ input }) => ({
    hall: new Hall(input.seats),
    seatsPerUser: input.seatsPerUser,
    logged: NOTHING,
    isSealed: false,
    isInDoubt: false,
  }),
  initial: 'serving',
  states: {
    serving: {
      description: 'Decides. Every grant is tentative until its flush is committed.',
      on: {
        HOLD: {
          description: 'all seats free, or held by the caller already, and within the limit',
          guard: ({ context, event }) => decideHold(context.hall, context.seatsPerUser, event).type === 'legal',
          actions: assign(({ context, event }) => logged(context, holdEvents(context, event))),
        },
        RELEASE: {
          description: 'the hold is the caller’s',
          guard: ({ context, event }) =>
            context.hall.seats.some(
              (seat) => isOwnHold(seat, event.userId) && seat.live?.reservationId === event.reservationId,
            ),
          actions: assign(({ context, event }) =>
            logged(
              context,
              endsWhere(context, 'CANCELLED', (seat) =>
                seat.live?.reservationId === event.reservationId ? event.at : null,
              ),
            ),
          ),
        },
        CANCEL_HOLDS: {
          actions: assign(({ context, event }) =>
            logged(
              context,
              endsWhere(context, 'CANCELLED', (seat) =>
                seat.live?.userId === event.userId && seat.live.createdAt < event.heldBefore ? event.at : null,
              ),
            ),
          ),
        },
        EXPIRE: {
          description: 'holds whose time is surely over',
          actions: assign(({ context, event }) =>
            logged(
              context,
              endsWhere(context, 'EXPIRED', (seat) =>
                seat.live !== null && seat.live.expiresAt <= event.dueBy ? event.dueBy : null,
              ),
            ),
          ),
        },
        TAKE_UP_PAYMENT: {
          description: 'every reservation is the caller’s hold',
          guard: ({ context, event }) =>
            event.reservationIds.every((id) =>
              context.hall.seats.some((seat) => isOwnHold(seat, event.userId) && seat.live?.reservationId === id),
            ),
          actions: assign(({ context, event }) => {
            context.hall.turn('HELD', 'PAYING', isReservedAs(event.reservationIds));
            return { logged: NOTHING };
          }),
        },
        TAKE_UP_REFUND: {
          description: 'the payment’s seats are the caller’s',
          guard: ({ context, event }) =>
            context.hall.seats.some(
              (seat) =>
                seat.status === 'CONFIRMED' &&
                seat.live.paymentId === event.paymentId &&
                seat.live.userId === event.userId,
            ),
          actions: assign(({ context, event }) => {
            context.hall.turn('CONFIRMED', 'REFUNDING', (seat) => seat.live?.paymentId === event.paymentId);
            return { logged: NOTHING };
          }),
        },
        SETTLE: {
          description: 'the settlement is durable',
          actions: assign(({ context, event }) => settled(context, event)),
        },
        DECLINE: {
          description: 'the settlement changed nothing',
          actions: assign(({ context, event }) => declined(context, event)),
        },
        SEAL: { target: 'sealed', actions: assign({ isSealed: true }) },
        RESTORE: {
          description: 'drops what is tentative and goes on from the confirmed seats',
          actions: assign(({ event }) => restored(event)),
        },
        DOUBT: 'doubtful',
        STALL: 'stalled',
        BREAK: 'broken',
      },
    },
    sealed: {
      description: 'Decides nothing new and ends what it has begun; later commands wait for the next owner.',
      on: {
        SETTLE: {
          description: 'the settlement is durable',
          actions: assign(({ context, event }) => settled(context, event)),
        },
        DECLINE: {
          description: 'the settlement changed nothing',
          actions: assign(({ context, event }) => declined(context, event)),
        },
        RESTORE: {
          description: 'drops what is tentative and goes on from the confirmed seats',
          actions: assign(({ event }) => restored(event)),
        },
        DOUBT: 'doubtful',
        STALL: 'stalled',
        BREAK: 'broken',
      },
    },
    doubtful: {
      description: 'The answer to a batch is missing; commands wait until its outcome is known.',
      entry: assign({ isInDoubt: true }),
      on: {
        SEAL: { description: 'it is sealed once the outcome is known', actions: assign({ isSealed: true }) },
        STALL: 'stalled',
        RESTORE: [
          {
            description: 'goes on from the confirmed seats; the schedule is sealed',
            guard: ({ context }) => context.isSealed,
            target: 'sealed',
            actions: assign(({ event }) => restored(event)),
          },
          {
            description: 'goes on from the confirmed seats',
            target: 'serving',
            actions: assign(({ event }) => restored(event)),
          },
        ],
        BREAK: 'broken',
      },
    },
    stalled: {
      description: 'The answer to a batch is late; all commands that waited were answered, and new ones are rejected.',
      on: {
        SEAL: { description: 'it is sealed once the outcome is known', actions: assign({ isSealed: true }) },
        DOUBT: { description: 'the answer is missing, too', actions: assign({ isInDoubt: true }) },
        RESUME: [
          {
            description: 'the batch was committed and was never in doubt; the schedule is sealed',
            guard: ({ context }) => !context.isInDoubt && context.isSealed,
            target: 'sealed',
          },
          {
            description: 'the batch was committed and was never in doubt',
            guard: ({ context }) => !context.isInDoubt,
            target: 'serving',
          },
        ],
        RESTORE: [
          {
            description: 'goes on from the confirmed seats; the schedule is sealed',
            guard: ({ context }) => context.isSealed,
            target: 'sealed',
            actions: assign(({ event }) => restored(event)),
          },
          {
            description: 'goes on from the confirmed seats',
            target: 'serving',
            actions: assign(({ event }) => restored(event)),
          },
        ],
        BREAK: 'broken',
      },
    },
    broken: {
      description: 'A decision threw, so its seats cannot be trusted; the schedule is about to be loaded again.',
    },
    lost: {
      description: 'Another node owns the schedule, or no node does: this actor is dropped.',
      type: 'final',
    },
  },
  on: { LOSE: '.lost' },
});

/** The machine itself, for drawing it. */
export { scheduleMachine };

/** The state of a schedule at its owner. */
export type ScheduleState = StateValueFrom<typeof scheduleMachine>;

/** A started machine. */
export interface RunningMachine {
  readonly hall: Hall;
  readonly state: ScheduleState;
  /** The events that were logged for `event`, maybe none; null when a guard refused it, or the state has no place for it. */
  send(event: ScheduleMachineEvent): readonly SeatEvent[] | null;
}

/** Starts a machine. A throw in it is a bug: it reaches `onBug`, and the machine is `broken` by then. */
export function startScheduleMachine(input: ScheduleMachineInput, onBug: (error: unknown) => void): RunningMachine {
  let actor = createActor(scheduleMachine, { input });
  // Kept, because the path of every hold asks for state and seats many times.
  let snapshot = actor.getSnapshot();
  actor.subscribe({
    error(error) {
      // XState takes no more events after a throw, so another actor goes on where this one was.
      const { value, context } = actor.getSnapshot();
      actor = createActor(scheduleMachine, { input, snapshot: scheduleMachine.resolveState({ value, context }) });
      actor.start();
      actor.send({ type: 'BREAK' });
      snapshot = actor.getSnapshot();
      onBug(error);
    },
  });
  actor.start();
  return {
    get hall() {
      return snapshot.context.hall;
    },
    get state() {
      return snapshot.value;
    },
    send(event) {
      const before = snapshot.context;
      actor.send(event);
      snapshot = actor.getSnapshot();
      const after = snapshot.context;
      return after === before ? null : after.logged;
    },
  };
}
