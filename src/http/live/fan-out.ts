import type { Clock } from '../../runtime/clock.ts';
import type { Log } from '../../runtime/log.ts';
import type { LiveTally } from './live-metrics.ts';
import type { Outbox } from './outbox.ts';
import type { SeatState } from './seat-state.ts';

/** The number of sockets that are served before other work gets a turn; about 5 ms. */
const SLICE = 1_000;
/** The position of a watcher that needs a snapshot. */
export const NOWHERE = -1;

/** One socket's position in one schedule. */
export interface SeatWatcher {
  readonly outbox: Outbox;
  /** The `seq` at the end of its last frame. */
  seq: number;
  /** The watcher receives nothing more. */
  isOver: boolean;
}

export interface FanOut {
  readonly size: number;
  /** Adds a watcher, which from now on receives changes with all others. */
  add(watcher: SeatWatcher): void;
  remove(watcher: SeatWatcher): void;
  /** A change has happened: sends it to all watchers within the flush time. */
  changed(): void;
  /** All positions are void: every watcher gets a snapshot. */
  restart(): void;
  /** Sends one watcher everything up to the schedule's present state. */
  bring(watcher: SeatWatcher, nowMs: number): void;
}

/**
 * Sends the changes of one schedule to all its watchers. Changes gather from the first one on for the flush time; then all
 * watchers at the same position get the same bytes. Slow watchers are skipped; watchers that are added during a round are
 * served in it.
 */
export function createFanOut(deps: {
  readonly state: () => SeatState | null;
  readonly flushMs: number;
  readonly clock: Clock;
  readonly log: Log;
  readonly tally: LiveTally;
}): FanOut {
  const { state, flushMs, clock, log, tally } = deps;
  const watchers = new Set<SeatWatcher>();
  let phase: 'idle' | 'gathering' | 'sending' = 'idle';
  let hasMore = false;
  let firstChangeMs = 0;

  function gather(): void {
    phase = 'gathering';
    firstChangeMs = clock.monotonicMs();
    if (flushMs === 0) setImmediate(flush);
    else clock.after(flushMs, flush);
  }

  function flush(): void {
    phase = 'sending';
    hasMore = false;
    serve(watchers.values());
  }

  function serve(rest: Iterator<SeatWatcher, undefined>): void {
    const nowMs = clock.monotonicMs();
    for (let served = 0; served < SLICE; served += 1) {
      const { value: watcher, done } = rest.next();
      if (done === true) {
        finish(nowMs);
        return;
      }
      bringSafely(watcher, nowMs);
    }
    setImmediate(serve, rest);
  }

  function finish(nowMs: number): void {
    tally.observeDelay((nowMs - firstChangeMs) / 1_000);
    phase = 'idle';
    if (hasMore && watchers.size > 0) gather();
  }

  /** Runs in its own timer, where a throw would end the process. */
  function bringSafely(watcher: SeatWatcher, nowMs: number): void {
    try {
      bring(watcher, nowMs);
    } catch (error) {
      watchers.delete(watcher);
      log.error({ err: error }, 'could not send to a live socket; it gets no more changes of this schedule');
    }
  }

  function bring(watcher: SeatWatcher, nowMs: number): void {
    const seats = state();
    if (seats === null || watcher.seq === seats.seq || watcher.outbox.behindSinceMs !== null) return;
    const isInReach = watcher.seq !== NOWHERE && watcher.seq < seats.seq;
    const frame = isInReach ? seats.deltaAfter(watcher.seq) : seats.snapshot();
    if (watcher.outbox.offer(frame, nowMs)) watcher.seq = seats.seq;
  }

  return {
    get size() {
      return watchers.size;
    },
    add: (watcher) => watchers.add(watcher),
    remove: (watcher) => watchers.delete(watcher),
    changed() {
      if (phase === 'idle' && watchers.size > 0) gather();
      else hasMore = phase === 'sending';
    },
    restart() {
      for (const watcher of watchers) watcher.seq = NOWHERE;
      this.changed();
    },
    bring,
  };
}
