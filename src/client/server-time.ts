import type { ClientClock } from './platform.ts';

/** The estimate uses this many samples: enough that one of them came without delay, few enough to follow drift. */
const SAMPLES_KEPT = 8;
/** The `Date` header has whole seconds only. */
const HALF_A_SECOND_MS = 500;

/**
 * Estimates the service's clock, for countdowns. Each sample is late by the time that its answer travelled, so the estimate is
 * the most advanced of the last samples. It lags by the shortest travel time, usually a few milliseconds.
 */
export interface ServerTime {
  /** Adds a time of the service that has just arrived, ISO 8601 with milliseconds. */
  note(serverTime: string): void;
  /** Adds a `Date` header that has just arrived; the estimate uses it only until a better sample comes. */
  noteDate(header: string | null): void;
  /** Epoch milliseconds; this machine's own time while there is no sample. */
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
