import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock } from '../../runtime/clock.ts';
import { Fault } from '../../domain/errors.ts';
import type { Log } from '../../runtime/log.ts';
import type { LiveRoom, QueuePresence } from './queue-presence.ts';

/** The number of tokens that are looked up and served before other work gets a turn; about 4 ms when all have moved. */
const SLICE = 200;
/** Slightly longer than the least interval between two position frames, so that no token is skipped by a few milliseconds. */
const SWEEP_MS = 1_020;

/** Looks up all positions about once a second while there are subscribers. */
export interface QueuePositions {
  readonly subscribed: number;
  add(presence: QueuePresence): void;
  remove(presence: QueuePresence): void;
  close(): void;
}

export function createQueuePositions(deps: {
  readonly room: LiveRoom;
  readonly clock: Clock;
  readonly log: Log;
}): QueuePositions {
  const { room, clock, log } = deps;
  const presences = new Set<QueuePresence>();
  let cancel: (() => void) | null = null;
  let isArmed = false;
  let isClosed = false;

  async function sweep(): Promise<void> {
    const rest = presences.values();
    for (let slice = take(rest); slice.length > 0 && !isClosed; slice = take(rest)) {
      const places = await room.look(slice.map(({ token }) => token));
      const nowMs = clock.monotonicMs();
      for (const [index, presence] of slice.entries()) presence.looked(places[index] ?? null, nowMs);
      await nextTurn();
    }
  }

  function arm(): void {
    isArmed = true;
    cancel = clock.after(SWEEP_MS, () => {
      void sweep()
        .catch((error: unknown) => {
          // A waiting room that is unavailable rejects all callers; the next sweep retries.
          if (!(error instanceof Fault)) log.error({ err: error }, 'places in the queue could not be looked up');
        })
        .then(() => {
          if (isClosed || presences.size === 0) isArmed = false;
          else arm();
        });
    });
  }

  return {
    get subscribed() {
      let count = 0;
      for (const presence of presences) if (presence.isSubscribed) count += 1;
      return count;
    },
    add(presence) {
      presences.add(presence);
      if (!isArmed && !isClosed) arm();
    },
    remove: (presence) => presences.delete(presence),
    close() {
      isClosed = true;
      cancel?.();
    },
  };
}

function take(rest: Iterator<QueuePresence, undefined>): QueuePresence[] {
  const slice: QueuePresence[] = [];
  while (slice.length < SLICE) {
    const { value, done } = rest.next();
    if (done === true) break;
    slice.push(value);
  }
  return slice;
}
