import { Gauge, Histogram, type Registry } from 'prom-client';

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
  const registers = [registry];
  const closes = new Map<string, number>();
  const delay = new Histogram({
    name: 'frontrow_live_delay_seconds',
    help: 'Time from the first durable change of a round to the frame of the schedule’s last watcher.',
    buckets: DELAY_BUCKETS_SECONDS,
    registers,
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
  gauge('frontrow_live_sockets', 'Open live sockets.', () => sources.sockets());
  gauge('frontrow_live_sockets_behind', 'Live sockets that do not keep up now.', () => sources.behind());
  gauge('frontrow_live_schedules', 'Schedules with watchers on this node.', () => sources.schedules());
  gauge('frontrow_live_frames_sent_total', 'Frames handed to live sockets.', () => tally.framesSent);
  gauge(
    'frontrow_live_slow_snapshots_total',
    'Snapshots sent in place of what a slow socket had missed.',
    () => tally.slowSnapshots,
  );
  const subscriptions = new Gauge({
    name: 'frontrow_live_subscriptions',
    help: 'Subscriptions of live sockets, by channel.',
    labelNames: ['channel'],
    registers,
    collect() {
      const { seats, queue } = sources.subscriptions();
      subscriptions.set({ channel: 'seats' }, seats);
      subscriptions.set({ channel: 'queue' }, queue);
    },
  });
  const closed = new Gauge({
    name: 'frontrow_live_closed_total',
    help: 'Live sockets that have ended, by close code.',
    labelNames: ['code'],
    registers,
    collect() {
      for (const [code, count] of closes) closed.set({ code }, count);
    },
  });

  function gauge(name: string, help: string, read: () => number): void {
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(read());
      },
    });
  }

  return tally;
}
