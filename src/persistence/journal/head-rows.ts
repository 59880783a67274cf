import type pg from 'pg';
import type { EndedToken } from '../../actors/ended-tokens.ts';
import type { HeadRecords, SeenHead } from '../../actors/head-records.ts';
import type { RecentHold } from '../../actors/recent-holds.ts';
import type { OwnedSchedule, OwnedSeat } from '../../actors/ownership-port.ts';
import { MOST_RESUMABLE, RESUMED_WITHIN_MS } from '../../domain/reservation.ts';
import type { SeatPlan, SeatPlans } from '../../domain/seat-plan.ts';
import type { SingleSeats } from '../../domain/seat-rules.ts';
import { createLookUps } from '../../runtime/look-ups.ts';
import { runStatement } from './statement.ts';

/** For each kind of look-up; the pool is small and serves others too. */
const STATEMENTS_IN_FLIGHT = 2;
const HEADS_PER_STATEMENT = 64;
/** The largest halls have 500 seats: 16 000 of them, all sold, keep the event loop busy for some 30 ms. */
const SCHEDULES_PER_LOAD = 32;
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

/** Reading a date costs more than reading a number. */
const inMs = (instant: string): string => `floor(extract(epoch FROM ${instant}) * 1000)::bigint`;

/** A row per schedule, not per seat: reading 50 rows of 16 columns for a hall costs several times as much as reading two arrays. */
const LOAD = `
SELECT h.schedule_id, h.epoch, h.seq, s.concert_id, s.closed,
  s.cancellation_id IS NOT NULL AS cancelled, ${inMs('s.starts_at')} AS starts_at_ms,
  ${inMs('s.reservation_opens_at')} AS reservation_opens_at_ms, ${inMs('c.booking_opens_at')} AS booking_opens_at_ms,
  ${inMs('c.booking_closes_at')} AS booking_closes_at_ms, s.plan_id, s.plan_version,
  s.single_seats, ${inMs('s.accessible_release_at')} AS accessible_release_at_ms,
  seat.numbers, seat.prices, live.reservations, blocked.seats AS blocked_seats, recent.holds AS recent_holds
FROM (${WANTED}) AS wanted
JOIN schedule_heads h ON h.schedule_id = wanted.schedule_id AND h.owner = wanted.node AND h.epoch = wanted.epoch
JOIN schedules s ON s.schedule_id = h.schedule_id
JOIN concerts c ON c.concert_id = s.concert_id
CROSS JOIN LATERAL (
  SELECT array_agg(seat_number::bigint ORDER BY seat_number) AS numbers, array_agg(price ORDER BY seat_number) AS prices
  FROM seats WHERE seats.schedule_id = h.schedule_id) AS seat
CROSS JOIN LATERAL (
  SELECT json_agg(json_build_object('seatNumber', seat_number, 'epoch', epoch, 'seq', seq, 'status', status,
    'reservationId', reservation_id, 'price', price, 'userId', user_id, 'createdAt', ${inMs('created_at')},
    'expiresAt', ${inMs('expires_at')}, 'confirmedAt', ${inMs('confirmed_at')}, 'paymentId', payment_id,
    'firstHeldAt', ${inMs('first_held_at')}, 'extensions', extensions)) AS reservations
  FROM reservations r WHERE r.schedule_id = h.schedule_id AND r.status IN ('HELD', 'CONFIRMED')) AS live
CROSS JOIN LATERAL (
  SELECT json_agg(json_build_object('seatNumber', seat_number, 'epoch', epoch, 'seq', seq)) AS seats
  FROM blocked_seats b WHERE b.schedule_id = h.schedule_id) AS blocked
CROSS JOIN LATERAL (
  SELECT json_agg(json_build_object('seatNumber', seat_number, 'userId', user_id, 'endedAt', ${inMs('ended_at')},
    'firstHeldAt', ${inMs('coalesce(first_held_at, created_at)')}) ORDER BY ended_at) AS holds
  FROM (
    SELECT seat_number, user_id, ended_at, first_held_at, created_at
    FROM reservations WHERE schedule_id = h.schedule_id AND status IN ('EXPIRED', 'CANCELLED')
      AND ended_at > statement_timestamp() - interval '${RESUMED_WITHIN_MS} milliseconds'
    ORDER BY ended_at DESC LIMIT ${MOST_RESUMABLE}
  ) AS r) AS recent
WHERE seat.numbers IS NOT NULL`;

