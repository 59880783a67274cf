import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

/** From a single hold on an idle database to a statement that reaches its time limit. */
const FLUSH_BUCKETS_SECONDS = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 5];
const BATCH_BUCKETS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000];

/** The sources of the collectors, read when the metrics are scraped. */
export interface MetricSources {
  schedules(): {
    readonly schedules: number;
    readonly held: number;
    readonly confirmed: number;
    readonly waiting: number;
    readonly ends: Readonly<Record<string, number>>;
  };
  queues(): readonly {
    readonly concertId: number;
    readonly waiting: number;
    readonly active: number;
    readonly admissions: number;
  }[];
  journal(): { readonly fenced: number; readonly doubted: number };
  /** Messages between nodes; null where there is no carrier for them. */
  announcements(): { readonly sent: number; readonly dropped: number; readonly received: number } | null;
  /** The longest waits of each connection to Redis in the last minute or so. */
  redis(): readonly { readonly connection: string; readonly silenceMs: number; readonly ownDelayMs: number }[];
  isReady(): boolean;
  /** Schedules that this node acquired, and handed to others, since its start. */
  moves(): { readonly activated: number; readonly handedOver: number };
  commands(): { readonly forwarded: number; readonly unreachable: number; readonly lost: number };
  /** Lines that the log could not write since the process began. */
  droppedLogLines(): number;
  /** By NODE_ID. */
  peers(): readonly { readonly peer: string; readonly isUp: boolean; readonly inFlight: number }[];
}

export interface ServiceMetrics {
  observeFlush(kind: string, schedules: number, entries: number, durationMs: number): void;
}

