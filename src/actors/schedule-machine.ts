import { assign, createActor, setup } from 'xstate';
import { Hall } from './hall.ts';
import { isOwnHold, mayHold } from './hold-rules.ts';
import type { Seat } from './seat.ts';
import type { SeatEvent } from './seat-event.ts';

/*
 * The decisions of one concert schedule. Owns the tentative state of its seats: everything decided so far, durable or not.
 * Does not own time, ids, replies or durability: instants and ids arrive in the events, and the schedule actor keeps the
 * confirmed state.
 *
 * MACHINE-1. A seat has at most one live reservation: HOLD is granted only where every seat asked for is free or the caller's own hold.
 * MACHINE-2. An end names the reservation that it ends; a late one can never end a later hold of the same seat.
 * MACHINE-3. A seat whose settlement is being decided changes only by that settlement's outcome.
 * MACHINE-4. Nothing here throws, reads a clock or waits. Guards refuse, and a refused event changes nothing; `assign` applies.
 * MACHINE-5. A frozen or lost schedule decides nothing.
 */

interface Hold {
  readonly type: 'HOLD';
  readonly userId: string;
  readonly seatNumbers: readonly number[];
  /** A fresh id for each seat number; those of seats that are held already stay unused. */
  readonly reservationIds: readonly string[];
  readonly at: number;
  readonly expiresAt: number;
}

interface Release {
  readonly type: 'RELEASE';
  readonly userId: string;
  readonly reservationId: string;
  readonly at: number;
}

interface CancelHoldsOfUser {
  readonly type: 'CANCEL_HOLDS';
  readonly userId: string;
  /** Later holds stay. */
  readonly heldBefore: number;
  readonly at: number;
}

/** `dueBy` bounds the database's clock from below: only holds that have surely ended are ended. */
interface Expire {
  readonly type: 'EXPIRE';
  readonly dueBy: number;
}

interface TakeUpPayment {
  readonly type: 'TAKE_UP_PAYMENT';
  readonly userId: string;
  readonly reservationIds: readonly string[];
}

interface TakeUpRefund {
  readonly type: 'TAKE_UP_REFUND';
  readonly userId: string;
  readonly paymentId: string;
}

/** A settlement was committed with these events. */
interface Settle {
  readonly type: 'SETTLE';
  readonly events: readonly SeatEvent[];
}

/** A settlement came to nothing: its seats are what they were. */
interface Decline {
  readonly type: 'DECLINE';
  readonly reservationIds: readonly string[];
}

/** The outcome of a flush is in doubt, or the schedule is about to move. */
interface Freeze {
  readonly type: 'FREEZE';
}

/** Goes on from these seats, which are the confirmed ones. */
interface Restore {
  readonly type: 'RESTORE';
  readonly seats: readonly Seat[];
}

interface Lose {
  readonly type: 'LOSE';
}

export type ScheduleMachineEvent =
  | Hold
  | Release
  | CancelHoldsOfUser
  | Expire
  | TakeUpPayment
  | TakeUpRefund
  | Settle
  | Decline
  | Freeze
  | Restore
  | Lose;

interface ScheduleContext {
  readonly hall: Hall;
  readonly seatsPerUser: number;
  /** What the last event that was taken logged. An event that is refused changes nothing, this included. */
  readonly logged: readonly SeatEvent[];
}

export interface ScheduleMachineInput {
  readonly seats: readonly Seat[];
  readonly seatsPerUser: number;
}

const NOTHING: readonly SeatEvent[] = [];

function seatOf(context: ScheduleContext, seatNumber: number): Seat | undefined {
  return context.hall.seats[seatNumber - 1];
}

function holdEvents(context: ScheduleContext, event: Hold): SeatEvent[] {
  const events: SeatEvent[] = [];
  for (const [position, seatNumber] of event.seatNumbers.entries()) {
    const seat = seatOf(context, seatNumber);
    const reservationId = event.reservationIds[position];
    if (seat === undefined || seat.status !== 'AVAILABLE' || reservationId === undefined) continue;
    const { userId, at, expiresAt } = event;
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
  context: ({ input }) => ({ hall: new Hall(input.seats), seatsPerUser: input.seatsPerUser, logged: NOTHING }),
  initial: 'serving',
  states: {
    serving: {
      description: 'Decides. Every grant is tentative until its flush is committed.',
      on: {
        HOLD: {
          description: 'all seats free, or held by the caller already, and within the limit',
          guard: ({ context, event }) => mayHold(context.hall, context.seatsPerUser, event),
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
          actions: assign(({ context, event }) => logged(context, event.events)),
        },
        DECLINE: {
          description: 'the settlement came to nothing',
          actions: assign(({ context, event }) => {
            const isMeant = isReservedAs(event.reservationIds);
            context.hall.turn('PAYING', 'HELD', isMeant);
            context.hall.turn('REFUNDING', 'CONFIRMED', isMeant);
            return { logged: NOTHING };
          }),
        },
        FREEZE: 'frozen',
        LOSE: 'lost',
      },
    },
    frozen: {
      description: 'Waits to learn what became of a flush; commands wait in the mailbox.',
      on: { LOSE: 'lost' },
    },
    lost: {
      description: 'Another node owns the schedule, or nobody: this actor is dropped.',
      type: 'final',
    },
  },
  on: {
    RESTORE: {
      target: '.serving',
      description: 'what was tentative is gone; goes on from the confirmed seats',
      actions: assign(({ event }) => ({ hall: new Hall(event.seats), logged: NOTHING })),
    },
  },
});

/** The machine itself, for drawing it. */
export { scheduleMachine };

/** A started machine. */
export interface RunningMachine {
  readonly hall: Hall;
  /** The events that were logged for `event`, maybe none; null when a guard refused it, or the state has no place for it. */
  send(event: ScheduleMachineEvent): readonly SeatEvent[] | null;
}

/** Starts a machine. A throw in it is a bug and reaches `onBug`; the machine is unusable from then on. */
export function startScheduleMachine(input: ScheduleMachineInput, onBug: (error: unknown) => void): RunningMachine {
  const actor = createActor(scheduleMachine, { input });
  actor.subscribe({ error: onBug });
  actor.start();
  return {
    get hall() {
      return actor.getSnapshot().context.hall;
    },
    send(event) {
      const before = actor.getSnapshot().context;
      actor.send(event);
      const after = actor.getSnapshot().context;
      return after === before ? null : after.logged;
    },
  };
}
