/**
 * The lines that this process holds: takes them over, loads them, and keeps their policies.
 *
 * A line is taken over by raising its generation, and read in later statements, so that everything which an older
 * process wrote is either in what is read or refused for ever.
 */
import type { QueuePolicy } from '../../domain/catalogue.ts';
import type { DatabaseClock } from '../../runtime/clock.ts';
import { Fault } from '../../domain/errors.ts';
import type { QueueHead, QueueRecords, QueueTokenRow } from '../../domain/queue-token.ts';
import { type ConcertQueue, createConcertQueue } from './concert-queue.ts';
import type { WriteStep } from '../write-cycle.ts';
import type { QueueTerms } from '../line-store.ts';
import { createOpening, LINES_AT_A_TIME } from '../opening.ts';
import { sideBySide } from '../side-by-side.ts';

/** Rows per page of a line that is loaded: some 30 ms of this thread. */
const ROWS_PER_PAGE = 5_000;

export interface ConcertQueues {
  get(concertId: number): ConcertQueue | undefined;
  all(): Iterable<ConcertQueue>;
  /** Takes every line over and loads those in which somebody is. */
  takeOver(): Promise<void>;
  /** The concert's line, loaded if it was not; null when there is no such concert. Throws Faults with effect `none`. */
  open(concertId: number): Promise<ConcertQueue | null>;
  termsOf(concertId: number): Promise<QueueTerms | null>;
  /** The concert has another policy: nobody is admitted until it is known. */
  noteChanged(concertId: number): void;
  /** Reads changed policies. */
  readonly work: WriteStep;
}

export interface ConcertQueuesSettings {
  readonly records: QueueRecords;
  readonly policies: (concertId: number) => Promise<QueueTerms | null>;
  readonly databaseClock: DatabaseClock;
  readonly secondsPerPosition: number;
  readonly abandonMs: number;
  readonly takeIn: (queue: ConcertQueue, row: QueueTokenRow) => void;
  readonly onAdopted: (queue: ConcertQueue) => void;
  readonly wake: () => void;
  readonly onFenced: () => void;
  readonly onFailure: (error: unknown) => void;
}

export function createConcertQueues(settings: ConcertQueuesSettings): ConcertQueues {
  const { records, policies, databaseClock, secondsPerPosition, abandonMs } = settings;
  const { takeIn, onAdopted, wake, onFenced, onFailure } = settings;
  const queues = new Map<number, ConcertQueue>();
  const changed = new Set<number>();
  /** Heads that were taken over, of lines that were not opened yet. */
  const generations = new Map<number, number>();

  async function take(concertId: number): Promise<QueueHead> {
    const generation = generations.get(concertId);
    if (generation === undefined) return records.takeOver(concertId);
    const [raised] = await records.raise([{ concertId, generation }]);
    if (raised !== undefined) return raised;
    onFenced();
    throw new Fault('QUEUE_UNAVAILABLE', 'none');
  }

  async function loadRows(concertId: number): Promise<QueueTokenRow[]> {
    const rows: QueueTokenRow[] = [];
    for (let after: string | null = null; ; ) {
      const page = await records.listLive(concertId, after, ROWS_PER_PAGE);
      rows.push(...page);
      const last = page.at(-1);
      if (last === undefined || page.length < ROWS_PER_PAGE) break;
      after = last.userId;
    }
    return rows.sort((one, other) => one.no - other.no);
  }

  /** Instants of admission that the window can see. */
  async function loadAdmissions(concertId: number, policy: QueuePolicy): Promise<readonly number[]> {
    const sinceMs = Math.floor(databaseClock.lowerMs()) - policy.intervalMs;
    const admitted = await records.listAdmissions(concertId, sinceMs, policy.batch);
    return admitted.map(({ activatedAtMs }) => activatedAtMs);
  }

  async function load(concertId: number): Promise<ConcertQueue | null> {
    const terms = await policies(concertId);
    if (terms === null) return null;
    const { generation } = await take(concertId);
    const rows = await loadRows(concertId);
    const queue = createConcertQueue({
      concertId,
      closesAtMs: terms.bookingClosesAtMs,
      generation,
      policy: terms.policy,
      admissions: await loadAdmissions(concertId, terms.policy),
      secondsPerPosition,
      abandonMs,
    });
    queues.set(concertId, queue);
    generations.delete(concertId);
    for (const row of rows) takeIn(queue, row);
    if (changed.has(concertId)) queue.suspend();
    return queue;
  }

  const { open, underWay } = createOpening({ known: (concertId) => queues.get(concertId), load });

  async function adopt(concertId: number): Promise<void> {
    const queue = queues.get(concertId);
    if (queue === undefined) return;
    const terms = await policies(concertId);
    if (terms === null) return;
    queue.adopt(terms.policy, await loadAdmissions(concertId, terms.policy), databaseClock.lowerMs());
    onAdopted(queue);
  }

  return {
    get: (concertId) => queues.get(concertId),
    all: () => queues.values(),

    async takeOver() {
      const heads = await records.takeOverAll();
      for (const head of heads) generations.set(head.concertId, head.generation);
      const inUse = heads.filter((head) => head.hasLiveTokens);
      await sideBySide(inUse, LINES_AT_A_TIME, ({ concertId }) => open(concertId));
    },

    open,
    termsOf: policies,

    noteChanged(concertId) {
      if (!queues.has(concertId) && underWay(concertId) === undefined) return;
      queues.get(concertId)?.suspend();
      changed.add(concertId);
      wake();
    },

    work: {
      async flush() {
        if (changed.size === 0) return 'idle';
        for (const concertId of changed) {
          // It may be changed again while it is read.
          changed.delete(concertId);
          try {
            await underWay(concertId);
            await adopt(concertId);
          } catch (error) {
            onFailure(error);
            changed.add(concertId);
            return 'failed';
          }
        }
        return 'done';
      },
    },
  };
}
