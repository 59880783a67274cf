import type pg from 'pg';
import type { EndedToken } from '../../actors/ended-tokens.ts';
import type { HeadRecords, SeenHead } from '../../actors/head-records.ts';
import type { OwnedSchedule, OwnedSeat } from '../../actors/ownership-port.ts';
import type { SeatPlan, SeatPlans } from '../../domain/seat-plan.ts';
import { createLookUps } from '../../runtime/look-ups.ts';
import { runStatement } from './statement.ts';

/** For each kind of look-up; the pool is small and serves others too. */
const STATEMENTS_IN_FLIGHT = 2;
const HEADS_PER_STATEMENT = 64;
/** The largest halls have 500 seats: 4 000 rows keep the event loop busy for some 15 ms. */
const SCHEDULES_PER_LOAD = 8;
/** `activations.ts` refuses earlier. */
const LOOK_UPS_WAITING = 1_000;

/** Whether a node may own: it lives and does not stand aside. */
const MAY_OWN = 'dead_at IS NULL AND separation_no % 2 = 0';

const SEE = `
SELECT h.schedule_id, h.epoch, n.node AS owner
FROM schedule_heads h LEFT JOIN (SELECT node FROM nodes WHERE ${MAY_OWN}) n ON n.node = h.owner
WHERE h.schedule_id = ANY($1::bigint[])`;

/** `free` holds the wanted schedules whose own row allows the claim. */
const CLAIM_FREE = `
UPDATE schedule_heads h SET epoch = h.epoch + 1, owner = free.node
FROM free
WHERE h.schedule_id = free.schedule_id AND h.epoch = free.epoch
  AND (h.owner IS NULL OR h.owner = free.node OR NOT EXISTS (SELECT FROM nodes WHERE node = h.owner AND ${MAY_OWN}))
  AND EXISTS (SELECT FROM nodes WHERE node = free.node AND ${MAY_OWN})
RETURNING h.schedule_id, h.epoch`;

const WANTED = 'SELECT * FROM unnest($1::bigint[], $2::text[], $3::bigint[]) AS wanted (schedule_id, node, epoch)';

/** Skips locked rows, so that the others do not wait for them. */
const CLAIM_UNLOCKED = `
WITH wanted AS (${WANTED}), free AS MATERIALIZED (
  SELECT schedule_id, wanted.node, epoch FROM schedule_heads h JOIN wanted USING (schedule_id, epoch)
  ORDER BY schedule_id FOR NO KEY UPDATE OF h SKIP LOCKED
)${CLAIM_FREE}`;

const CLAIM_ONE = `WITH free AS (${WANTED})${CLAIM_FREE}`;

const HAND_OVER = `
UPDATE schedule_heads SET epoch = epoch + 1, owner = $4 WHERE schedule_id = $1 AND owner = $2 AND epoch = $3 RETURNING epoch`;

/** Each row has the times, and reading a date costs more than reading the rest of the row. */
const inMs = (instant: string): string => `floor(extract(epoch FROM ${instant}) * 1000)::bigint`;

const LOAD = `
SELECT h.schedule_id, h.epoch, h.seq, s.concert_id, s.closed, ${inMs('s.starts_at')} AS starts_at_ms,
  ${inMs('s.reservation_opens_at')} AS reservation_opens_at_ms, ${inMs('c.booking_opens_at')} AS booking_opens_at_ms,
  ${inMs('c.booking_closes_at')} AS booking_closes_at_ms,
  s.plan_id, s.plan_version,
  seat.seat_number, seat.price,
  r.reservation_id, r.user_id, r.status, r.created_at, r.expires_at, r.confirmed_at, r.payment_id, r.epoch AS change_epoch, r.seq AS change_seq
FROM (${WANTED}) AS wanted
JOIN schedule_heads h ON h.schedule_id = wanted.schedule_id AND h.owner = wanted.node AND h.epoch = wanted.epoch
JOIN schedules s ON s.schedule_id = h.schedule_id
JOIN concerts c ON c.concert_id = s.concert_id
JOIN seats seat ON seat.schedule_id = h.schedule_id
LEFT JOIN reservations r ON r.schedule_id = h.schedule_id AND r.seat_number = seat.seat_number AND r.status IN ('HELD', 'CONFIRMED')
ORDER BY h.schedule_id, seat.seat_number`;

/**
 * Tokens that ended so recently that a hold under one of them may still be in flight. The instant of an end may be some seconds
 * older than its commit.
 */
const ENDED_TOKENS = `
SELECT concert_id, token_id AS "tokenId", status AS "end" FROM queue_tokens
WHERE ended_at > statement_timestamp() - interval '60 seconds' AND concert_id = ANY($1::bigint[]) AND status IN ('CANCELLED', 'COMPLETED')`;

interface LoadedRow {
  readonly schedule_id: number;
  readonly epoch: number;
  readonly seq: number;
  readonly concert_id: number;
  readonly closed: boolean;
  readonly starts_at_ms: number;
  readonly reservation_opens_at_ms: number | null;
  readonly booking_opens_at_ms: number;
  readonly booking_closes_at_ms: number;
  readonly plan_id: number | null;
  readonly plan_version: number | null;
  readonly seat_number: number;
  readonly price: number;
  readonly reservation_id: string | null;
  readonly user_id: string;
  readonly status: 'HELD' | 'CONFIRMED';
  readonly created_at: Date;
  readonly expires_at: Date;
  readonly confirmed_at: Date | null;
  readonly payment_id: string | null;
  readonly change_epoch: number;
  readonly change_seq: number;
}

