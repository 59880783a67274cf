/** Runs one statement and returns its rows; a pool's or pg-boss's. */
export type Execute = (text: string, values: readonly unknown[]) => Promise<readonly unknown[]>;

/** Keeps each statement's locks and log in the low milliseconds. */
const ROWS_PER_STATEMENT = 1_000;

/**
 * Deletes up to $1 rows of `table` for which `isOld` holds. A row that is locked or was changed meanwhile is left to the next
 * round, so pruning never waits for anybody and never takes a key that has just been used anew.
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
  idempotencyKeys: pruneStatement(
    'idempotency_keys',
    'user_id, key',
    "created_at <= statement_timestamp() - interval '24 hours'",
    'created_at',
  ),
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
  nodes: pruneStatement('nodes', 'node', "dead_at <= statement_timestamp() - interval '7 days'", 'dead_at'),
};

function countIn(row: unknown): number {
  return typeof row === 'object' && row !== null && 'pruned' in row ? Number(row.pruned) : 0;
}

async function pruneAll(execute: Execute, statement: string, signal: AbortSignal | undefined): Promise<number> {
  let total = 0;
  for (;;) {
    const [row] = await execute(statement, [ROWS_PER_STATEMENT]);
    const pruned = countIn(row);
    total += pruned;
    if (pruned < ROWS_PER_STATEMENT || signal?.aborted === true) return total;
  }
}

/** Deletes the answers to users and organisers recorded under idempotency keys more than 24 h ago, in bounded statements. Returns how many. */
export async function pruneIdempotencyKeys(execute: Execute, signal?: AbortSignal): Promise<number> {
  const ofUsers = await pruneAll(execute, STATEMENTS.idempotencyKeys, signal);
  return ofUsers + (await pruneAll(execute, STATEMENTS.adminAnswers, signal));
}

/**
 * Deletes queue tokens that ended more than 7 days ago, and numbers that were left unused then, in bounded statements. Returns how
 * many tokens.
 */
export async function pruneQueueTokens(execute: Execute, signal?: AbortSignal): Promise<number> {
  const tokens = await pruneAll(execute, STATEMENTS.queueTokens, signal);
  await pruneAll(execute, STATEMENTS.queueNumbers, signal);
  return tokens;
}

/** Deletes nodes that were declared dead more than 7 days ago: a missing node and a dead one own nothing alike. Returns how many. */
export function pruneNodes(execute: Execute, signal?: AbortSignal): Promise<number> {
  return pruneAll(execute, STATEMENTS.nodes, signal);
}
