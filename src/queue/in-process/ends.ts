/**
 * Ends tokens: first in PostgreSQL, then in memory.
 *
 * E1. A token has at most one end under way.
 * E2. An end for a reason that may pass (somebody was missing) is dropped if it has passed when the end is sent.
 * E3. An end that nobody asked for is tried until PostgreSQL has it; one that a caller asked for is the caller's to repeat.
 */
import type { DatabaseClock } from '../../runtime/clock.ts';
import { Fault } from '../../domain/errors.ts';
import type { QueueRecords, QueueTokenRow } from '../../domain/queue-token.ts';
import type { Agenda } from './agenda.ts';
import type { ConcertQueue } from './concert-queue.ts';
import type { Doubts } from './doubts.ts';
import type { WriteStep } from '../write-cycle.ts';
import { type EndStatus, isLive, type Place } from '../place.ts';
import { isEndStatus, type Register } from './register.ts';

/** Ends per statement: a whole line that closes takes a hundred statements of some 10 ms. */
const ENDS_PER_STATEMENT = 1_000;

export interface Ends extends WriteStep {
  /** Whether an end of this place is under way. */
  isTaken(place: Place): boolean;
  /** Its time is over. */
  expire(place: Place): void;
  /** Its holder is missing, as long as `isMissing` says so. */
  expireMissing(place: Place, isMissing: () => boolean): void;
  /** A payment has ended its user's last hold. */
  complete(place: Place): void;
  /** Its holder leaves. True when this call ended the token, false when something else had. Throws Faults. */
  cancel(place: Place): Promise<boolean>;
  /** Resolves when the ends that callers wait for now are over. */
  settled(): Promise<void>;
  refuseAll(fault: Fault): void;
}

interface Waiter {
  readonly resolve: (isEnded: boolean) => void;
  readonly reject: (error: unknown) => void;
}

interface PendingEnd {
  readonly place: Place;
  readonly status: EndStatus;
  /** Null: when it is sent. */
  readonly endedAtMs: number | null;
  readonly isStillDue: () => boolean;
  /** Kept until PostgreSQL has it. */
  readonly isOurs: boolean;
  waiters: Waiter[];
}

export interface EndSettings {
  readonly records: QueueRecords;
  readonly databaseClock: DatabaseClock;
  readonly agenda: Agenda;
  readonly register: Register;
  readonly doubts: Doubts;
  readonly queueOf: (concertId: number) => ConcertQueue | undefined;
  readonly wake: () => void;
  readonly onFenced: () => void;
  readonly onFailure: (error: unknown) => void;
}

interface SentEnd {
  readonly end: PendingEnd;
  readonly place: Place;
  readonly queue: ConcertQueue;
  readonly endedAtMs: number;
}

export function createEnds(settings: EndSettings): Ends {
  const { records, databaseClock, agenda, register, doubts, queueOf, wake, onFenced, onFailure } = settings;
  const pending = new Map<Place, PendingEnd>();

  function add(end: Omit<PendingEnd, 'waiters'>): PendingEnd {
    const made = { ...end, waiters: [] };
    pending.set(end.place, made);
    wake();
    return made;
  }

  function addOurs(place: Place, status: EndStatus, endedAtMs: number | null, isStillDue: () => boolean): void {
    if (isLive(place) && !pending.has(place)) add({ place, status, endedAtMs, isStillDue, isOurs: true });
  }

  function expire(place: Place): void {
    addOurs(place, 'EXPIRED', place.dueAtMs, () => true);
  }

  /** The end is over: `isEnded` tells whether it did what it was for. */
  function close(end: PendingEnd, isEnded: boolean): void {
    pending.delete(end.place);
    for (const waiter of end.waiters) waiter.resolve(isEnded);
  }

  function fail(batch: readonly SentEnd[], error: unknown): void {
    for (const { end } of batch) {
      for (const waiter of end.waiters) waiter.reject(error);
      end.waiters = [];
      if (!end.isOurs) pending.delete(end.place);
    }
  }

  function gatherOverdue(): void {
    const nowMs = databaseClock.lowerMs();
    for (const queue of agenda.overdue) {
      const limit = ENDS_PER_STATEMENT - pending.size;
      if (limit <= 0) return;
      const overdue = queue.takeOverdue(nowMs, limit, (place) => pending.has(place));
      for (const place of overdue) expire(place);
      if (overdue.length < limit) agenda.overdue.delete(queue);
    }
  }

  function gather(): SentEnd[] {
    gatherOverdue();
    const batch: SentEnd[] = [];
    const nowMs = databaseClock.upperMs();
    for (const end of pending.values()) {
      const { place } = end;
      const queue = queueOf(place.concertId);
      if (queue === undefined || !isLive(place) || !end.isStillDue()) close(end, false);
      else batch.push({ end, place, queue, endedAtMs: end.endedAtMs ?? nowMs });
      if (batch.length === ENDS_PER_STATEMENT) break;
    }
    return batch;
  }

  /** Takes over what the row of a place says whose end is in doubt. */
  function settle({ place, endedAtMs }: SentEnd, row: QueueTokenRow | null): void {
    if (row === null) register.finish(place, 'EXPIRED', endedAtMs);
    else if (isEndStatus(row.status)) register.finish(place, row.status, row.endedAtMs ?? endedAtMs);
    const end = pending.get(place);
    if (end !== undefined && !isLive(place)) close(end, false);
  }

  function doubt(batch: readonly SentEnd[]): void {
    doubts.add(
      batch.map((sent) => ({ queue: sent.queue, tokenId: sent.place.tokenId, settle: (row) => settle(sent, row) })),
    );
  }

  return {
    isTaken: (place) => pending.has(place),
    expire,

    expireMissing(place, isMissing) {
      addOurs(place, 'EXPIRED', null, isMissing);
    },

    complete(place) {
      addOurs(place, 'COMPLETED', null, () => true);
    },

    async cancel(place) {
      while (isLive(place)) {
        const known = pending.get(place);
        const end =
          known ?? add({ place, status: 'CANCELLED', endedAtMs: null, isStillDue: () => true, isOurs: false });
        const isEnded = await new Promise<boolean>((resolve, reject) => end.waiters.push({ resolve, reject }));
        if (end !== known) return isEnded;
      }
      return false;
    },

    async settled() {
      const asked = [...pending.values()].filter((end) => end.waiters.length > 0);
      await Promise.allSettled(
        asked.map((end) => new Promise<boolean>((resolve, reject) => end.waiters.push({ resolve, reject }))),
      );
    },

    refuseAll(fault) {
      for (const end of pending.values()) for (const waiter of end.waiters) waiter.reject(fault);
      pending.clear();
    },

    async flush() {
      const batch = gather();
      if (batch.length === 0) return 'idle';
      try {
        const { changed, fenced } = await records.end(
          batch.map(({ queue, place, end, endedAtMs }) => ({
            concertId: queue.concertId,
            generation: queue.generation,
            tokenId: place.tokenId,
            status: end.status,
            endedAtMs,
          })),
        );
        if (fenced.size > 0) {
          onFenced();
          return 'failed';
        }
        for (const { end, place, endedAtMs } of batch) {
          if (!changed.has(place.tokenId)) continue;
          register.finish(place, end.status, endedAtMs);
          close(end, true);
        }
        // Their rows had ended before, which memory has yet to learn.
        doubt(batch.filter(({ place }) => !changed.has(place.tokenId)));
        return 'done';
      } catch (error) {
        onFailure(error);
        if (error instanceof Fault && error.effect === 'unknown') doubt(batch);
        fail(batch, error);
        return 'failed';
      }
    },
  };
}
