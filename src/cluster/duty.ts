import type { Clock } from '../runtime/clock.ts';
import type { Log } from '../runtime/log.ts';

/** A part that runs only on the node that may own schedules. */
export interface Runnable {
  start(): Promise<void>;
  close(): Promise<void>;
}

export interface Duty<T> {
  /** The running part, once it has started; null while this node does not have the duty. */
  current(): T | null;
  /** Starts or stops the duty; the last call counts. Resolves when that is done, or after the first failure. */
  assign(isOn: boolean): Promise<void>;
  close(): Promise<void>;
}

const RETRY_PAUSE_MS = 500;

/**
 * Creates and starts a part when the duty begins, and closes the part when the duty ends, one transition after the other.
 * A failed start is retried until the duty ends.
 */
export function createDuty<T extends Runnable>(deps: {
  readonly name: string;
  readonly create: () => T;
  readonly clock: Clock;
  readonly log: Log;
}): Duty<T> {
  const { name, create, clock, log } = deps;
  let isWanted = false;
  let isClosed = false;
  let running: T | null = null;
  let last: Promise<void> = Promise.resolve();

  async function settle(): Promise<void> {
    if (isWanted && running === null) {
      const next = create();
      try {
        await next.start();
        running = next;
      } catch (error) {
        log.warn({ err: error, duty: name }, 'a duty of this node could not be taken up; trying again');
        clock.after(RETRY_PAUSE_MS, () => {
          if (!isClosed) void enqueue();
        });
        await next.close();
      }
    } else if (!isWanted && running !== null) {
      const former = running;
      running = null;
      await former.close();
    }
  }

  function enqueue(): Promise<void> {
    last = last.then(settle).catch((error: unknown) => {
      log.error({ err: error, duty: name }, 'a duty of this node could not be laid down');
    });
    return last;
  }

  return {
    current: () => running,
    assign(isOn) {
      isWanted = isOn && !isClosed;
      return enqueue();
    },
    async close() {
      isClosed = true;
      isWanted = false;
      await enqueue();
    },
  };
}
