/**
 * Changes whose outcome is unknown because PostgreSQL's answer was lost.
 *
 * D1. Before anything else is decided about such a token, the generation of its concert is raised: what the lost statement did is
 *     visible from then on, or it is refused for ever, wherever it still waits.
 * D2. Then its row is read back, and what the row says takes effect.
 * D3. Until both have succeeded, everything that the change claimed stays claimed.
 */
import type { QueueRecords, QueueTokenRow } from '../../domain/queue-token.ts';
import type { ConcertQueue } from './concert-queue.ts';
import type { WriteStep } from '../write-cycle.ts';

export interface Doubt {
  readonly queue: ConcertQueue;
  readonly tokenId: string;
  /** Takes over what the row says; null when there is none. */
  readonly settle: (row: QueueTokenRow | null) => void;
}

export interface Doubts extends WriteStep {
  add(doubts: readonly Doubt[]): void;
}

export function createDoubts(deps: {
  records: QueueRecords;
  /** Another process has taken a line over. */
  onFenced: () => void;
  /** A resolution failed, and will be tried again. */
  onFailure: (error: unknown) => void;
}): Doubts {
  const { records, onFenced, onFailure } = deps;
  let open: Doubt[] = [];

  async function raiseGenerations(queues: readonly ConcertQueue[]): Promise<boolean> {
    const raised = await records.raise(queues.map(({ concertId, generation }) => ({ concertId, generation })));
    const generations = new Map(raised.map((head) => [head.concertId, head.generation]));
    for (const queue of queues) queue.generation = generations.get(queue.concertId) ?? queue.generation;
    return generations.size === queues.length;
  }

  return {
    add(doubts) {
      open.push(...doubts);
    },

    async flush() {
      if (open.length === 0) return 'idle';
      try {
        if (!(await raiseGenerations([...new Set(open.map((doubt) => doubt.queue))]))) {
          onFenced();
          return 'failed';
        }
        const rows = await records.find(open.map((doubt) => doubt.tokenId));
        const byId = new Map(rows.map((row) => [row.tokenId, row]));
        const resolved = open;
        open = [];
        for (const doubt of resolved) doubt.settle(byId.get(doubt.tokenId) ?? null);
        return 'done';
      } catch (error) {
        onFailure(error);
        return 'failed';
      }
    },
  };
}
