import type pg from 'pg';
import { toFault } from './database-errors.ts';

/** Schedules that an overview names at most; beyond that, counts tell more than lists. */
const OWNED_LIMIT = 1_000;

const NODES = `
SELECT n.node, n.address, n.dead_at IS NULL AS alive,
  (SELECT count(*) FROM schedule_heads h WHERE h.owner = n.node)::int AS owned_schedules
FROM nodes n WHERE n.dead_at IS NULL OR n.dead_at > now() - interval '1 hour' ORDER BY n.joined_no`;

const OWNED = 'SELECT schedule_id FROM schedule_heads WHERE owner = $1 ORDER BY schedule_id LIMIT $2';

const SALES = `
SELECT concert_id,
  count(*) FILTER (WHERE status = 'HELD' AND expires_at > clock_timestamp())::int AS held,
  count(*) FILTER (WHERE status = 'CONFIRMED')::int AS confirmed,
  coalesce(sum(price) FILTER (WHERE status = 'CONFIRMED'), 0)::bigint AS revenue
FROM reservations WHERE status IN ('HELD', 'CONFIRMED') GROUP BY concert_id ORDER BY concert_id`;

export interface StoredOverview {
  readonly nodes: readonly {
    readonly node: string;
    readonly address: string;
    readonly alive: boolean;
    readonly ownedSchedules: number;
  }[];
  readonly ownedSchedules: readonly number[];
  readonly concerts: readonly {
    readonly concertId: number;
    readonly held: number;
    readonly confirmed: number;
    readonly revenue: number;
  }[];
}

/** Nodes of the last hour, the schedules of `node`, and sales by concert. Throws a Fault `STORE_UNAVAILABLE`. */
export async function readOverview(pool: pg.Pool, node: string): Promise<StoredOverview> {
  try {
    const [nodes, owned, sales] = await Promise.all([
      pool.query<{ node: string; address: string; alive: boolean; owned_schedules: number }>(NODES),
      pool.query<{ schedule_id: number }>(OWNED, [node, OWNED_LIMIT]),
      pool.query<{ concert_id: number; held: number; confirmed: number; revenue: number }>(SALES),
    ]);
    return {
      nodes: nodes.rows.map((row) => ({
        node: row.node,
        address: row.address,
        alive: row.alive,
        ownedSchedules: row.owned_schedules,
      })),
      ownedSchedules: owned.rows.map((row) => row.schedule_id),
      concerts: sales.rows.map((row) => ({
        concertId: row.concert_id,
        held: row.held,
        confirmed: row.confirmed,
        revenue: row.revenue,
      })),
    };
  } catch (error) {
    throw toFault(error, 'none');
  }
}
