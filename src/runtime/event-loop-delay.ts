import { monitorEventLoopDelay } from 'node:perf_hooks';

/** Between two looks at the loop. A shorter one would itself be work; delays that fans feel are much longer. */
const RESOLUTION_MS = 10;
const NANOSECONDS_PER_MS = 1e6;

export interface EventLoopDelay {
  /** The delay that one look in a hundred exceeded since the last call, in milliseconds beyond the looks' own distance. */
  takeP99Ms(): number;
  start(): void;
  close(): void;
}

/** How late the event loop of this process is. It is measured outside JavaScript, so watching it costs the loop nothing. */
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
