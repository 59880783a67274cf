/**
 * The waiting room's only way to PostgreSQL for what it decides: one statement is in flight at a time, and what gathers
 * meanwhile goes with the next. So no two decisions about one token are ever under way together, and an entry that
 * finds room is admitted in the same cycle.
 *
 * A statement whose outcome is unknown stops the cycle until the doubt is resolved; a store that refuses makes it rest.
 */
import type { Clock } from '../runtime/clock.ts';

/** What a flush came to: nothing had gathered, something was done, or the store would not have it. */
export type FlushResult = 'idle' | 'done' | 'failed';

/** One kind of statement. */
export interface WriteStep {
  /** Sends what has gathered in at most one writing statement, and lets its outcome take effect. Never throws. */
  flush(): Promise<FlushResult>;
}

export interface WriteCycle {
  /** Something has gathered. */
  wake(): void;
  /** Resolves with what a cycle came to that began after the call; `failed` when it is closed. */
  next(): Promise<FlushResult>;
  /** Lets the current cycle end, then stops for good. */
  close(): Promise<void>;
}

/** A store that was away is tried again soon: the first success after its return must come within 2 s. */
const FIRST_REST_MS = 50;
const LONGEST_REST_MS = 800;

export function createWriteCycle({
  clock,
  works,
  afterCycle,
}: {
  clock: Clock;
  /** In the order in which a cycle flushes them. A failed one ends the cycle. */
  works: readonly WriteStep[];
  /** Called after every cycle, also a failed one. */
  afterCycle: (result: FlushResult) => void;
}): WriteCycle {
  let running: Promise<void> | null = null;
  let isAskedFor = false;
  let isClosed = false;
  let restMs = 0;
  let endRest: (() => void) | null = null;
  let waiting: ((result: FlushResult) => void)[] = [];

  async function flushAll(): Promise<FlushResult> {
    let result: FlushResult = 'idle';
    for (const work of works) {
      const flushed = await work.flush();
      if (flushed === 'failed') return 'failed';
      if (flushed === 'done') result = 'done';
    }
    return result;
  }

  function rest(): Promise<void> {
    restMs = Math.min(LONGEST_REST_MS, Math.max(FIRST_REST_MS, 2 * restMs));
    return new Promise((resolve) => {
      const cancel = clock.after(restMs, resolve);
      endRest = () => {
        cancel();
        resolve();
      };
    });
  }

  async function run(): Promise<void> {
    while (isAskedFor && !isClosed) {
      isAskedFor = false;
      const callers = waiting;
      waiting = [];
      const result = await flushAll();
      afterCycle(result);
      for (const resolve of callers) resolve(result);
      if (result !== 'idle') isAskedFor = true;
      if (result !== 'failed') restMs = 0;
      else if (!isClosed) await rest();
    }
  }

  function wake(): void {
    isAskedFor = true;
    if (running !== null || isClosed) return;
    // Begins in a turn of its own, so that what one turn asks for goes together.
    running = new Promise<void>((resolve) => setImmediate(resolve)).then(run).finally(() => {
      running = null;
      if (isAskedFor) wake();
    });
  }

  return {
    wake,

    next() {
      if (isClosed) return Promise.resolve('failed');
      return new Promise((resolve) => {
        waiting.push(resolve);
        wake();
      });
    },

    async close() {
      isClosed = true;
      endRest?.();
      await running;
      for (const resolve of waiting) resolve('failed');
      waiting = [];
    },
  };
}
