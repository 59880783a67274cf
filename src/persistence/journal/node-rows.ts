import type pg from 'pg';
import { Fault } from '../../domain/errors.ts';
import type { NodeRecords, NodeRow } from '../../domain/node.ts';
import { isRowLocked } from '../database-errors.ts';
import { runStatement } from './statement.ts';

/**
 * Leaves a locked row to the next look, so that looks at the other nodes do not wait for it.
 */
const DECLARE_DEAD = `
WITH silent AS MATERIALIZED (
  SELECT node FROM nodes WHERE node = $1 AND beat = $2 AND dead_at IS NULL FOR NO KEY UPDATE SKIP LOCKED
)
UPDATE nodes SET dead_at = clock_timestamp() FROM silent WHERE nodes.node = silent.node RETURNING nodes.node`;

/** `starts_with`, because LIKE would read a `_` or `%` of a NODE_ID as a wildcard. */
const BURY_FORMER_SELVES = `
UPDATE nodes SET dead_at = clock_timestamp() WHERE starts_with(node, $1) AND node <> $2 AND dead_at IS NULL`;

const LIVING = `
SELECT node, address, joined_no AS "joinedNo", beat, leaving_at IS NOT NULL AS "isLeaving",
  secret_fingerprints AS "secretFingerprints", reaches, separation_no % 2 = 1 AS "isSeparated"
FROM nodes WHERE dead_at IS NULL ORDER BY joined_no`;

/** A node that left without a handover has said goodbye too. */
const LEAVE = `
UPDATE nodes SET dead_at = clock_timestamp(), leaving_at = coalesce(leaving_at, clock_timestamp())
WHERE node = $1 AND dead_at IS NULL`;

/** The rows of the service's nodes in PostgreSQL. */
export function createNodeRecords({ pool }: { readonly pool: pg.Pool }): NodeRecords {
  function query<R extends pg.QueryResultRow>(text: string, values: unknown[]): Promise<R[]> {
    return runStatement<R>(pool, { text, values }, 'unknown');
  }

  return {
    async join(node, former, { address, secretFingerprints }) {
      await query(
        'INSERT INTO nodes (node, address, secret_fingerprints) VALUES ($1, $2, $3) ON CONFLICT (node) DO NOTHING',
        [node, address, secretFingerprints],
      );
      try {
        await query(BURY_FORMER_SELVES, [former, node]);
      } catch (error) {
        // A former incarnation whose row is locked does not beat, so it is declared dead like every silent node.
        if (!(error instanceof Fault && isRowLocked(error.cause))) throw error;
      }
    },
    living: () => query<NodeRow>(LIVING, []),
    async declareDead(node, seenBeat) {
      const rows = await query(DECLARE_DEAD, [node, seenBeat]);
      return rows.length === 1;
    },
    async announceLeave(node) {
      await query('UPDATE nodes SET leaving_at = clock_timestamp() WHERE node = $1 AND leaving_at IS NULL', [node]);
    },
    async leave(node) {
      await query(LEAVE, [node]);
    },
  };
}
