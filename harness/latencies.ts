/** Percentiles of a set of durations, in milliseconds. */
export interface LatencySummary {
  readonly count: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

/** Keeps every duration, so that percentiles are exact. A second of load is well under a megabyte. */
export interface Latencies {
  add(durationMs: number): void;
  summary(): LatencySummary;
}

const FIRST_CAPACITY = 4_096;

/** An empty set of durations. */
export function createLatencies(): Latencies {
  let durationsMs = new Float64Array(FIRST_CAPACITY);
  let count = 0;
  return {
    add(durationMs) {
      if (count === durationsMs.length) {
        const grown = new Float64Array(count * 2);
        grown.set(durationsMs);
        durationsMs = grown;
      }
      durationsMs[count] = durationMs;
      count += 1;
    },
    summary() {
      const sorted = durationsMs.slice(0, count).sort();
      const at = (fraction: number): number => sorted[Math.min(count - 1, Math.ceil(count * fraction) - 1)] ?? 0;
      return { count, p50Ms: at(0.5), p95Ms: at(0.95), p99Ms: at(0.99), maxMs: at(1) };
    },
  };
}
