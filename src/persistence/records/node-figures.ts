import type { FigureRecords, NodeFigures, RecordedNode } from '../../health/cluster-activity.ts';
import type { Connections } from '../journal/statement.ts';
import { runStatement } from '../journal/statement.ts';

/**
 * The table is not that of the beats: a beat must never find its row locked. Rows of nodes that are gone are deleted once they
 * are older than every list.
 */
const EXCHANGE = `
WITH mine AS (
  INSERT INTO node_figures (node, figures) VALUES ($1, $2)
  ON CONFLICT (node) DO UPDATE SET figures = excluded.figures, at = clock_timestamp()
), old AS (
  DELETE FROM node_figures WHERE node <> $1 AND at < clock_timestamp() - interval '1 hour'
)
SELECT n.node, (extract(epoch FROM n.dead_at) * 1000)::float8 AS "deadAtMs", n.leaving_at IS NOT NULL AS "hasLeft", f.figures
FROM nodes n LEFT JOIN node_figures f USING (node)
WHERE n.node <> $1 AND (n.dead_at IS NULL OR n.dead_at > clock_timestamp() - interval '1 hour') ORDER BY n.joined_no`;

/** The figures that nodes publish, in PostgreSQL. Throws a Fault `STORE_UNAVAILABLE`. `version`: of the figures that it reads. */
export function createFigureRecords(deps: { readonly pool: Connections; readonly version: number }): FigureRecords {
  return {
    async exchange(node, figures) {
      const values = [node, JSON.stringify(figures)];
      const rows = await runStatement<RecordedNode>(
        deps.pool,
        { text: EXCHANGE, values, name: 'exchange-figures' },
        'none',
      );
      return rows.map((row) => ({ ...row, figures: understood(row.figures, deps.version) }));
    },
  };
}

/** Nodes of another version may run during an upgrade. */
function understood(figures: NodeFigures | null, version: number): NodeFigures | null {
  return figures?.version === version ? figures : null;
}
