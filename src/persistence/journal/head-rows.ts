import type pg from 'pg';
import type { EndedToken } from '../../actors/ended-tokens.ts';
import type { HeadRecords } from '../../actors/head-records.ts';
import type { OwnedSchedule, OwnedSeat } from '../../actors/ownership-port.ts';
import { runStatement } from './statement.ts';

/** Whether a node may own: it lives and does not stand aside. */
const MAY_OWN = 'dead_at IS NULL AND separation_no % 2 = 0';

const SEE = `
SELECT h.epoch, n.node AS owner
FROM schedule_heads h LEFT JOIN (SELECT node FROM nodes WHERE ${MAY_OWN}) n ON n.node = h.owner
WHERE h.schedule_id = $1`;

const CLAIM = `
UPDATE schedule_heads SET epoch = epoch + 1, owner = $2
WHERE schedule_id = $1 AND epoch = $3
  AND (owner IS NULL OR owner = $2 OR NOT EXISTS (SELECT FROM nodes WHERE node = owner AND ${MAY_OWN}))
  AND EXISTS (SELECT FROM nodes WHERE node = $2 AND ${MAY_OWN})
RETURNING epoch`;

const HAND_OVER = `
UPDATE schedule_heads SET epoch = epoch + 1, owner = $4 WHERE schedule_id = $1 AND owner = $2 AND epoch = $3 RETURNING epoch`;

const LOAD = `
SELECT h.epoch, h.seq, s.concert_id, s.starts_at, seat.seat_number, seat.price,
  r.reservation_id, r.user_id, r.status, r.created_at, r.expires_at, r.confirmed_at, r.payment_id, r.epoch AS change_epoch, r.seq AS change_seq
FROM schedule_heads h
JOIN schedules s USING (schedule_id)
JOIN seats seat USING (schedule_id)
LEFT JOIN reservations r ON r.schedule_id = h.schedule_id AND r.seat_number = seat.seat_number AND r.status IN ('HELD', 'CONFIRMED')
WHERE h.schedule_id = $1 AND h.owner = $2 AND h.epoch = $3
ORDER BY seat.seat_number`;

/**
 * Tokens of a concert that ended so lately that a hold admitted under one of them may still be under way. Instants of ends
 * may be some seconds older than their commits.
 */
const ENDED_TOKENS = `
SELECT token_id AS "tokenId", status AS "end" FROM queue_tokens
WHERE ended_at > statement_timestamp() - interval '60 seconds' AND concert_id = $1 AND status IN ('CANCELLED', 'COMPLETED')`;

interface LoadedRow {
  readonly epoch: number;
  readonly seq: number;
  readonly concert_id: number;
  readonly starts_at: Date;
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
    // Which change freed the seat is not in the rows; everything up to the head's number is durable, so that one serves.
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

/** Head rows in PostgreSQL, read and claimed through `pool`. */
export function createHeadRecords({ pool }: { readonly pool: pg.Pool }): HeadRecords {
  /** The effect of a claim or handover whose answer is lost is an epoch that nobody uses; the next look finds it. */
  function query<R extends pg.QueryResultRow>(text: string, values: unknown[]): Promise<R[]> {
    return runStatement<R>(pool, { text, values }, 'none');
  }

  return {
    async see(scheduleId) {
      const [seen] = await query<{ epoch: number; owner: string | null }>(SEE, [scheduleId]);
      return seen ?? null;
    },
    async claim(scheduleId, node, seenEpoch) {
      const [claimed] = await query<{ epoch: number }>(CLAIM, [scheduleId, node, seenEpoch]);
      return claimed?.epoch ?? null;
    },
    async handOver(scheduleId, node, epoch, heir) {
      const rows = await query(HAND_OVER, [scheduleId, node, epoch, heir]);
      return rows.length === 1;
    },
    async load(scheduleId, node, epoch): Promise<OwnedSchedule | null> {
      const rows = await query<LoadedRow>(LOAD, [scheduleId, node, epoch]);
      const [first] = rows;
      if (first === undefined) return null;
      return {
        scheduleId,
        concertId: first.concert_id,
        startsAt: first.starts_at.getTime(),
        epoch: first.epoch,
        seq: first.seq,
        seats: rows.map(toSeat),
        // Later than the claim, as TOKENS-2 needs it.
        endedTokens: await query<EndedToken>(ENDED_TOKENS, [first.concert_id]),
      };
    },
  };
}
