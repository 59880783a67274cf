/**
 * Once a second: brings those who are inside in line with what PostgreSQL says of them. Takes over tokens that a settlement
 * or another process ended, completes those whose last holds ended by several payments at once, and checks the completions
 * that were announced. Those inside are looked at less often where a look takes long. A second without a turn of this thread also
 * means that nobody could be heard, so everybody counts as present then.
 */
import type { Clock, DatabaseClock } from '../../runtime/clock.ts';
import type { QueueRecords, QueueTokenRow } from '../../domain/queue-token.ts';
import type { ConcertQueue } from './concert-queue.ts';
import type { Ends } from './ends.ts';
import { LookPace } from '../look-pace.ts';
import { isLive, type Place } from '../place.ts';
import type { Places } from './places.ts';
import { isEndStatus, type Register } from './register.ts';
import type { SignsOfLife } from './signs-of-life.ts';

const PERIOD_MS = 1_000;
/** A turn that comes this late was one of a process that stood still. */
const STANDSTILL_MS = 5_000;
/** Tokens per look, some 50 ms of PostgreSQL's time; more of them are looked at in turns. */
const TOKENS_PER_LOOK = 5_000;

export interface Reconciliation {
  /** A settlement says that it has completed this token. */
  noteCompleted(place: Place): void;
  start(): void;
  close(): Promise<void>;
}

export interface ReconciliationSettings {
  readonly records: QueueRecords;
  readonly clock: Clock;
  readonly databaseClock: DatabaseClock;
  readonly queues: () => Iterable<ConcertQueue>;
  readonly places: Places;
  readonly register: Register;
  readonly ends: Ends;
  readonly signs: SignsOfLife;
  readonly onFailure: (error: unknown) => void;
}

export function createReconciliation(settings: ReconciliationSettings): Reconciliation {
  const { records, clock, databaseClock, queues, places, register, ends, signs, onFailure } = settings;
  let announced = new Set<Place>();
  let lookedAt = 0;
  const pace = new LookPace();
  let beganAtMs = 0;
  let cancel: (() => void) | null = null;
  let running: Promise<void> = Promise.resolve();
  let isClosed = false;

  /** The next ones inside, all of them where they are few. */
  function nextTokens(): string[] {
    const tokenIds: string[] = [];
    for (const queue of queues()) for (const place of queue.activePlaces()) tokenIds.push(place.tokenId);
    if (tokenIds.length <= TOKENS_PER_LOOK) return tokenIds;
    const begin = lookedAt % tokenIds.length;
    lookedAt = begin + TOKENS_PER_LOOK;
    return tokenIds.slice(begin, lookedAt);
  }

  function takeOver(place: Place | undefined, row: QueueTokenRow): void {
    if (place === undefined || !isEndStatus(row.status)) return;
    const endedAtMs = row.endedAtMs ?? databaseClock.upperMs();
    if (isLive(place)) register.finish(place, row.status, endedAtMs);
    else place.endedAtMs = endedAtMs;
  }

  async function lookAtThoseInside(): Promise<void> {
    const startedAtMs = clock.monotonicMs();
    if (!pace.isDue(startedAtMs)) return;
    const tokenIds = nextTokens();
    if (tokenIds.length === 0) return;
    const { ended, paidUp } = await records.review(tokenIds);
    pace.note(startedAtMs, clock.monotonicMs());
    for (const row of ended) takeOver(places.withId(row.tokenId), row);
    for (const tokenId of paidUp) {
      const place = places.withId(tokenId);
      if (place?.status === 'ACTIVE') ends.complete(place);
    }
  }

  async function lookAtAnnounced(): Promise<void> {
    if (announced.size === 0) return;
    const looked = announced;
    announced = new Set();
    try {
      const rows = await records.find([...looked].map((place) => place.tokenId));
      for (const row of rows) {
        const place = places.withId(row.tokenId);
        takeOver(place, row);
        // It was not this token that the settlement completed.
        if (place !== undefined && row.status === 'ACTIVE') register.revive(place, databaseClock.lowerMs());
      }
    } catch (error) {
      for (const place of looked) announced.add(place);
      throw error;
    }
  }

  async function look(): Promise<void> {
    try {
      await lookAtAnnounced();
      await lookAtThoseInside();
    } catch (error) {
      onFailure(error);
    }
  }

  function schedule(): void {
    beganAtMs = clock.monotonicMs();
    cancel = clock.after(PERIOD_MS, () => {
      if (clock.monotonicMs() - beganAtMs > STANDSTILL_MS) signs.startAfresh();
      running = look().finally(() => {
        if (!isClosed) schedule();
      });
    });
  }

  return {
    noteCompleted(place) {
      if (place.status === 'ACTIVE') register.finish(place, 'COMPLETED', databaseClock.upperMs());
      announced.add(place);
    },

    start() {
      if (cancel === null) schedule();
    },

    async close() {
      isClosed = true;
      cancel?.();
      await running;
    },
  };
}
