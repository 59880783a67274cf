import type pg from 'pg';
import type { ClusterOverview, ConcertSales, NodeOverview, QueueLength } from '../../health/overview.ts';
import { createCalendar } from './calendar.ts';
import { SCHEDULE_COLUMNS, type ScheduleRow, scheduleOf } from './catalogue-rows.ts';
import { type Connections, runStatement } from '../journal/statement.ts';

/** The most owned schedules in an overview; a longer list helps no operator. */
const OWNED_LIMIT = 1_000;
/** The most schedules with their occupancy; more do not fit on a screen, and the sums count all. */
const OCCUPANCY_LIMIT = 1_000;

const NODES = `
SELECT n.node, n.address, n.dead_at IS NULL AS alive,
  (SELECT count(*) FROM schedule_heads h WHERE h.owner = n.node)::int AS "ownedSchedules"
FROM nodes n WHERE n.dead_at IS NULL OR n.dead_at > now() - interval '1 hour' ORDER BY n.joined_no`;

const OWNED = 'SELECT schedule_id FROM schedule_heads WHERE owner = $1 ORDER BY schedule_id LIMIT $2';

const SALES = `
SELECT concert_id AS "concertId",
  count(*) FILTER (WHERE status = 'HELD' AND expires_at > clock_timestamp())::int AS held,
  count(*) FILTER (WHERE status = 'CONFIRMED')::int AS confirmed,
  coalesce(sum(price) FILTER (WHERE status = 'CONFIRMED'), 0)::bigint AS revenue
FROM reservations WHERE status IN ('HELD', 'CONFIRMED') GROUP BY concert_id ORDER BY concert_id`;

const QUEUES = `
SELECT concert_id AS "concertId", count(*) FILTER (WHERE status = 'WAITING')::int AS waiting,
  count(*) FILTER (WHERE status = 'ACTIVE')::int AS active
FROM queue_tokens WHERE status IN ('WAITING', 'ACTIVE') GROUP BY concert_id`;

/** Schedules that have begun come last, so that the limit omits them first. */
const OCCUPANCY = `
WITH live AS (
  SELECT schedule_id,
    count(*) FILTER (WHERE status = 'HELD' AND expires_at > clock_timestamp())::int AS held,
    count(*) FILTER (WHERE status = 'CONFIRMED')::int AS confirmed
  FROM reservations WHERE status IN ('HELD', 'CONFIRMED') GROUP BY schedule_id)
SELECT ${SCHEDULE_COLUMNS}, c.title, h.owner, coalesce(live.held, 0) AS held, coalesce(live.confirmed, 0) AS confirmed,
  (SELECT count(*) FROM blocked_seats b WHERE b.schedule_id = s.schedule_id)::int AS blocked,
  (SELECT count(*) FROM schedules)::int AS all_schedules
FROM schedules s JOIN concerts c USING (concert_id) LEFT JOIN schedule_heads h USING (schedule_id)
  LEFT JOIN live USING (schedule_id)
ORDER BY s.starts_at <= clock_timestamp(), s.starts_at, s.schedule_id LIMIT $1`;

interface OccupancyRow extends ScheduleRow {
  title: string;
  owner: string | null;
  held: number;
  confirmed: number;
  blocked: number;
  all_schedules: number;
}

/**
 * Nodes of the last hour, the schedules of `node`, sales by concert, and the occupancy of schedules. Throws a Fault
 * `STORE_UNAVAILABLE`.
 */
export async function readOverview(pool: pg.Pool, node: string): Promise<ClusterOverview> {
  const select = <R extends pg.QueryResultRow>(text: string, values: readonly unknown[] = []): Promise<R[]> =>
    runStatement<R>(pool, { text, values }, 'none');
  const [nodes, owned, sales, occupancy] = await Promise.all([
    select<NodeOverview>(NODES),
    select<{ schedule_id: number }>(OWNED, [node, OWNED_LIMIT]),
    select<ConcertSales>(SALES),
    select<OccupancyRow>(OCCUPANCY, [OCCUPANCY_LIMIT]),
  ]);
  const dateIn = createCalendar();
  return {
    nodes,
    ownedSchedules: owned.map((row) => row.schedule_id),
    concerts: sales,
    schedules: occupancy.map((row) => {
      const { scheduleId, concertId, date, startsAtMs, totalSeats } = scheduleOf(row, dateIn);
      const { title, held, confirmed, blocked, owner } = row;
      return { scheduleId, concertId, title, date, startsAtMs, totalSeats, held, confirmed, blocked, owner };
    }),
    schedulesLeftOut: (occupancy[0]?.all_schedules ?? 0) - occupancy.length,
  };
}

/**
 * The recorded lengths of all lines that are not empty; absent holders count until they are evicted. Throws a Fault
 * `STORE_UNAVAILABLE`.
 */
export function readQueueLengths(pool: Connections): Promise<readonly QueueLength[]> {
  return runStatement<QueueLength>(pool, { text: QUEUES, values: [] }, 'none');
}
