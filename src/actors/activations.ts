/**
 * Schedules that are being brought to this node, and the commands that wait for them.
 *
 * It owns the commands that wait, and their bounds. `arrived` takes over a schedule that has come.
 * ACTIVATE-1. A schedule is activated once at a time, and commands wait for it in their order.
 * ACTIVATE-2. No command waits for a late activation. The activation goes on, and commands that arrive meanwhile fail at once.
 * ACTIVATE-3. Every command that waits is answered once, forwarded, or given to `arrived`.
 */
import type { Clock } from '../runtime/clock.ts';
import { Fault } from '../domain/errors.ts';
import type { Log } from '../runtime/log.ts';
import type { ActivationOutcome, OwnedSchedule, Ownership } from './ownership-port.ts';
import { answerPending, type PendingCommand } from './pending-command.ts';

/** Activations at a time. They share statements, and the number of statements at a time is bounded where they are sent. */
const ACTIVATIONS_AT_ONCE = 128;
/** Commands that wait for activations; more than this is a flood of ids. */
const WAITING_LIMIT = 20_000;
/** From here on a caller is better served by a 503 than by waiting on. */
const LATE_ACTIVATION_MS = 1_500;

export interface Activations {
  /** Commands that wait. */
  readonly waiting: number;
  /** Whether none is under way or about to be. */
  readonly isQuiet: boolean;
  /** Takes the command in until its schedule has come, and sees to it that it comes. */
  await(pending: PendingCommand): void;
}

/** A schedule that is being brought to life, and the commands that wait for it. */
interface Activating {
  readonly waiting: PendingCommand[];
  isLate: boolean;
  readonly cancelPatience: () => void;
}

export function createActivations(deps: {
  readonly ownership: Pick<Ownership, 'activate'>;
  readonly clock: Clock;
  readonly log: Log;
  /** The schedule is this node's; `waiting` are the commands for it so far. */
  readonly arrived: (schedule: OwnedSchedule, waiting: readonly PendingCommand[]) => void;
}): Activations {
  const { ownership, clock, log, arrived } = deps;
  const activating = new Map<number, Activating>();
  const toActivate = new Set<number>();
  let underWay = 0;
  let waiting = 0;

  async function activate(scheduleId: number): Promise<void> {
    let outcome: ActivationOutcome | null = null;
    try {
      outcome = await ownership.activate(scheduleId);
    } catch (error) {
      if (!(error instanceof Fault)) log.error({ err: error, scheduleId }, 'a schedule could not be activated');
    }
    const activation = activating.get(scheduleId);
    activation?.cancelPatience();
    activating.delete(scheduleId);
    conclude(outcome, activation?.waiting ?? []);
  }

  function conclude(outcome: ActivationOutcome | null, commands: readonly PendingCommand[]): void {
    waiting -= commands.length;
    switch (outcome?.type) {
      case 'owned':
        arrived(outcome.schedule, commands);
        return;
      case 'elsewhere':
        for (const pending of commands) if (!pending.answered) pending.handOn(pending, outcome.owner);
        return;
      case 'unknown':
        for (const pending of commands) {
          answerPending(pending, { outcome: 'refused', rejection: { code: 'SCHEDULE_NOT_FOUND', members: {} } });
        }
        return;
      case undefined:
        for (const pending of commands) failForStore(pending);
        return;
    }
  }

  function activateNext(): void {
    while (underWay < ACTIVATIONS_AT_ONCE) {
      const [scheduleId] = toActivate;
      if (scheduleId === undefined) return;
      toActivate.delete(scheduleId);
      underWay += 1;
      void activate(scheduleId).finally(() => {
        underWay -= 1;
        activateNext();
      });
    }
  }

  function begin(scheduleId: number): Activating {
    const activation: Activating = {
      waiting: [],
      isLate: false,
      cancelPatience: clock.after(LATE_ACTIVATION_MS, () => giveUpWaiting(scheduleId, activation)),
    };
    activating.set(scheduleId, activation);
    toActivate.add(scheduleId);
    return activation;
  }

  function giveUpWaiting(scheduleId: number, activation: Activating): void {
    activation.isLate = true;
    // No command waits for it any more, so an activation that has not begun is dropped.
    if (toActivate.delete(scheduleId)) activating.delete(scheduleId);
    const commands = activation.waiting.splice(0);
    waiting -= commands.length;
    for (const pending of commands) failForStore(pending);
  }

  return {
    get waiting() {
      return waiting;
    },
    get isQuiet() {
      return activating.size === 0;
    },
    await(pending) {
      const { scheduleId } = pending.command;
      if (waiting >= WAITING_LIMIT) {
        answerPending(pending, { outcome: 'failed', code: 'OVERLOADED', effect: 'none' });
        return;
      }
      const activation = activating.get(scheduleId) ?? begin(scheduleId);
      if (activation.isLate) {
        failForStore(pending);
        return;
      }
      waiting += 1;
      activation.waiting.push(pending);
      activateNext();
    },
  };
}

function failForStore(pending: PendingCommand): void {
  answerPending(pending, { outcome: 'failed', code: 'STORE_UNAVAILABLE', effect: 'none' });
}
