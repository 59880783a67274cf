import type { Clock } from '../runtime/clock.ts';
import type { Log } from '../runtime/log.ts';

/** Longer than draining takes: requests 8 s, the waiting room and schedules 5 s each. */
const LIMIT_MS = 18_000;
/** The time that a step gets when earlier ones have used up the limit: enough for a step that does not hang. */
const LEAST_STEP_MS = 500;

/** Undoes the steps of a start in reverse order; a failed step does not stop the others. */
export interface Undoing {
  /**
   * A step that does not end is abandoned after a while, unless it is vital: a vital step bounds its own time. A step that is
   * added after undoing has begun is undone at once.
   */
  add(name: string, run: () => unknown, weight?: 'vital'): void;
  /** Never rejects. Idempotent. */
  run(): Promise<void>;
}

interface Step {
  readonly name: string;
  readonly run: () => unknown;
  readonly isVital: boolean;
}

export function createUndoing({ log, clock }: { log: Log; clock: Clock }): Undoing {
  const steps: Step[] = [];
  let undoing: Promise<void> | null = null;
  let deadlineMs = Number.POSITIVE_INFINITY;

  async function attempt({ name, run }: Step): Promise<void> {
    try {
      await run();
    } catch (error) {
      log.warn({ err: error, step: name }, 'a step of the stop failed');
    }
  }

  async function undo(step: Step): Promise<void> {
    const ending = attempt(step);
    if (step.isVital) {
      await ending;
      // A vital step's time does not count against the later ones.
      deadlineMs = clock.monotonicMs() + LIMIT_MS;
      return;
    }
    const patienceMs = Math.max(deadlineMs - clock.monotonicMs(), LEAST_STEP_MS);
    await new Promise<void>((resolve) => {
      const cancel = clock.after(patienceMs, () => {
        log.error({ step: step.name }, 'a step of the stop does not end; continuing without it');
        resolve();
      });
      void ending.then(() => {
        cancel();
        resolve();
      });
    });
  }

  async function undoAll(): Promise<void> {
    deadlineMs = clock.monotonicMs() + LIMIT_MS;
    for (let step = steps.pop(); step !== undefined; step = steps.pop()) await undo(step);
  }

  return {
    add(name, run, weight) {
      const step = { name, run, isVital: weight === 'vital' };
      if (undoing === null) steps.push(step);
      else undoing = Promise.all([undoing, undo(step)]).then(() => undefined);
    },
    run: () => (undoing ??= undoAll()),
  };
}
