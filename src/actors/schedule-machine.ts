import { assign, createActor, setup, type Actor } from 'xstate';
import type { RejectionCode } from '../errors.ts';
import { applyEvents, type Seat } from './seat.ts';
import type { SeatEvent } from './seat-event.ts';

/*
 * The decisions of one concert schedule. Owns the tentative state of its seats: everything decided so far, durable or not.
 * Does not own time, ids, replies or durability: instants and ids arrive in the events, what was decided is read from
 * `context.decision` after `send`, and the schedule actor keeps the confirmed state.
 *
 * M1. A seat has at most one live reservation: HOLD is granted only where every seat asked for is free or the caller's own hold.
 * M2. An end names the reservation that it ends; a late one can never end a later hold of the same seat.
 * M3. A seat whose settlement is being decided changes only by that settlement's outcome.
 * M4. Nothing here throws, reads a clock or waits. Guards refuse, `assign` applies.
 * M5. A frozen or lost schedule decides nothing.
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

export type MachineDecision =
  | { readonly type: 'granted'; readonly events: readonly SeatEvent[] }
  | { readonly type: 'refused'; readonly code: RejectionCode; readonly seatNumbers: readonly number[] };

interface ScheduleContext {
  readonly seats: readonly Seat[];
  readonly seatsPerUser: number;
  readonly decision: MachineDecision;
}

export interface ScheduleMachineInput {
  readonly seats: readonly Seat[];
  readonly seatsPerUser: number;
}

const GRANTED: MachineDecision = { type: 'granted', events: [] };

function seatOf(context: ScheduleContext, seatNumber: number): Seat | undefined {
  return context.seats[seatNumber - 1];
}

function isOwnHold(seat: Seat, userId: string): boolean {
  return seat.status === 'HELD' && seat.live.userId === userId;
}

function takenSeats(context: ScheduleContext, event: Hold): number[] {
  return event.seatNumbers
    .filter((seatNumber) => {
      const seat = seatOf(context, seatNumber);
      return seat !== undefined && seat.status !== 'AVAILABLE' && !isOwnHold(seat, event.userId);
    })
    .sort((a, b) => a - b);
}

function wouldExceedLimit(context: ScheduleContext, event: Hold): boolean {
  let live = 0;
  for (const seat of context.seats) {
    if (seat.live !== null && seat.live.userId === event.userId) live += 1;
  }
  let added = 0;
  for (const seatNumber of event.seatNumbers) {
    const seat = seatOf(context, seatNumber);
    if (seat !== undefined && (seat.live === null || seat.live.userId !== event.userId)) added += 1;
  }
  return added > 0 && live + added > context.seatsPerUser;
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
  for (const seat of context.seats) {
    if (seat.status !== 'HELD') continue;
    const instant = at(seat);
    if (instant === null) continue;
    events.push({ type, seatNumber: seat.seatNumber, reservationId: seat.live.reservationId, at: instant });
  }
  return events;
}

function withStatus(
  seats: readonly Seat[],
  from: Seat['status'],
  to: 'HELD' | 'PAYING' | 'CONFIRMED' | 'REFUNDING',
  isMeant: (seat: Seat) => boolean,
): readonly Seat[] {
  return seats.map((seat) =>
    seat.live !== null && seat.status === from && isMeant(seat) ? { ...seat, status: to } : seat,
  );
}

function logged(context: ScheduleContext, events: readonly SeatEvent[]): Partial<ScheduleContext> {
  return { seats: applyEvents(context.seats, events), decision: { type: 'granted', events } };
}

function refused(code: RejectionCode, seatNumbers: readonly number[] = []): Partial<ScheduleContext> {
  return { decision: { type: 'refused', code, seatNumbers } };
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
  context: ({ input }) => ({ ...input, decision: GRANTED }),
  initial: 'serving',
  states: {
    serving: {
      description: 'Decides. Every grant is tentative until its flush is committed.',
      on: {
        HOLD: [
          {
            description: 'a seat that the hall does not have',
            guard: ({ context, event }) => event.seatNumbers.some((number) => seatOf(context, number) === undefined),
            actions: assign(() => refused('SEAT_NOT_FOUND')),
          },
          {
            description: 'more live seats than one user may have',
            guard: ({ context, event }) => wouldExceedLimit(context, event),
            actions: assign(() => refused('SEAT_LIMIT_REACHED')),
          },
          {
            description: 'a seat that is held by another, or sold',
            guard: ({ context, event }) => takenSeats(context, event).length > 0,
            actions: assign(({ context, event }) => refused('SEAT_TAKEN', takenSeats(context, event))),
          },
          {
            description: 'all seats free, or held by the caller already',
            actions: assign(({ context, event }) => logged(context, holdEvents(context, event))),
          },
        ],
        RELEASE: [
          {
            description: 'the hold is the caller’s',
            guard: ({ context, event }) =>
              context.seats.some(
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
          {
            description: 'no such hold any more',
            actions: assign(() => refused('RESERVATION_NOT_HELD')),
          },
        ],
        CANCEL_HOLDS: {
          actions: assign(({ context, event }) =>
            logged(
              context,
              endsWhere(context, 'CANCELLED', (seat) => (seat.live?.userId === event.userId ? event.at : null)),
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
        TAKE_UP_PAYMENT: [
          {
            description: 'every reservation is the caller’s hold',
            guard: ({ context, event }) =>
              event.reservationIds.every((id) =>
                context.seats.some((seat) => isOwnHold(seat, event.userId) && seat.live?.reservationId === id),
              ),
            actions: assign(({ context, event }) => ({
              seats: withStatus(
                context.seats,
                'HELD',
                'PAYING',
                (seat) => seat.live !== null && event.reservationIds.includes(seat.live.reservationId),
              ),
              decision: GRANTED,
            })),
          },
          {
            description: 'a reservation that is not held',
            actions: assign(() => refused('RESERVATION_NOT_HELD')),
          },
        ],
        TAKE_UP_REFUND: [
          {
            description: 'the payment’s seats are the caller’s',
            guard: ({ context, event }) =>
              context.seats.some(
                (seat) =>
                  seat.status === 'CONFIRMED' &&
                  seat.live.paymentId === event.paymentId &&
                  seat.live.userId === event.userId,
              ),
            actions: assign(({ context, event }) => ({
              seats: withStatus(
                context.seats,
                'CONFIRMED',
                'REFUNDING',
                (seat) => seat.live?.paymentId === event.paymentId,
              ),
              decision: GRANTED,
            })),
          },
          {
            description: 'nothing of that payment is left',
            actions: assign(() => refused('PAYMENT_NOT_FOUND')),
          },
        ],
        SETTLE: {
          description: 'the settlement is durable',
          actions: assign(({ context, event }) => logged(context, event.events)),
        },
        DECLINE: {
          description: 'the settlement came to nothing',
          actions: assign(({ context, event }) => {
            const isMeant = (seat: Seat) =>
              seat.live !== null && event.reservationIds.includes(seat.live.reservationId);
            return {
              seats: withStatus(
                withStatus(context.seats, 'PAYING', 'HELD', isMeant),
                'REFUNDING',
                'CONFIRMED',
                isMeant,
              ),
              decision: GRANTED,
            };
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
      actions: assign(({ event }) => ({ seats: event.seats, decision: GRANTED })),
    },
  },
});

type ScheduleMachine = typeof scheduleMachine;

/** The machine itself, for drawing it. */
export { scheduleMachine };

/** A started machine. A throw in it is a bug and reaches `onBug`; the machine is unusable from then on. */
export function startScheduleMachine(
  input: ScheduleMachineInput,
  onBug: (error: unknown) => void,
): Actor<ScheduleMachine> {
  const actor = createActor(scheduleMachine, { input });
  actor.subscribe({ error: onBug });
  actor.start();
  return actor;
}
