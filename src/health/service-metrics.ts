import { Histogram, type Registry } from 'prom-client';
import { createFigures } from '../runtime/figures.ts';

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
  const byKind = (name: string, help: string, buckets: number[]) =>
    new Histogram({ name, help, labelNames: ['kind'], buckets, registers: [registry] });
  const flushSeconds = byKind(
    'frontrow_flush_duration_seconds',
    'Time from sending a statement of the journal to its answer, by kind.',
    FLUSH_BUCKETS_SECONDS,
  );
  const flushEntries = byKind(
    'frontrow_flush_entries',
    'Events, or settlements, that one statement of the journal carried, by kind.',
    BATCH_BUCKETS,
  );
  const flushSchedules = byKind(
    'frontrow_flush_schedules',
    'Schedules that one statement of the journal carried, by kind.',
    BATCH_BUCKETS,
  );
  const { single, labelled } = createFigures(registry);
  single('frontrow_schedules_owned', 'Schedules that have an actor on this node.', () => sources.schedules().schedules);
  single('frontrow_seats_held', 'Seats on hold in the schedules of this node.', () => sources.schedules().held);
  single('frontrow_seats_confirmed', 'Seats sold in the schedules of this node.', () => sources.schedules().confirmed);
  single(
    'frontrow_commands_waiting',
    'Commands that wait in the schedules of this node.',
    () => sources.schedules().waiting,
  );
  single(
    'frontrow_journal_fenced_total',
    'Batches refused because the schedule had another owner.',
    () => sources.journal().fenced,
  );
  single('frontrow_journal_doubted_total', 'Schedules whose batch was in doubt.', () => sources.journal().doubted);
  single('frontrow_ready', '1 when the node may serve, else 0.', () => (sources.isReady() ? 1 : 0));
  single(
    'frontrow_log_lines_dropped_total',
    'Lines of the log that standard output did not accept, because its disk is full or its reader is gone.',
    () => sources.droppedLogLines(),
  );
  labelled(
    'frontrow_hold_ends_total',
    'Holds that expired, by their trigger: the timer, the durable alarm, or a reader.',
    ['cause'],
    () => Object.entries(sources.schedules().ends).map(([cause, count]) => [{ cause }, count]),
  );
  labelled(
    'frontrow_announcements_total',
    'Messages between nodes by outcome: sent, dropped, or received from others.',
    ['fate'],
    () => Object.entries(sources.announcements() ?? {}).map(([fate, count]) => [{ fate }, count]),
  );
  labelled(
    'frontrow_redis_silence_seconds',
    'Longest time in the last minute for which Redis owed an answer, without the delay of this process, by connection.',
    ['connection'],
    () => sources.redis().map(({ connection, silenceMs }) => [{ connection }, silenceMs / 1_000]),
  );
  labelled(
    'frontrow_redis_own_delay_seconds',
    'Longest delay of this process in the last minute while Redis owed an answer; it does not count as silence of Redis.',
    ['connection'],
    () => sources.redis().map(({ connection, ownDelayMs }) => [{ connection }, ownDelayMs / 1_000]),
  );
  labelled(
    'frontrow_schedule_moves_total',
    'Schedules that this node activated, and that it handed over to other nodes.',
    ['move'],
    () => {
      const { activated, handedOver } = sources.moves();
      return Object.entries({ activated, 'handed-over': handedOver }).map(([move, count]) => [{ move }, count]);
    },
  );
  labelled(
    'frontrow_commands_forwarded_total',
    'Commands for other nodes by outcome: answered, not sent, or sent and never answered.',
    ['fate'],
    () => {
      const { forwarded, unreachable, lost } = sources.commands();
      return Object.entries({ answered: forwarded, unreachable, lost }).map(([fate, count]) => [{ fate }, count]);
    },
  );
  labelled('frontrow_peer_link_up', '1 while the link to a live peer is up, else 0.', ['peer'], () =>
    sources.peers().map(({ peer, isUp }) => [{ peer }, isUp ? 1 : 0]),
  );
  labelled('frontrow_peer_commands_in_flight', 'Commands that wait for a link or for a peer’s answer.', ['peer'], () =>
    sources.peers().map(({ peer, inFlight }) => [{ peer }, inFlight]),
  );
  labelled('frontrow_queue_tokens', 'Live queue tokens, by concert and status.', ['concert', 'status'], () =>
    sources.queues().flatMap(({ concertId, waiting, active }) => [
      [{ concert: String(concertId), status: 'WAITING' }, waiting],
      [{ concert: String(concertId), status: 'ACTIVE' }, active],
    ]),
  );
  labelled(
    'frontrow_queue_admissions_total',
    'Admissions since this node began to keep the queue, by concert.',
    ['concert'],
    () => sources.queues().map(({ concertId, admissions }) => [{ concert: String(concertId) }, admissions]),
  );

  return {
    observeFlush(kind, schedules, entries, durationMs) {
      flushSeconds.observe({ kind }, durationMs / 1_000);
      flushEntries.observe({ kind }, entries);
      flushSchedules.observe({ kind }, schedules);
    },
  };
}
