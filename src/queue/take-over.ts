import type { QueueHead, QueueRecords } from '../domain/queue-token.ts';
import { Fault } from '../domain/errors.ts';

/**
 * Takes lines over in PostgreSQL, so that all writes under older generations are refused. The process of an exclusive store
 * takes all of them over when it starts: an older process can write none of them from then on, and a line that another one
 * has taken over since is not taken back.
 */
/** `nextNo` as `QueueRecords.takeOver` says; null where no other process enters anyone. */
export interface Taken extends QueueHead {
  readonly nextNo: number | null;
}

export interface TakeOver {
  /** Throws a Fault `STORE_UNAVAILABLE`. */
  start(): Promise<void>;
  /** Throws Faults. */
  take(concertId: number): Promise<Taken>;
}

export function createTakeOver(deps: {
  readonly records: Pick<QueueRecords, 'takeOver' | 'takeOverAll' | 'raise'>;
  readonly isExclusive: boolean;
  /** Another process has taken over a line of an exclusive store. */
  readonly onFenced: () => void;
}): TakeOver {
  const { records, isExclusive, onFenced } = deps;
  /** Of lines that were taken over at the start and not taken since. */
  const generations = new Map<number, number>();

  return {
    async start() {
      if (!isExclusive) return;
      for (const { concertId, generation } of await records.takeOverAll()) generations.set(concertId, generation);
    },

    async take(concertId) {
      const generation = generations.get(concertId);
      if (generation === undefined) return records.takeOver(concertId);
      const [raised] = await records.raise([{ concertId, generation }]);
      if (raised !== undefined) {
        // The line may have to be begun again before it is open.
        generations.set(concertId, raised.generation);
        return { ...raised, nextNo: null };
      }
      onFenced();
      throw new Fault('QUEUE_UNAVAILABLE', 'none');
    },
  };
}
