import { createActor } from 'xstate';
import type { Hall } from './hall.ts';
import { scheduleMachine, type ScheduleMachineInput, type ScheduleState } from './schedule-machine.ts';
import type { ScheduleMachineEvent } from './schedule-machine-event.ts';
import type { SeatEvent } from './seat-event.ts';

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
