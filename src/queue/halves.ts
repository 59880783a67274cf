import type { FlushResult } from './write-cycle.ts';

/**
 * Sends a batch that PostgreSQL refused for its data in halves, down to the entry that is refused alone: one bad entry
 * must not stop the others. What a failing store leaves unsent is marked so.
 */
export async function sendHalves<E extends { isSent: boolean }>(
  batch: readonly E[],
  { send, refuse }: { send: (half: readonly E[]) => Promise<FlushResult>; refuse: (entry: E) => void },
): Promise<FlushResult> {
  const [first] = batch;
  if (batch.length === 1 && first !== undefined) {
    refuse(first);
    return 'done';
  }
  const middle = Math.ceil(batch.length / 2);
  const before = await send(batch.slice(0, middle));
  if (before !== 'failed') return send(batch.slice(middle));
  for (const entry of batch.slice(middle)) entry.isSent = false;
  return before;
}
