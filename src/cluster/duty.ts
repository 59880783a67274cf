import type { Clock } from '../runtime/clock.ts';
import type { Log } from '../runtime/log.ts';

/** Something that runs on the node that may own, and nowhere else. */
export interface Runnable {
  start(): Promise<void>;
  close(): Promise<void>;
}

export interface Duty<T> {
  /** What runs now, once it has started; null while this node has not the duty. */
  current(): T | null;
  /** Takes the duty up or lays it down; the last call counts. Settles when that is done or has first failed. */
  assign(isOn: boolean): Promise<void>;
  close(): Promise<void>;
}

const RETRY_PAUSE_MS = 500;

/**
 * Starts a new instance whenever the duty is taken up and closes it when it is laid down, one transition after the other.
 * A start that fails is tried again for as long as the duty stands.
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
