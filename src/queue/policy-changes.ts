import { Fault } from '../domain/errors.ts';
import type { DatabaseClock } from '../runtime/clock.ts';
import type { QueueRecords } from '../domain/queue-token.ts';
import { type LineStore, LOST, type QueueTerms } from './line-store.ts';
import type { WriteStep } from './write-cycle.ts';
import type { KnownLines } from './lines.ts';

/** Brings changed policies to the line store: nobody is admitted from when a change is known until the new policy is there. */
export interface PolicyChanges extends WriteStep {
  note(concertId: number): void;
}

export function createPolicyChanges(deps: {
  readonly records: QueueRecords;
  readonly store: LineStore;
  readonly lines: () => KnownLines;
  readonly terms: (concertId: number) => Promise<QueueTerms | null>;
  readonly databaseClock: DatabaseClock;
  readonly wake: () => void;
  readonly onFailure: (error: unknown) => void;
}): PolicyChanges {
  const { records, store, lines, terms, databaseClock, wake, onFailure } = deps;
  const changed = new Set<number>();

  /** The policy is read after the suspension, so it is no older than the change; a newer one is adopted by who suspends next. */
  async function adopt(concertId: number): Promise<void> {
    const ticket = await store.suspend(concertId);
    const agreed = await terms(concertId);
    if (agreed === null) return;
    const sinceMs = Math.floor(databaseClock.lowerMs()) - agreed.policy.intervalMs;
    const admissions = await records.listAdmissions(concertId, sinceMs, agreed.policy.batch);
    if ((await store.adopt(concertId, ticket, agreed, admissions)) === LOST) return;
    const line = lines().get(concertId);
    if (line !== undefined) lines().noteChanged(line);
  }

  return {
    note(concertId) {
      changed.add(concertId);
      wake();
    },

    async flush() {
      if (changed.size === 0 || !store.isUp) return 'idle';
      for (const concertId of changed) {
        // It may be changed again while it is read.
        changed.delete(concertId);
        try {
          await adopt(concertId);
        } catch (error) {
          onFailure(error);
          changed.add(concertId);
          return error instanceof Fault && error.code === 'QUEUE_UNAVAILABLE' ? 'idle' : 'failed';
        }
      }
      return 'done';
    },
  };
}
