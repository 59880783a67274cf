import type { QueueHead, QueueRecords, TakenHead } from '../domain/queue-token.ts';
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
  /** Of lines that were there at the start. */
  const heads = new Map<number, TakenHead>();
  /** Of these, the lines of which nothing was read yet: a take-over of the start is theirs, and nothing was written under it. */
  const unread = new Set<number>();

  function fenced(): Fault {
    onFenced();
    return new Fault('QUEUE_UNAVAILABLE', 'none');
  }

  async function raise(head: QueueHead): Promise<Taken> {
    const {
      raised: [raised],
      locked,
    } = await records.raise([head]);
    if (locked.length > 0) throw new Fault('STORE_UNAVAILABLE', 'none');
    if (raised === undefined) throw fenced();
    return { ...raised, nextNo: null };
  }

  async function takeOver(concertId: number, below: number | null): Promise<Taken> {
    const taken = await records.takeOver(concertId, below);
    if (taken === null) throw fenced();
    return taken;
  }

  return {
    async start() {
      if (!isExclusive) return;
      for (const head of await records.takeOverAll()) {
        heads.set(head.concertId, head);
        if (head.isTaken) unread.add(head.concertId);
      }
    },

    async take(concertId) {
      const head = heads.get(concertId);
      if (head !== undefined && unread.delete(concertId)) return { ...head, nextNo: null };
      const taken = await (head?.isTaken === true ? raise(head) : takeOver(concertId, head?.generation ?? null));
      // The line may have to be begun again before it is open.
      if (head !== undefined) heads.set(concertId, { ...taken, isTaken: true });
      return taken;
    },
  };
}
