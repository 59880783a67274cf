import type { Clock } from '../runtime/clock.ts';
import type { Log } from '../runtime/log.ts';

/** Longer than draining takes: requests 8 s, the waiting room and mailboxes 5 s each. */
const LIMIT_MS = 18_000;
/** What a step gets when a former one has used the time up: enough to end what is not stuck. */
const LEAST_STEP_MS = 500;

/** Undoes what a start did, the last thing first, each step whatever became of the others. */
export interface Undoing {
  /**
   * A step that does not end is left to itself after a while, unless it is vital: it bounds its own time. What is added after
   * undoing has begun is undone at once.
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
      log.warn({ err: error, step: name }, 'a step of stopping failed');
    }
  }

  async function undo(step: Step): Promise<void> {
    const ending = attempt(step);
    if (step.isVital) {
      await ending;
      // What it took is not taken from those that follow.
      deadlineMs = clock.monotonicMs() + LIMIT_MS;
      return;
    }
    const patienceMs = Math.max(deadlineMs - clock.monotonicMs(), LEAST_STEP_MS);
    await new Promise<void>((resolve) => {
      const cancel = clock.after(patienceMs, () => {
        log.error({ step: step.name }, 'a step of stopping does not end; the rest is stopped without it');
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