/**
 * Tokens that ended so recently that a hold under one of them may still be in flight. The instant of an end may be some seconds
 * older than its commit.
 */
const ENDED_TOKENS = `
SELECT concert_id, token_id AS "tokenId", status AS "end" FROM queue_tokens
WHERE ended_at > statement_timestamp() - interval '60 seconds' AND concert_id = ANY($1::bigint[]) AND status IN ('CANCELLED', 'COMPLETED')`;

interface LiveReservation extends NonNullable<OwnedSeat['seat']['live']> {
  readonly seatNumber: number;
  readonly status: 'HELD' | 'CONFIRMED';
  readonly epoch: number;
  readonly seq: number;
}

interface BlockedSeat {
  readonly seatNumber: number;
  readonly epoch: number;
  readonly seq: number;
}

interface LoadedRow {
  readonly schedule_id: number;
  readonly epoch: number;
  readonly seq: number;
  readonly concert_id: number;
  readonly closed: boolean;
  readonly cancelled: boolean;
  readonly starts_at_ms: number;
  readonly reservation_opens_at_ms: number | null;
  readonly booking_opens_at_ms: number;
  readonly booking_closes_at_ms: number;
  readonly plan_id: number | null;
  readonly plan_version: number | null;
  readonly single_seats: SingleSeats;
  readonly accessible_release_at_ms: number | null;
  readonly numbers: readonly number[];
  readonly prices: readonly number[];
  readonly reservations: readonly LiveReservation[] | null;
  readonly blocked_seats: readonly BlockedSeat[] | null;
  readonly recent_holds: readonly RecentHold[] | null;
}

function seatsOf({ epoch, seq, numbers, prices, reservations, blocked_seats: blocked }: LoadedRow): OwnedSeat[] {
  const liveBySeat = new Map((reservations ?? []).map((reservation) => [reservation.seatNumber, reservation]));
  const blocks = new Map((blocked ?? []).map((block) => [block.seatNumber, block]));
  return numbers.map((seatNumber, nth) => {
    const price = prices[nth] ?? 0;
    const found = liveBySeat.get(seatNumber);
    const block = blocks.get(seatNumber);
    if (block !== undefined) {
      return { seat: { seatNumber, price, status: 'BLOCKED', live: null }, epoch: block.epoch, seq: block.seq };
    }
    // The rows do not say which change freed the seat. The head's number serves, because all changes up to it are durable.
    if (found === undefined) return { seat: { seatNumber, price, status: 'AVAILABLE', live: null }, epoch, seq };
    const { reservationId, userId, price: paid, createdAt, expiresAt, firstHeldAt, extensions } = found;
    const { confirmedAt, paymentId } = found;
    const held = { reservationId, userId, price: paid, createdAt, expiresAt, firstHeldAt, extensions };
    const live = { ...held, confirmedAt, paymentId };
    return { seat: { seatNumber, price, status: found.status, live }, epoch: found.epoch, seq: found.seq };
  });
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
      const bySchedule = new Map(rows.map((row) => [row.schedule_id, row]));
      // Later than the claims, as TOKENS-2 needs it.
      const endedTokens = await findEndedTokens(new Set(rows.map((row) => row.concert_id)));
      return Promise.all(
        tenures.map(async ({ scheduleId }) => {
          const row = bySchedule.get(scheduleId);
          return row === undefined ? null : toSchedule(row, await findPlan(row), endedTokens);
        }),
      );
    },
  });

  async function findPlan({ plan_id: planId, plan_version: version }: LoadedRow): Promise<SeatPlan | null> {
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
  row: LoadedRow,
  plan: SeatPlan | null,
  endedTokens: ReadonlyMap<number, readonly EndedToken[]>,
): OwnedSchedule {
  return {
    scheduleId: row.schedule_id,
    concertId: row.concert_id,
    times: {
      bookingOpensAtMs: row.booking_opens_at_ms,
      bookingClosesAtMs: row.booking_closes_at_ms,
      startsAtMs: row.starts_at_ms,
      reservationOpensAtMs: row.reservation_opens_at_ms,
      closed: row.closed,
      cancelled: row.cancelled,
      singleSeats: row.single_seats,
      accessibleReleaseAtMs: row.accessible_release_at_ms,
    },
    plan,
    epoch: row.epoch,
    seq: row.seq,
    seats: seatsOf(row),
    recentHolds: row.recent_holds ?? [],
    endedTokens: endedTokens.get(row.concert_id) ?? [],
  };
}
