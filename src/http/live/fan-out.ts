import type { Clock } from '../../runtime/clock.ts';
import type { Log } from '../../runtime/log.ts';
import type { LiveTally } from './live-metrics.ts';
import type { Outbox } from './outbox.ts';
import type { SeatState } from './seat-state.ts';

/** Sockets that are served before others get a turn; about 5 ms. */
const SLICE = 1_000;
/** The place of a watcher that is to get a snapshot next. */
export const NOWHERE = -1;

/** One socket's view of one schedule. */
export interface SeatWatcher {
  readonly outbox: Outbox;
  /** Where its last frame ended. */
  seq: number;
  /** It is to get nothing more. */
  isOver: boolean;
}

export interface FanOut {
  readonly size: number;
  /** Brings the watcher on from where it stands, with everybody else. */
  add(watcher: SeatWatcher): void;
  remove(watcher: SeatWatcher): void;
  /** Something has changed: within the flush time everybody hears of it. */
  changed(): void;
  /** Nobody's place means anything any more: everybody gets a snapshot. */
  restart(): void;
  /** Brings one watcher to where the schedule stands. */
  bring(watcher: SeatWatcher, nowMs: number): void;
}

/**
 * Tells all watchers of one schedule what has changed. Changes gather from the first one on; then everybody who stands at
 * the same place gets the same bytes. Who is behind is passed over, and who is added meanwhile is served too.
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

  /** Runs in a timer of its own, where a throw would end the process. */
  function bringSafely(watcher: SeatWatcher, nowMs: number): void {
    try {
      bring(watcher, nowMs);
    } catch (error) {
      watchers.delete(watcher);
      log.error({ err: error }, 'a live socket could not be served');
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
