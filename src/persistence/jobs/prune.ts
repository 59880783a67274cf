/** Runs one statement and returns its rows; a pool's or pg-boss's. */
export type Execute = (text: string, values: readonly unknown[]) => Promise<readonly unknown[]>;

/** Keeps each statement's locks and log in the low milliseconds. */
const ROWS_PER_STATEMENT = 1_000;

/**
 * Deletes up to $1 rows of `table` for which `isOld` holds. It leaves rows that are locked or have changed meanwhile to the next
 * round, so pruning never waits and never deletes a key that has just been used again.
 */
function pruneStatement(table: string, key: string, isOld: string, order: string): string {
  const columns = key.split(', ');
  const same = columns.map((column) => `target.${column} = old.${column}`).join(' AND ');
  return `
    WITH old AS MATERIALIZED (
      SELECT ${key} FROM ${table} WHERE ${isOld} ORDER BY ${order} LIMIT $1 FOR UPDATE SKIP LOCKED
    ), gone AS (
      DELETE FROM ${table} target USING old WHERE ${same} RETURNING 1
    )
    SELECT count(*)::int AS pruned FROM gone`;
}

const STATEMENTS = {
  /** The answers recorded under idempotency keys. */
  idempotencyKeys: pruneStatement(
    'idempotency_keys',
    'user_id, key',
    "created_at <= statement_timestamp() - interval '24 hours'",
    'created_at',
  ),
  /** The same of organisers. */
  adminAnswers: pruneStatement(
    'admin_answers',
    'caller, key',
    "created_at <= statement_timestamp() - interval '24 hours'",
    'created_at',
  ),
  queueTokens: pruneStatement(
    'queue_tokens',
    'token_id',
    "ended_at <= statement_timestamp() - interval '7 days'",
    'ended_at',
  ),
  queueNumbers: pruneStatement(
    'queue_unused_numbers',
    'concert_id, no',
    "unused_at <= statement_timestamp() - interval '7 days'",
    'unused_at',
  ),
  /** Dead nodes: they own nothing, and neither does a missing node. */
  nodes: pruneStatement('nodes', 'node', "dead_at <= statement_timestamp() - interval '7 days'", 'dead_at'),
};

export type Prunable = keyof typeof STATEMENTS;
export const PRUNABLES = Object.keys(STATEMENTS) as readonly Prunable[];

/** Deletes what is past its time, in bounded statements. Returns how many rows that were. */
export async function prune(execute: Execute, what: Prunable, signal?: AbortSignal): Promise<number> {
  let total = 0;
  for (;;) {
    const [row] = await execute(STATEMENTS[what], [ROWS_PER_STATEMENT]);
    const pruned = typeof row === 'object' && row !== null && 'pruned' in row ? Number(row.pruned) : 0;
    total += pruned;
    if (pruned < ROWS_PER_STATEMENT || signal?.aborted === true) return total;
  }
}