function toSeat(row: LoadedRow): OwnedSeat {
  const { seat_number: seatNumber, price } = row;
  if (row.reservation_id === null) {
    // The rows do not say which change freed the seat. The head's number serves, because all changes up to it are durable.
    return { seat: { seatNumber, price, status: 'AVAILABLE', live: null }, epoch: row.epoch, seq: row.seq };
  }
  const live = {
    reservationId: row.reservation_id,
    userId: row.user_id,
    createdAt: row.created_at.getTime(),
    expiresAt: row.expires_at.getTime(),
    confirmedAt: row.confirmed_at?.getTime() ?? null,
    paymentId: row.payment_id,
  };
  return { seat: { seatNumber, price, status: row.status, live }, epoch: row.change_epoch, seq: row.change_seq };
}

/** A schedule and an epoch: before a claim the seen one, after it the claimed one. */
interface Tenure {
  readonly scheduleId: number;
  readonly node: string;
  readonly epoch: number;
}

function columnsOf(tenures: readonly Tenure[]): unknown[][] {
  return [
    tenures.map(({ scheduleId }) => scheduleId),
    tenures.map(({ node }) => node),
    tenures.map(({ epoch }) => epoch),
  ];
}

/**
 * Reads and claims head rows in PostgreSQL. Concurrent look-ups share statements, so that a new node soon takes over many
 * schedules. The first look-up is answered first.
 */
export function createHeadRecords({
  pool,
  plans,
}: {
  readonly pool: pg.Pool;
  readonly plans: Pick<SeatPlans, 'findVersion'>;
}): HeadRecords {
  /** A claim or handover whose answer is lost leaves an unused epoch, which the next look finds. */
  function query<R extends pg.QueryResultRow>(text: string, values: unknown[]): Promise<R[]> {
    return runStatement<R>(pool, { text, values }, 'none');
  }

  const limits = { callsInFlight: STATEMENTS_IN_FLIGHT, waiting: LOOK_UPS_WAITING };

  const seen = createLookUps<number, SeenHead | null>({
    ...limits,
    keysPerCall: HEADS_PER_STATEMENT,
    async load(ids) {
      const rows = await query<{ schedule_id: number } & SeenHead>(SEE, [ids]);
      const byId = new Map(rows.map(({ schedule_id: id, epoch, owner }) => [id, { epoch, owner }]));
      return ids.map((id) => byId.get(id) ?? null);
    },
  });

  const claimed = createLookUps<Tenure, number | null>({
    ...limits,
    keysPerCall: HEADS_PER_STATEMENT,
    async load(tenures) {
      const rows = await query<{ schedule_id: number; epoch: number }>(CLAIM_UNLOCKED, columnsOf(tenures));
      const byId = new Map(rows.map((row) => [row.schedule_id, row.epoch]));
      return tenures.map(({ scheduleId }) => byId.get(scheduleId) ?? null);
    },
  });

  const loaded = createLookUps<Tenure, OwnedSchedule | null>({
    ...limits,
    keysPerCall: SCHEDULES_PER_LOAD,
    async load(tenures) {
      const rows = await query<LoadedRow>(LOAD, columnsOf(tenures));
      const bySchedule = Map.groupBy(rows, (row) => row.schedule_id);
      // Later than the claims, as TOKENS-2 needs it.
      const endedTokens = await findEndedTokens(new Set(rows.map((row) => row.concert_id)));
      return Promise.all(
        tenures.map(async ({ scheduleId }) => {
          const own = bySchedule.get(scheduleId) ?? [];
          return toSchedule(own, await findPlan(own[0]), endedTokens);
        }),
      );
    },
  });

  async function findPlan(row: LoadedRow | undefined): Promise<SeatPlan | null> {
    const { plan_id: planId = null, plan_version: version = null } = row ?? {};
    return planId === null || version === null ? null : plans.findVersion({ planId, version });
  }

  async function findEndedTokens(concertIds: ReadonlySet<number>): Promise<ReadonlyMap<number, EndedToken[]>> {
    if (concertIds.size === 0) return new Map();
    const rows = await query<{ concert_id: number } & EndedToken>(ENDED_TOKENS, [[...concertIds]]);
    return Map.groupBy(rows, (row) => row.concert_id);
  }

  return {
    see: (scheduleId) => seen.get(scheduleId),
    async claim(scheduleId, node, seenEpoch) {
      const tenure = { scheduleId, node, epoch: seenEpoch };
      const epoch = await claimed.get(tenure);
      if (epoch !== null) return epoch;
      // The row may only have been locked, for instance by the last flush of its former owner.
      const [row] = await query<{ epoch: number }>(CLAIM_ONE, columnsOf([tenure]));
      return row?.epoch ?? null;
    },
    async handOver(scheduleId, node, epoch, heir) {
      const rows = await query(HAND_OVER, [scheduleId, node, epoch, heir]);
      return rows.length === 1;
    },
    load: (scheduleId, node, epoch) => loaded.get({ scheduleId, node, epoch }),
  };
}

function toSchedule(
  rows: readonly LoadedRow[],
  plan: SeatPlan | null,
  endedTokens: ReadonlyMap<number, readonly EndedToken[]>,
): OwnedSchedule | null {
  const [first] = rows;
  if (first === undefined) return null;
  return {
    scheduleId: first.schedule_id,
    concertId: first.concert_id,
    times: {
      bookingOpensAtMs: first.booking_opens_at_ms,
      bookingClosesAtMs: first.booking_closes_at_ms,
      startsAtMs: first.starts_at_ms,
      reservationOpensAtMs: first.reservation_opens_at_ms,
      closed: first.closed,
    },
    plan,
    epoch: first.epoch,
    seq: first.seq,
    seats: rows.map(toSeat),
    endedTokens: endedTokens.get(first.concert_id) ?? [],
  };
}
