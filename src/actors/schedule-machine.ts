import { assign, setup, type StateValueFrom } from 'xstate';
import { Hall } from './hall.ts';
import { decideHold } from './hold-rules.ts';
import type { Restore, ScheduleMachineEvent, Seal } from './schedule-machine-event.ts';
import type { Seat } from './seat.ts';
import * as boxOffice from './box-office-changes.ts';
import * as decisions from './seat-decisions.ts';

/*
 * The state of one concert schedule and its decisions. Owns the tentative state of its seats: everything decided so far,
 * durable or not. Does not own time, ids, replies or durability: instants and ids arrive in the events, and the schedule actor
 * keeps the confirmed state.
 *
 * The states. LOSE leads from each of them to `lost`; BREAK leads from the first four to `broken`.
 * - serving: decides. It is the first state, and RESTORE leads back to it.
 * - sealed: decides nothing new and ends what it has begun, so that the schedule can move. SEAL leads here. After a doubtful or
 *     a late batch a schedule that was sealed is sealed again.
 * - doubtful: the answer to the batch in flight is missing. DOUBT leads here; only RESTORE leads on.
 * - stalled: the answer is so late that no caller waits for it. STALL leads here; only RESTORE leads on.
 * - broken: a decision threw, which is a bug, so the seats cannot be trusted. Only LOSE leads on: the schedule is loaded again.
 * - lost: another node owns the schedule, or no node does. It is the last state.
 *
 * MACHINE-1. A seat has at most one live reservation: HOLD is granted only where every seat asked for is free or the caller's own hold.
 * MACHINE-2. An end names the reservation that it ends; a late one can never end a later hold of the same seat.
 * MACHINE-3. A seat whose settlement is being decided changes only by that settlement's outcome.
 * MACHINE-4. Nothing here throws, reads a clock or waits. Guards refuse, and a refused event changes nothing; `assign` applies.
 * MACHINE-5. Only a serving schedule decides; a sealed one still takes over what its settlements came to.
 */

export interface ScheduleMachineInput {
  readonly seats: readonly Seat[];
  readonly seatsPerUser: number;
}

const restore = assign<decisions.ScheduleContext, Restore, undefined, ScheduleMachineEvent, never>(({ event }) =>
  decisions.restore(event),
);

const seal = assign<decisions.ScheduleContext, Seal, undefined, ScheduleMachineEvent, never>({ isSealed: true });

/** Of a schedule that waits for the outcome of its batch. */
const afterOutcome = {
  SEAL: { description: 'it is sealed once the outcome is known', actions: seal },
  RESTORE: [
    {
      description: 'goes on from the confirmed seats; the schedule is sealed',
      guard: ({ context }: { context: decisions.ScheduleContext }) => context.isSealed,
      target: 'sealed',
      actions: restore,
    },
    { description: 'goes on from the confirmed seats', target: 'serving', actions: restore },
  ],
  BREAK: 'broken',
} as const;

export const scheduleMachine = setup({
  types: {
    context: {} as decisions.ScheduleContext,
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
    logged: [],
    isSealed: false,
  }),
  initial: 'serving',
  states: {
    serving: {
      description: 'Decides. Every grant is tentative until its flush is committed.',
      on: {
        HOLD: {
          description: 'all seats free, or held by the caller already, and within the limit',
          guard: ({ context, event }) => decideHold(context.hall, context.seatsPerUser, event).type === 'legal',
          actions: assign(({ context, event }) => decisions.hold(context, event)),
        },
        EXTEND: {
          description: 'a hold of the caller’s has not had all of its time',
          guard: ({ context, event }) => decisions.mayExtend(context, event),
          actions: assign(({ context, event }) => decisions.extend(context, event)),
        },
        RELEASE: {
          description: 'the hold is the caller’s',
          guard: ({ context, event }) => decisions.mayRelease(context, event),
          actions: assign(({ context, event }) => decisions.release(context, event)),
        },
        CANCEL_HOLDS: { actions: assign(({ context, event }) => decisions.cancelHolds(context, event)) },
        CANCEL_ALL_HOLDS: {
          description: 'the organiser has cancelled the date',
          actions: assign(({ context, event }) => decisions.cancelAllHolds(context, event)),
        },
        EXPIRE: {
          description: 'holds whose time is surely over',
          actions: assign(({ context, event }) => decisions.expire(context, event)),
        },
        BLOCK: {
          description: 'all seats are free, or blocked already',
          guard: ({ context, event }) => boxOffice.mayBlock(context, event),
          actions: assign(({ context, event }) => boxOffice.block(context, event)),
        },
        COMP: {
          description: 'the seat is free',
          guard: ({ context, event }) => boxOffice.mayComp(context, event),
          actions: assign(({ context, event }) => boxOffice.comp(context, event)),
        },
        MOVE: {
          description: 'the reservation is live, no settlement of it is being decided, and the seat is free',
          guard: ({ context, event }) => boxOffice.mayMove(context, event),
          actions: assign(({ context, event }) => boxOffice.move(context, event)),
        },
        TAKE_UP_PAYMENT: {
          description: 'every reservation is the caller’s hold',
          guard: ({ context, event }) => decisions.mayTakeUpPayment(context, event),
          actions: assign(({ context, event }) => decisions.takeUpPayment(context, event)),
        },
        TAKE_UP_REFUND: {
          description: 'the payment’s seats are the caller’s',
          guard: ({ context, event }) => decisions.mayTakeUpRefund(context, event),
          actions: assign(({ context, event }) => decisions.takeUpRefund(context, event)),
        },
        SETTLE: {
          description: 'the settlement is durable',
          actions: assign(({ context, event }) => decisions.settle(context, event)),
        },
        DECLINE: {
          description: 'the settlement changed nothing',
          actions: assign(({ context, event }) => decisions.decline(context, event)),
        },
        SEAL: { target: 'sealed', actions: seal },
        RESTORE: { description: 'drops what is tentative and goes on from the confirmed seats', actions: restore },
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
          actions: assign(({ context, event }) => decisions.settle(context, event)),
        },
        DECLINE: {
          description: 'the settlement changed nothing',
          actions: assign(({ context, event }) => decisions.decline(context, event)),
        },
        RESTORE: { description: 'drops what is tentative and goes on from the confirmed seats', actions: restore },
        DOUBT: 'doubtful',
        STALL: 'stalled',
        BREAK: 'broken',
      },
    },
    doubtful: {
      description: 'The answer to a batch is missing; commands wait until its outcome is known.',
      on: { STALL: 'stalled', ...afterOutcome },
    },
    stalled: {
      description: 'The answer to a batch is late; all commands that waited were answered, and new ones are rejected.',
      on: afterOutcome,
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

/** The state of a schedule at its owner. */
export type ScheduleState = StateValueFrom<typeof scheduleMachine>;
