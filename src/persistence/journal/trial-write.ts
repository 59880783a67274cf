import type { TrialResult } from '../../health/write-health.ts';
import { sqlState } from '../database-errors.ts';
import type { Lane } from './lane.ts';

/**
 * Inserts into the log as a flush does, and rolls back. The inner block is a subtransaction, whose exception undoes the row without
 * an error in the server's log. The row number belongs to this connection, so it takes none from the log's sequence and two nodes
 * do not wait for each other. The outer transaction commits, which tries the commit's write to the disk too.
 */
const TRIAL_WRITE = `
DO $$
BEGIN
  INSERT INTO seat_log_flushes (flush_no, batch_id, schedule_ids, first_seqs, last_seqs, epochs, events)
  OVERRIDING SYSTEM VALUE VALUES (-pg_backend_pid(), gen_random_uuid(), '{}', '{}', '{}', '{}', '{}');
  RAISE EXCEPTION SQLSTATE 'FR000';
EXCEPTION WHEN SQLSTATE 'FR000' THEN NULL;
END $$`;

/**
 * Whether the database accepts a write on this lane. The row collides with no other, so only a lock on the whole table can stop it,
 * and that stops every flush too. `unanswered` without a free lane or without an answer. Never rejects.
 */
export async function tryWriteOn(lane: Lane | undefined): Promise<TrialResult> {
  if (lane === undefined) return 'unanswered';
  const result = await lane.run({ name: 'trial write', text: TRIAL_WRITE, values: [] });
  if (result.type === 'done') return 'accepted';
  // An error without a SQLSTATE is the lane's own: the statement was not sent.
  return result.type === 'error' && sqlState(result.error) !== undefined ? 'refused' : 'unanswered';
}
