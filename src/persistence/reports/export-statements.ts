import type { ExportedTable } from '../../domain/exports.ts';

/** Rows of a statement. The service has one page of an export in memory at a time. */
export const ROWS_PER_PAGE = 100;

/** How a table is exported. */
export interface ExportedColumns {
  /** The API's name of each column, with its SQL. */
  readonly columns: readonly (readonly [name: string, sql: string])[];
  /** The rows of a page as `t`. `$1` has the concerts, or null for all rows. */
  readonly page: string;
  /** What a page is joined with. It neither adds nor removes a row. */
  readonly joins: string;
  /** The columns of the primary key, by which the rows are ordered. */
  readonly key: readonly string[];
  readonly types: readonly ('uuid' | 'bigint')[];
}

const NIL = '00000000-0000-0000-0000-000000000000';
const USER = 'LEFT JOIN users u ON u.user_id = t.user_id';
const CONCERT = 'LEFT JOIN concerts c ON c.concert_id = t.concert_id';
const SCHEDULE = 'LEFT JOIN schedules s ON s.schedule_id = t.schedule_id';
const ITEMS = `LEFT JOIN LATERAL (
    SELECT array_agg(r.seat_number ORDER BY i.item_no) AS seat_numbers, array_agg(i.reservation_id::text ORDER BY i.item_no) AS reservation_ids
    FROM payment_items i LEFT JOIN reservations r USING (reservation_id) WHERE i.payment_id = t.payment_id) items ON true`;

const OF_USER = [
  ['userId', 't.user_id'],
  ['name', 'u.name'],
  ['email', 'u.email'],
] as const;
const OF_CONCERT = [
  ['concertId', 't.concert_id'],
  ['title', 'c.title'],
] as const;
const OF_SCHEDULE = [...OF_CONCERT, ['scheduleId', 't.schedule_id'], ['startsAt', 's.starts_at']] as const;
const OF_THESE_CONCERTS = '($1::bigint[] IS NULL OR t.concert_id = ANY ($1))';

/** Tokens themselves are secrets, so the queue shows a token's place of entry in their stead. */
export const EXPORTED: Readonly<Record<ExportedTable, ExportedColumns>> = {
  payments: {
    columns: [
      ['paymentId', 't.payment_id'],
      ['status', 't.status'],
      ...OF_SCHEDULE,
      ...OF_USER,
      ['amount', 't.amount'],
      ['seatNumbers', 'items.seat_numbers'],
      ['reservationIds', 'items.reservation_ids'],
      ['paidAt', 't.paid_at'],
      ['refundedAt', 't.refunded_at'],
    ],
    page: `payments t WHERE ${OF_THESE_CONCERTS}`,
    joins: [USER, CONCERT, SCHEDULE, ITEMS].join(' '),
    key: ['payment_id'],
    types: ['uuid'],
  },
  reservations: {
    columns: [
      ['reservationId', 't.reservation_id'],
      ['status', 't.status'],
      ...OF_SCHEDULE,
      ['seatNumber', 't.seat_number'],
      ['price', 't.price'],
      ...OF_USER,
      ['createdAt', 't.created_at'],
      ['expiresAt', 'CASE WHEN t.confirmed_at IS NULL THEN t.expires_at END'],
      ['confirmedAt', 't.confirmed_at'],
      ['endedAt', 't.ended_at'],
      ['paymentId', 't.payment_id'],
      ['epoch', 't.epoch'],
      ['seq', 't.seq'],
    ],
    page: `reservations t WHERE ${OF_THESE_CONCERTS}`,
    joins: [USER, CONCERT, SCHEDULE].join(' '),
    key: ['reservation_id'],
    types: ['uuid'],
  },
  ledger: {
    columns: [
      ['entryId', 't.entry_no'],
      ...OF_USER,
      ['type', 't.type'],
      ['amount', 't.amount'],
      ['balanceAfter', 't.balance_after'],
      ['paymentId', 't.payment_id'],
      ['concertId', 'p.concert_id'],
      ['scheduleId', 'p.schedule_id'],
      ['createdAt', 't.created_at'],
    ],
    page: `wallet_entries t WHERE ($1::bigint[] IS NULL
      OR EXISTS (SELECT FROM payments p WHERE p.payment_id = t.payment_id AND p.concert_id = ANY ($1)))`,
    joins: `${USER} LEFT JOIN payments p ON p.payment_id = t.payment_id`,
    key: ['user_id', 'entry_no'],
    types: ['uuid', 'bigint'],
  },
  queue: {
    columns: [
      ...OF_CONCERT,
      ['number', 't.no'],
      ['status', 't.status'],
      ...OF_USER,
      ['issuedAt', 't.issued_at'],
      ['activatedAt', 't.activated_at'],
      ['activeUntil', 't.active_until'],
      ['endedAt', 't.ended_at'],
    ],
    page: `queue_tokens t WHERE ${OF_THESE_CONCERTS}`,
    joins: [USER, CONCERT].join(' '),
    key: ['concert_id', 'no'],
    types: ['bigint', 'bigint'],
  },
};

/** The key before the first row. */
export function beginningOf({ types }: ExportedColumns): readonly (string | number)[] {
  return types.map((type) => (type === 'uuid' ? NIL : 0));
}

/** The page after a key. Each row has the values of the columns, then those of the key. */
export function pageStatement({ columns, page, joins, key, types }: ExportedColumns): string {
  const order = (row: string): string => key.map((column) => `${row}.${column}`).join(', ');
  const after = types.map((type, index) => `$${index + 2}::${type}`).join(', ');
  return `
    SELECT ${columns.map(([, sql]) => sql).join(', ')}, ${order('t')}
    FROM (SELECT * FROM ${page} AND (${order('t')}) > (${after}) ORDER BY ${order('t')} LIMIT ${ROWS_PER_PAGE}) t
    ${joins}
    ORDER BY ${order('t')}`;
}
