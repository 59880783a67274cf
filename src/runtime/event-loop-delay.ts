import { monitorEventLoopDelay } from 'node:perf_hooks';

/** The interval between two measurements. A shorter one would add load itself; delays that users notice are much longer. */
const RESOLUTION_MS = 10;
const NANOSECONDS_PER_MS = 1e6;

export interface EventLoopDelay {
  /** The 99th percentile of the delay since the last call, in milliseconds beyond the measuring interval. */
  takeP99Ms(): number;
  start(): void;
  close(): void;
}

/** Measures how late this process's event loop is. The measurement runs outside JavaScript, so it costs the loop nothing. */
export function createEventLoopDelay(): EventLoopDelay {
  const histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  return {
    takeP99Ms() {
      const delayMs = histogram.percentile(99) / NANOSECONDS_PER_MS - RESOLUTION_MS;
      histogram.reset();
      return Math.max(0, delayMs);
    },
    start: () => void histogram.enable(),
    close: () => void histogram.disable(),
  };
}