/** Registers the figures of journal, schedules and waiting room. */
export function registerServiceMetrics(registry: Registry, sources: MetricSources): ServiceMetrics {
  const registers = [registry];
  const flushSeconds = new Histogram({
    name: 'frontrow_flush_duration_seconds',
    help: 'Time from sending a statement of the journal to its answer, by kind.',
    labelNames: ['kind'],
    buckets: FLUSH_BUCKETS_SECONDS,
    registers,
  });
  const flushEntries = new Histogram({
    name: 'frontrow_flush_entries',
    help: 'Events, or settlements, that one statement of the journal carried, by kind.',
    labelNames: ['kind'],
    buckets: BATCH_BUCKETS,
    registers,
  });
  const flushSchedules = new Histogram({
    name: 'frontrow_flush_schedules',
    help: 'Schedules that one statement of the journal carried, by kind.',
    labelNames: ['kind'],
    buckets: BATCH_BUCKETS,
    registers,
  });
  gauge('frontrow_schedules_owned', 'Schedules that have an actor on this node.', () => sources.schedules().schedules);
  gauge('frontrow_seats_held', 'Seats on hold in the schedules of this node.', () => sources.schedules().held);
  gauge('frontrow_seats_confirmed', 'Seats sold in the schedules of this node.', () => sources.schedules().confirmed);
  gauge('frontrow_commands_waiting', 'Commands in the mailboxes of this node.', () => sources.schedules().waiting);
  gauge(
    'frontrow_journal_fenced_total',
    'Batches refused because the schedule had another owner.',
    () => sources.journal().fenced,
  );
  gauge('frontrow_journal_doubted_total', 'Schedules whose batch was in doubt.', () => sources.journal().doubted);
  gauge('frontrow_ready', '1 when the node may serve, else 0.', () => (sources.isReady() ? 1 : 0));
  new Counter({
    name: 'frontrow_log_lines_dropped_total',
    help: 'Lines of the log that standard output did not accept, because its disk is full or its reader is gone.',
    registers,
    collect() {
      this.reset();
      this.inc(sources.droppedLogLines());
    },
  });
  const ends = new Gauge({
    name: 'frontrow_hold_ends_total',
    help: 'Holds that expired, by their trigger: the timer, the durable alarm, or a reader.',
    labelNames: ['cause'],
    registers,
    collect() {
      for (const [cause, count] of Object.entries(sources.schedules().ends)) ends.set({ cause }, count);
    },
  });
  const announcements = new Gauge({
    name: 'frontrow_announcements_total',
    help: 'Messages between nodes by outcome: sent, dropped, or received from others.',
    labelNames: ['fate'],
    registers,
    collect() {
      for (const [fate, count] of Object.entries(sources.announcements() ?? {})) announcements.set({ fate }, count);
    },
  });
  const silence = new Gauge({
    name: 'frontrow_redis_silence_seconds',
    help: 'Longest time in the last minute for which Redis owed an answer, without the delay of this process, by connection.',
    labelNames: ['connection'],
    registers,
    collect() {
      silence.reset();
      for (const { connection, silenceMs } of sources.redis()) silence.set({ connection }, silenceMs / 1_000);
    },
  });
  const ownDelay = new Gauge({
    name: 'frontrow_redis_own_delay_seconds',
    help: 'Longest delay of this process in the last minute while Redis owed an answer; it does not count as silence of Redis.',
    labelNames: ['connection'],
    registers,
    collect() {
      ownDelay.reset();
      for (const { connection, ownDelayMs } of sources.redis()) ownDelay.set({ connection }, ownDelayMs / 1_000);
    },
  });
  const moves = new Gauge({
    name: 'frontrow_schedule_moves_total',
    help: 'Schedules that this node activated, and that it handed over to other nodes.',
    labelNames: ['move'],
    registers,
    collect() {
      const { activated, handedOver } = sources.moves();
      moves.set({ move: 'activated' }, activated);
      moves.set({ move: 'handed-over' }, handedOver);
    },
  });
  const commands = new Gauge({
    name: 'frontrow_commands_forwarded_total',
    help: 'Commands for other nodes by outcome: answered, not sent, or sent and never answered.',
    labelNames: ['fate'],
    registers,
    collect() {
      const { forwarded, unreachable, lost } = sources.commands();
      commands.set({ fate: 'answered' }, forwarded);
      commands.set({ fate: 'unreachable' }, unreachable);
      commands.set({ fate: 'lost' }, lost);
    },
  });
  const links = new Gauge({
    name: 'frontrow_peer_link_up',
    help: '1 while the link to a live peer is up, else 0.',
    labelNames: ['peer'],
    registers,
    collect() {
      links.reset();
      for (const { peer, isUp } of sources.peers()) links.set({ peer }, isUp ? 1 : 0);
    },
  });
  const inFlight = new Gauge({
    name: 'frontrow_peer_commands_in_flight',
    help: 'Commands that wait for a link or for a peer’s answer.',
    labelNames: ['peer'],
    registers,
    collect() {
      inFlight.reset();
      for (const { peer, inFlight: count } of sources.peers()) inFlight.set({ peer }, count);
    },
  });
  const queue = new Gauge({
    name: 'frontrow_queue_tokens',
    help: 'Live queue tokens, by concert and status.',
    labelNames: ['concert', 'status'],
    registers,
    collect() {
      queue.reset();
      for (const { concertId, waiting, active } of sources.queues()) {
        queue.set({ concert: String(concertId), status: 'WAITING' }, waiting);
        queue.set({ concert: String(concertId), status: 'ACTIVE' }, active);
      }
    },
  });
  const admissions = new Gauge({
    name: 'frontrow_queue_admissions_total',
    help: 'Admissions since this node began to keep the queue, by concert.',
    labelNames: ['concert'],
    registers,
    collect() {
      admissions.reset();
      for (const { concertId, admissions: count } of sources.queues())
        admissions.set({ concert: String(concertId) }, count);
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

  return {
    observeFlush(kind, schedules, entries, durationMs) {
      flushSeconds.observe({ kind }, durationMs / 1_000);
      flushEntries.observe({ kind }, entries);
      flushSchedules.observe({ kind }, schedules);
    },
  };
}
