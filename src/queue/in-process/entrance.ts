/**
 * Lets people join a line: first in PostgreSQL, which numbers them, then in memory, then they are answered; after the
 * admissions of the same cycle, so that who finds room is told that they are in.
 *
 * N1. One user has at most one entry per concert under way; whoever asks meanwhile gets its answer.
 * N2. Entries are sent in order of arrival.
 */
import type { Clock, DatabaseClock } from '../../runtime/clock.ts';
import { Fault } from '../../domain/errors.ts';
import { createIdSource } from '../../runtime/ids.ts';
import type { QueueEntryOutcome, QueueRecords } from '../../domain/queue-token.ts';
import type { ConcertQueue } from './concert-queue.ts';
import type { Doubts } from './doubts.ts';
import type { Ends } from './ends.ts';
import { ENTRIES_PER_STATEMENT, MOST_ENTRIES_PENDING } from '../entry-limits.ts';
import { sendHalves } from '../halves.ts';
import type { FlushResult, WriteStep } from '../write-cycle.ts';
import { withPatience } from '../patience.ts';
import { isLive, isOverdue, type Place } from '../place.ts';
import type { Places } from './places.ts';
import type { Register } from './register.ts';

export interface Entered {
  readonly place: Place;
  /** Whether this very call entered it. */
  readonly created: boolean;
}

export interface Entrance extends WriteStep {
  /** The user's live place, entered if there is none. Throws Faults. */
  enter(queue: ConcertQueue, userId: string): Promise<Entered>;
  /** Answers those whose entry is recorded. */
  answer(): void;
  /** Resolves when everything that is under way now has been answered. */
  settled(): Promise<void>;
  refuseAll(fault: Fault): void;
}

interface PendingEntry {
  readonly key: string;
  readonly queue: ConcertQueue;
  readonly userId: string;
  readonly tokenId: string;
  readonly issuedAtMs: number;
  readonly outcome: PromiseWithResolvers<Entered>;
  isSent: boolean;
}

export interface EntranceSettings {
  readonly records: QueueRecords;
  readonly clock: Clock;
  readonly databaseClock: DatabaseClock;
  readonly places: Places;
  readonly register: Register;
  readonly ends: Ends;
  readonly doubts: Doubts;
  readonly wake: () => void;
  readonly onFenced: () => void;
  readonly onFailure: (error: unknown) => void;
}

export function createEntrance(settings: EntranceSettings): Entrance {
  const { records, clock, databaseClock, places, register, ends, doubts, wake, onFenced, onFailure } = settings;
  const nextTokenId = createIdSource();
  /** In order of arrival. */
  const pending = new Map<string, PendingEntry>();
  const answers: { readonly entry: PendingEntry; readonly entered: Entered }[] = [];

  function refuse(entry: PendingEntry, error: unknown): void {
    pending.delete(entry.key);
    entry.outcome.reject(error);
  }

  function conclude(entry: PendingEntry, entered: Entered): void {
    pending.delete(entry.key);
    answers.push({ entry, entered });
  }

  function add(key: string, queue: ConcertQueue, userId: string): PendingEntry {
    const issuedAtMs = databaseClock.upperMs();
    const tokenId = nextTokenId(issuedAtMs);
    const outcome = Promise.withResolvers<Entered>();
    // Its callers may all have lost patience by the time it is refused.
    outcome.promise.catch(() => undefined);
    const entry = { key, queue, userId, tokenId, issuedAtMs, outcome, isSent: false };
    pending.set(key, entry);
    wake();
    return entry;
  }

  function lateFault(entry: PendingEntry): Fault {
    if (entry.isSent) return new Fault('STORE_UNAVAILABLE', 'unknown');
    const fault = new Fault('STORE_UNAVAILABLE', 'none');
    refuse(entry, fault);
    return fault;
  }

  /** What is to be sent now. Whoever has a place meanwhile is answered with it; whose place is about to end waits for that. */
  function gather(): PendingEntry[] {
    const batch: PendingEntry[] = [];
    const nowMs = databaseClock.lowerMs();
    for (const entry of pending.values()) {
      if (batch.length === ENTRIES_PER_STATEMENT) break;
      const place = entry.queue.placeOfUser(entry.userId);
      if (place === undefined) {
        batch.push(entry);
      } else if (ends.isTaken(place) || isOverdue(place, nowMs)) {
        // Its end goes with the next cycle.
        if (!ends.isTaken(place)) ends.expire(place);
        wake();
      } else {
        conclude(entry, { place, created: false });
      }
    }
    return batch;
  }

  function take(entry: PendingEntry, outcome: QueueEntryOutcome): void {
    if (outcome.type === 'fenced') {
      refuse(entry, new Fault('QUEUE_UNAVAILABLE', 'none'));
      onFenced();
      return;
    }
    const isNew = outcome.type === 'entered';
    const nowMs = databaseClock.lowerMs();
    const known = places.withId(outcome.row.tokenId);
    // Memory believed in an end that was not recorded.
    if (known !== undefined && !isLive(known)) register.revive(known, nowMs);
    const place = known ?? register.takeIn(entry.queue, outcome.row, { nowMs, isNew });
    conclude(entry, { place, created: isNew });
  }

  function doubt(batch: readonly PendingEntry[]): void {
    doubts.add(
      batch.map(({ queue, tokenId }) => ({
        queue,
        tokenId,
        settle: (row) => {
          if (row === null || places.withId(tokenId) !== undefined) return;
          if (isLive(row)) register.takeIn(queue, row, { nowMs: databaseClock.lowerMs(), isNew: true });
        },
      })),
    );
  }

  async function send(batch: readonly PendingEntry[]): Promise<FlushResult> {
    for (const entry of batch) entry.isSent = true;
    try {
      const outcomes = await records.enter(
        batch.map(({ queue, userId, tokenId, issuedAtMs }) => ({
          concertId: queue.concertId,
          generation: queue.generation,
          userId,
          tokenId,
          issuedAtMs,
        })),
      );
      batch.forEach((entry, position) => {
        const outcome = outcomes[position];
        if (outcome !== undefined) take(entry, outcome);
      });
      return 'done';
    } catch (error) {
      onFailure(error);
      if (error instanceof Fault && !error.isOfOnePart) {
        if (error.effect === 'unknown') doubt(batch);
        for (const entry of batch) refuse(entry, error);
        return 'failed';
      }
      return sendHalves(batch, { send, refuse: (entry) => refuse(entry, error) });
    }
  }

  return {
    async enter(queue, userId) {
      const key = `${queue.concertId}:${userId}`;
      const underWay = pending.get(key);
      if (underWay === undefined && pending.size >= MOST_ENTRIES_PENDING) throw new Fault('OVERLOADED', 'none');
      const entry = underWay ?? add(key, queue, userId);
      const entered = await withPatience(clock, entry.outcome.promise, () => lateFault(entry));
      return { place: entered.place, created: entered.created && underWay === undefined };
    },

    async flush() {
      const batch = gather();
      return batch.length === 0 ? 'idle' : send(batch);
    },

    answer() {
      for (const { entry, entered } of answers) entry.outcome.resolve(entered);
      answers.length = 0;
    },

    async settled() {
      await Promise.allSettled([...pending.values()].map((entry) => entry.outcome.promise));
    },

    refuseAll(fault) {
      for (const entry of pending.values()) refuse(entry, fault);
    },
  };
}
