import type { BuyerHold, BuyerRecords, BuyerToken } from '../../domain/buyer.ts';
import type { Page } from '../../domain/page.ts';
import type { QueueTokenStatus } from '../../domain/queue-token.ts';
import type { User } from '../../domain/user.ts';
import { type Connections, readRows } from '../journal/statement.ts';
import { type PaidItemRow, paidItems, paymentsOf } from './payments.ts';
import { RESERVATION_COLUMNS, type ReservationRow, reservationOf } from './reservation-row.ts';

/** $2: concerts, null for all. */
const IN_CONCERTS = '($2::bigint[] IS NULL OR concert_id = ANY($2::bigint[]))';

/** A user whom the concerts at $2 know; `u` is the user's row. */
const IS_KNOWN = `($2::bigint[] IS NULL
  OR EXISTS (SELECT FROM reservations r WHERE r.user_id = u.user_id AND r.concert_id = ANY($2::bigint[]))
  OR EXISTS (SELECT FROM queue_tokens t WHERE t.concert_id = ANY($2::bigint[]) AND t.user_id = u.user_id))`;

const COLUMNS = 'u.user_id, u.name, u.email, u.created_at';
const BY_EMAIL = `SELECT ${COLUMNS} FROM users u WHERE lower(u.email) = lower($1) AND ${IS_KNOWN}`;
const BY_ID = `SELECT ${COLUMNS} FROM users u WHERE u.user_id = $1 AND ${IS_KNOWN}`;

/** No index leads from a user to ended tokens: each entry of a rush would pay for it, and this look-up is rare. */
const TOKENS = `
  SELECT token_id, concert_id, no, status, issued_at, activated_at, active_until, ended_at FROM queue_tokens
  WHERE user_id = $1 AND ${IN_CONCERTS} AND ($3::uuid IS NULL OR token_id < $3) ORDER BY token_id DESC LIMIT $4`;

const HOLDS = `
  SELECT ${RESERVATION_COLUMNS}, r.ended_at FROM reservations r JOIN schedules s USING (schedule_id)
  WHERE r.user_id = $1 AND ($2::bigint[] IS NULL OR r.concert_id = ANY($2::bigint[]))
    AND ($3::uuid IS NULL OR r.reservation_id < $3)
  ORDER BY r.reservation_id DESC LIMIT $4`;

const PAYMENTS = paidItems(`
  SELECT * FROM payments WHERE user_id = $1 AND ${IN_CONCERTS} AND ($3::uuid IS NULL OR payment_id < $3)
  ORDER BY payment_id DESC LIMIT $4`);

const PAYMENT = paidItems(`SELECT * FROM payments WHERE payment_id = $1 AND ${IN_CONCERTS}`);
const PAYER = 'SELECT user_id FROM payments WHERE payment_id = $1';

interface UserRow {
  user_id: string;
  name: string;
  email: string | null;
  created_at: Date;
}

interface TokenRow {
  token_id: string;
  concert_id: number;
  no: number;
  status: QueueTokenStatus;
  issued_at: Date;
  activated_at: Date | null;
  active_until: Date | null;
  ended_at: Date | null;
}

interface HoldRow extends ReservationRow {
  ended_at: Date | null;
}

const isoOrNull = (instant: Date | null): string | null => (instant === null ? null : instant.toISOString());

function userOf(row: UserRow): User {
  return { userId: row.user_id, name: row.name, email: row.email, createdAt: row.created_at.toISOString() };
}

function tokenOf(row: TokenRow): BuyerToken {
  return {
    concertId: row.concert_id,
    number: row.no,
    status: row.status,
    issuedAt: row.issued_at.toISOString(),
    activatedAt: isoOrNull(row.activated_at),
    activeUntil: isoOrNull(row.active_until),
    endedAt: isoOrNull(row.ended_at),
  };
}

function holdOf(row: HoldRow): BuyerHold {
  return { ...reservationOf(row), endedAt: isoOrNull(row.ended_at) };
}

/** The first `limit` of rows that were read with one more. */
function pageOf<Row, T>(
  rows: readonly Row[],
  limit: number,
  of: (row: Row) => T,
  keyOf: (row: Row) => string,
): Page<T> {
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  return {
    items: shown.map(of),
    nextCursor: rows.length > limit && last !== undefined ? keyOf(last) : null,
  };
}

/** Buyers in PostgreSQL. */
export function createBuyerRecords({ pool }: { readonly pool: Connections }): BuyerRecords {
  async function findUser(text: string, values: readonly unknown[]): Promise<User | null> {
    const [row] = await readRows<UserRow>(pool, { text, values });
    return row === undefined ? null : userOf(row);
  }

  return {
    findByEmail: (email, concertIds) => findUser(BY_EMAIL, [email, concertIds]),
    find: (userId, concertIds) => findUser(BY_ID, [userId, concertIds]),

    async listTokens(userId, concertIds, { limit, after }) {
      const rows = await readRows<TokenRow>(pool, { text: TOKENS, values: [userId, concertIds, after, limit + 1] });
      return pageOf(rows, limit, tokenOf, (row) => row.token_id);
    },

    async listHolds(userId, concertIds, { limit, after }) {
      const rows = await readRows<HoldRow>(pool, { text: HOLDS, values: [userId, concertIds, after, limit + 1] });
      return pageOf(rows, limit, holdOf, (row) => row.reservation_id);
    },

    async findPayment(paymentId, concertIds) {
      const rows = await readRows<PaidItemRow>(pool, { text: PAYMENT, values: [paymentId, concertIds] });
      const [payment] = paymentsOf(rows);
      const [payer] = await readRows<{ user_id: string }>(pool, { text: PAYER, values: [paymentId] });
      return payment === undefined || payer === undefined ? null : { userId: payer.user_id, payment };
    },

    async listPayments(userId, concertIds, { limit, after }) {
      const values = [userId, concertIds, after, limit + 1];
      const payments = paymentsOf(await readRows<PaidItemRow>(pool, { text: PAYMENTS, values }));
      return pageOf(
        payments,
        limit,
        (payment) => payment,
        (payment) => payment.paymentId,
      );
    },
  };
}
