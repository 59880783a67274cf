import type { ClientClock } from './platform.ts';

/** Samples that the estimate is taken from: enough for one of them to have come without delay, few enough to follow drift. */
const SAMPLES_KEPT = 8;
/** The `Date` header is cut to whole seconds. */
const HALF_A_SECOND_MS = 500;

/**
 * What the service's clock shows, for countdowns. Never known exactly: a time is as old as its way was long, so of the last
 * samples the one that puts the clock furthest on is the nearest. It may be behind by the shortest way, seldom more than
 * some milliseconds.
 */
export interface ServerTime {
  /** A time of the service's, ISO 8601 with milliseconds, that has just arrived. */
  note(serverTime: string): void;
  /** A `Date` header that has just arrived; only used until there is something better. */
  noteDate(header: string | null): void;
  /** Epoch milliseconds; this machine's own time as long as nothing is known. */
  nowMs(): number;
}

export function createServerTime(clock: ClientClock): ServerTime {
  let offsets: number[] = [];
  let roughOffset: number | null = null;
  return {
    note(serverTime) {
      const atMs = Date.parse(serverTime);
      if (Number.isNaN(atMs)) return;
      offsets = [...offsets.slice(1 - SAMPLES_KEPT), atMs - clock.monotonicMs()];
    },
    noteDate(header) {
      if (offsets.length > 0 || header === null) return;
      const atMs = Date.parse(header);
      if (!Number.isNaN(atMs)) roughOffset = atMs + HALF_A_SECOND_MS - clock.monotonicMs();
    },
    nowMs() {
      if (offsets.length > 0) return clock.monotonicMs() + Math.max(...offsets);
      return roughOffset === null ? clock.epochMs() : clock.monotonicMs() + roughOffset;
    },
  };
}
