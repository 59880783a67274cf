import { Histogram, type Registry } from 'prom-client';
import { createFigures } from '../../runtime/figures.ts';

/** Delays up to the flush time are by design; longer ones mean that the node is late. */
const DELAY_BUCKETS_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 1, 2.5];

/** Counters on the path of every frame, as plain numbers. */
export interface LiveTally {
  framesSent: number;
  /** Snapshots that replaced the changes that a slow socket had missed. */
  slowSnapshots: number;
  /** Seconds from the first of several changes until their last watcher was served. */
  observeDelay(seconds: number): void;
  /** Sockets that ended, by close code. */
  countClose(code: number): void;
}

/** The sources of the gauges, read when the metrics are scraped. */
export interface LiveSources {
  sockets(): number;
  /** Slow sockets. */
  behind(): number;
  subscriptions(): { readonly seats: number; readonly queue: number };
  schedules(): number;
}

/** Codes that get a figure of their own; peers may send any other. */
const KNOWN_CODES: ReadonlySet<number> = new Set([
  1000, 1001, 1002, 1005, 1006, 1007, 1008, 1009, 1011, 1012, 1013, 4400, 4401, 4429,
]);

/** Registers the metrics of live sockets, and returns their counters. */
export function registerLiveMetrics(registry: Registry, sources: LiveSources): LiveTally {
  const closes = new Map<string, number>();
  const delay = new Histogram({
    name: 'frontrow_live_delay_seconds',
    help: 'Time from the first durable change of a round to the frame of the schedule’s last watcher.',
    buckets: DELAY_BUCKETS_SECONDS,
    registers: [registry],
  });
  const tally: LiveTally = {
    framesSent: 0,
    slowSnapshots: 0,
    observeDelay: (seconds) => delay.observe(seconds),
    countClose(code) {
      const label = KNOWN_CODES.has(code) ? String(code) : 'other';
      closes.set(label, (closes.get(label) ?? 0) + 1);
    },
  };
  const { single, labelled } = createFigures(registry);
  single('frontrow_live_sockets', 'Open live sockets.', () => sources.sockets());
  single('frontrow_live_sockets_behind', 'Live sockets that do not keep up now.', () => sources.behind());
  single('frontrow_live_schedules', 'Schedules with watchers on this node.', () => sources.schedules());
  single('frontrow_live_frames_sent_total', 'Frames handed to live sockets.', () => tally.framesSent);
  single(
    'frontrow_live_slow_snapshots_total',
    'Snapshots sent in place of what a slow socket had missed.',
    () => tally.slowSnapshots,
  );
  labelled('frontrow_live_subscriptions', 'Subscriptions of live sockets, by channel.', ['channel'], () =>
    Object.entries(sources.subscriptions()).map(([channel, count]) => [{ channel }, count]),
  );
  labelled('frontrow_live_closed_total', 'Live sockets that have ended, by close code.', ['code'], () =>
    [...closes].map(([code, count]) => [{ code }, count]),
  );
  return tally;
}
