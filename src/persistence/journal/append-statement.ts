import type {
  AppendBatch,
  CompInsert,
  KeyRecord,
  ReservationChange,
  ReservationInsert,
  SeatBlock,
} from '../../actors/journal-port.ts';
import type { ActRecord } from '../../domain/owner-act.ts';
import { actText, answeredActs, loggedActs } from './box-office-steps.ts';
import type { LaneStatement } from './lane.ts';
import { plainArray, ROW_PATIENCE, UNLESS_KEY_TAKEN } from './statement.ts';

/*
 * The append: fence, log, reservation rows and recorded grants of many schedules in one statement.
 *
 * APPEND-1. A schedule's part is done if and only if its head row is at `first_seq - 1` under `epoch`; the statement then returns
 *     its id.
 * APPEND-2. `held` waits for `changed`: PostgreSQL runs data-modifying parts in any order, and a seat that expires and is held again
 *     in one flush would meet the unique index of live seats.
 * APPEND-3. The row counts are compared inside the statement, so that log and rows cannot part: a difference divides by zero and
 *     undoes everything. So does a key that another request has recorded in the last 24 hours.
 * APPEND-4. Parts are sorted by schedule and keys by user, which is the lock order of every statement of the service.
 * APPEND-5. A flush has only the steps that it needs: an empty step would still cost its set-up.
 */

/** A column of the statement's input. */
interface Column<Row> {
  readonly name: string;
  /** `lines` are texts without line breaks, which JSON texts and keys are; the other types have literals without quotes. */
  readonly type: 'bigint' | 'int' | 'float8' | 'uuid' | 'text' | 'lines';
  readonly of: (row: Row, part: AppendBatch) => string | number | null;
}

const seconds = (ms: number | null): number | null => (ms === null ? null : ms / 1000);

const SCHEDULE: Column<unknown> = { name: 'schedule_id', type: 'bigint', of: (_row, part) => part.scheduleId };

const PARTS: readonly Column<AppendBatch>[] = [
  SCHEDULE,
  { name: 'concert_id', type: 'bigint', of: (part) => part.concertId },
  { name: 'epoch', type: 'bigint', of: (part) => part.epoch },
  { name: 'first_seq', type: 'bigint', of: (part) => part.firstSeq },
  { name: 'last_seq', type: 'bigint', of: (part) => part.lastSeq },
  { name: 'next_expiry', type: 'float8', of: (part) => seconds(part.nextExpiryAt) },
  { name: 'events', type: 'lines', of: (part) => JSON.stringify(part.events) },
  { name: 'inserts', type: 'int', of: (part) => part.inserts.length },
];

const CHANGES_COUNT: Column<AppendBatch> = { name: 'changes', type: 'int', of: (part) => part.changes.length };
const KEYS_COUNT: Column<AppendBatch> = { name: 'keys', type: 'int', of: (part) => part.keys.length };

const HOLDS: readonly Column<ReservationInsert>[] = [
  SCHEDULE,
  { name: 'reservation_id', type: 'uuid', of: (row) => row.reservationId },
  { name: 'user_id', type: 'uuid', of: (row) => row.userId },
  { name: 'seat_number', type: 'int', of: (row) => row.seatNumber },
  { name: 'price', type: 'bigint', of: (row) => row.price },
  { name: 'created_at', type: 'float8', of: (row) => seconds(row.createdAt) },
  { name: 'expires_at', type: 'float8', of: (row) => seconds(row.expiresAt) },
  { name: 'seq', type: 'bigint', of: (row) => row.seq },
];

/** For reservations that may end in the flush in which they began. */
const INSERTS: readonly Column<ReservationInsert>[] = [
  ...HOLDS,
  { name: 'status', type: 'text', of: (row) => row.status },
  { name: 'ended_at', type: 'float8', of: (row) => seconds(row.endedAt) },
];

/** For reservations that are extended too, or that their users began to hold earlier. */
const EXTENDED_INSERTS: readonly Column<ReservationInsert>[] = [
  ...INSERTS,
  { name: 'first_held_at', type: 'float8', of: (row) => seconds(row.firstHeldAt) },
  { name: 'extensions', type: 'int', of: (row) => row.extensions },
];

const ENDS: readonly Column<ReservationChange>[] = [
  SCHEDULE,
  { name: 'reservation_id', type: 'uuid', of: (row) => row.reservationId },
  { name: 'status', type: 'text', of: (row) => row.status },
  { name: 'ended_at', type: 'float8', of: (row) => seconds(row.endedAt) },
  { name: 'seq', type: 'bigint', of: (row) => row.seq },
];

const CHANGES: readonly Column<ReservationChange>[] = [
  ...ENDS,
  { name: 'expires_at', type: 'float8', of: (row) => seconds(row.expiresAt) },
  { name: 'extensions', type: 'int', of: (row) => row.extensions },
];

/** For flushes in which organisers act. */
const MOVED_CHANGES: readonly Column<ReservationChange>[] = [
  ...CHANGES,
  { name: 'moved_to', type: 'int', of: (row) => row.movedTo ?? null },
  // Only a move leaves a confirmed reservation as it is.
  { name: 'was', type: 'text', of: (row) => (row.status === 'CONFIRMED' ? 'CONFIRMED' : 'HELD') },
];

const BLOCKS: readonly Column<SeatBlock>[] = [
  SCHEDULE,
  { name: 'seat_number', type: 'int', of: (row) => row.seatNumber },
  { name: 'is_blocked', type: 'int', of: (row) => (row.isBlocked ? 1 : 0) },
  { name: 'seq', type: 'bigint', of: (row) => row.seq },
];

const COMPS: readonly Column<CompInsert>[] = [
  SCHEDULE,
  { name: 'reservation_id', type: 'uuid', of: (row) => row.reservationId },
  { name: 'user_id', type: 'uuid', of: (row) => row.userId },
  { name: 'seat_number', type: 'int', of: (row) => row.seatNumber },
  { name: 'payment_id', type: 'uuid', of: (row) => row.paymentId },
  { name: 'at', type: 'float8', of: (row) => seconds(row.at) },
  { name: 'seq', type: 'bigint', of: (row) => row.seq },
];

const ACTS: readonly Column<ActRecord>[] = [SCHEDULE, { name: 'act', type: 'lines', of: actText }];

const BOX_OFFICE_COUNTS: readonly Column<AppendBatch>[] = [
  { name: 'blocks', type: 'int', of: ({ boxOffice }) => boxOffice?.blocks.length ?? 0 },
  { name: 'comps', type: 'int', of: ({ boxOffice }) => boxOffice?.comps.length ?? 0 },
  { name: 'entries', type: 'int', of: ({ boxOffice }) => boxOffice?.acts.filter(({ entry }) => entry).length ?? 0 },
  { name: 'answers', type: 'int', of: ({ boxOffice }) => boxOffice?.acts.filter(({ act }) => act.claim).length ?? 0 },
];

const KEYS: readonly Column<KeyRecord>[] = [
  SCHEDULE,
  { name: 'user_id', type: 'uuid', of: (row) => row.userId },
  { name: 'key', type: 'lines', of: (row) => row.claim.key },
  { name: 'fingerprint', type: 'text', of: (row) => row.claim.fingerprint },
  { name: 'type', type: 'text', of: (row) => row.grant.type },
  { name: 'body', type: 'lines', of: (row) => JSON.stringify(row.grant.value) },
];

const HEAD = `head AS (
  UPDATE schedule_heads h SET seq = b.last_seq, next_expiry_at = to_timestamp(b.next_expiry)
  FROM b, patience
  WHERE h.schedule_id = b.schedule_id AND h.epoch = b.epoch AND h.seq = b.first_seq - 1
  RETURNING b.*
)`;

const LOG = `log AS (
  INSERT INTO seat_log_flushes (batch_id, schedule_ids, first_seqs, last_seqs, epochs, events)
  SELECT $1::uuid, array_agg(schedule_id), array_agg(first_seq), array_agg(last_seq), array_agg(epoch), array_agg(events::json)
  FROM head WHERE last_seq >= first_seq HAVING count(*) > 0
)`;

const changed = (changes: string, isExtending: boolean, hasActs: boolean): string => `changed AS (
  UPDATE reservations r SET status = e.status, ended_at = to_timestamp(e.ended_at), epoch = head.epoch, seq = e.seq${
    isExtending
      ? `,
    expires_at = coalesce(to_timestamp(e.expires_at), r.expires_at), extensions = r.extensions + e.extensions`
      : ''
  }${hasActs ? ', seat_number = coalesce(e.moved_to, r.seat_number), moves = r.moves + (e.moved_to IS NOT NULL)::int' : ''}
  FROM ${changes} AS e JOIN head USING (schedule_id)
  WHERE r.reservation_id = e.reservation_id AND r.status = ${hasActs ? 'e.was' : "'HELD'"}
  RETURNING 1
)`;

const held = (inserts: string, hasEnds: boolean, isExtending: boolean): string => `held AS (
  INSERT INTO reservations (reservation_id, schedule_id, concert_id, user_id, seat_number, price, created_at, expires_at, seq,
    epoch, status, ended_at${isExtending ? ', first_held_at, extensions' : ''})
  SELECT n.reservation_id, n.schedule_id, head.concert_id, n.user_id, n.seat_number, n.price, to_timestamp(n.created_at),
    to_timestamp(n.expires_at), n.seq, head.epoch, ${hasEnds ? 'n.status, to_timestamp(n.ended_at)' : "'HELD', NULL"}${
      isExtending ? ', to_timestamp(n.first_held_at), n.extensions' : ''
    }
  FROM ${inserts} AS n JOIN head USING (schedule_id)
  ${hasEnds ? 'WHERE (SELECT count(*) FROM changed) >= 0' : ''}
  RETURNING 1
)`;

const recorded = (keys: string): string => `recorded AS (
  INSERT INTO idempotency_keys AS i (user_id, key, fingerprint, type, body)
  SELECT k.user_id, k.key, k.fingerprint, k.type, k.body::json
  FROM ${keys} AS k JOIN head USING (schedule_id)
  WHERE (SELECT count(*) FROM held) >= 0
  ORDER BY k.user_id, k.key
  ${UNLESS_KEY_TAKEN}
  RETURNING 1
)`;

/** What organisers change. A seat that is given away may have been freed by the same flush, hence the wait for `changed`. */
const boxOffice = (blocks: string, comps: string, acts: string): readonly string[] => [
  `block AS MATERIALIZED (SELECT n.*, head.epoch FROM ${blocks} AS n JOIN head USING (schedule_id))`,
  `blocked AS (
  INSERT INTO blocked_seats (schedule_id, seat_number, epoch, seq)
  SELECT schedule_id, seat_number, epoch, seq FROM block WHERE is_blocked = 1
  ON CONFLICT (schedule_id, seat_number) DO UPDATE SET epoch = excluded.epoch, seq = excluded.seq
  RETURNING 1
)`,
  `unblocked AS (
  DELETE FROM blocked_seats s USING block
  WHERE block.is_blocked = 0 AND s.schedule_id = block.schedule_id AND s.seat_number = block.seat_number
  RETURNING 1
)`,
  `comp AS MATERIALIZED (
  SELECT n.*, to_timestamp(n.at) AS comped_at, head.epoch, head.concert_id FROM ${comps} AS n JOIN head USING (schedule_id)
)`,
  `comped AS (
  INSERT INTO reservations (reservation_id, schedule_id, concert_id, user_id, seat_number, price, status, created_at, expires_at,
    confirmed_at, payment_id, epoch, seq)
  SELECT reservation_id, schedule_id, concert_id, user_id, seat_number, 0, 'CONFIRMED', comped_at, comped_at, comped_at,
    payment_id, epoch, seq
  FROM comp WHERE (SELECT count(*) FROM changed) >= 0
  RETURNING 1
)`,
  `comp_payment AS (
  INSERT INTO payments (payment_id, user_id, concert_id, schedule_id, amount, status, paid_at, comp)
  SELECT payment_id, user_id, concert_id, schedule_id, 0, 'COMPLETED', comped_at, true FROM comp
)`,
  `comp_item AS (
  INSERT INTO payment_items (payment_id, item_no, reservation_id) SELECT payment_id, 1, reservation_id FROM comp
)`,
  `act AS MATERIALIZED (SELECT n.act::json AS act FROM ${acts} AS n JOIN head USING (schedule_id))`,
  loggedActs('act'),
  answeredActs('act', "act->'body'"),
];

/** The batch's own id is the first parameter. */
const COLUMNS_BEGIN = 2;

/** A form of the statement: its text, and its values in the order of the text's parameters. */
interface Form {
  readonly name: string;
  readonly text: string;
  values(batchId: string, parts: readonly AppendBatch[]): string[];
}

/** The steps of a form. A form that is extending has ends. */
interface Steps {
  readonly hasEnds: boolean;
  readonly hasKeys: boolean;
  readonly isExtending?: boolean;
  /** Organisers act. A form with acts is extending. */
  readonly hasActs?: boolean;
}

function createForm(name: string, { hasEnds, hasKeys, isExtending = false, hasActs = false }: Steps): Form {
  const heads = [
    ...PARTS,
    ...(hasEnds ? [CHANGES_COUNT] : []),
    ...(hasKeys ? [KEYS_COUNT] : []),
    ...(hasActs ? BOX_OFFICE_COUNTS : []),
  ];
  const insertsOfEnding = isExtending ? EXTENDED_INSERTS : INSERTS;
  const inserts = hasEnds ? insertsOfEnding : HOLDS;
  const changesOfExtending = hasActs ? MOVED_CHANGES : CHANGES;
  const changes = isExtending ? changesOfExtending : ENDS;
  let next = COLUMNS_BEGIN;
  /** Rows of these columns, from the next parameters on. */
  function rowsOf<Row>(columns: readonly Column<Row>[]): string {
    const begin = next;
    next += columns.length;
    const sources = columns.map(({ type }, index) =>
      type === 'lines' ? `string_to_array($${begin + index}, E'\\n')` : `$${begin + index}::${type}[]`,
    );
    return `(SELECT * FROM unnest(${sources.join(', ')}) AS _ (${columns.map((column) => column.name).join(', ')}))`;
  }
  const count = (rows: string, counted: string): string =>
    `(SELECT count(*) FROM ${rows}) = (SELECT sum(${counted}) FROM head)`;
  const steps = [`b AS MATERIALIZED ${rowsOf(heads)}`, `patience AS MATERIALIZED (${ROW_PATIENCE})`, HEAD, LOG];
  const checks = [count('held', 'inserts')];
  if (hasEnds) {
    steps.push(changed(rowsOf(changes), isExtending, hasActs));
    checks.push(count('changed', 'changes'));
  }
  steps.push(held(rowsOf(inserts), hasEnds, isExtending));
  if (hasKeys) {
    steps.push(recorded(rowsOf(KEYS)));
    checks.push(count('recorded', 'keys'));
  }
  if (hasActs) {
    steps.push(...boxOffice(rowsOf(BLOCKS), rowsOf(COMPS), rowsOf(ACTS)));
    checks.push(
      '(SELECT count(*) FROM blocked) + (SELECT count(*) FROM unblocked) = (SELECT sum(blocks) FROM head)',
      count('comped', 'comps'),
      count('logged', 'entries'),
      count('answered', 'answers'),
    );
  }
  return {
    name,
    text: `
WITH ${steps.join(', ')}
SELECT json_agg(head.schedule_id) AS schedule_ids, floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint AS now,
  1 / (${checks.join(' AND ')})::int AS sound
FROM head`,
    values: (batchId, parts) => [
      batchId,
      ...heads.map((column) => valueOf(column, parts, (part) => [part])),
      ...(hasEnds ? changes.map((column) => valueOf(column, parts, (part) => part.changes)) : []),
      ...inserts.map((column) => valueOf(column, parts, (part) => part.inserts)),
      ...(hasKeys ? KEYS.map((column) => valueOf(column, parts, (part) => part.keys)) : []),
      ...(hasActs
        ? [
            ...BLOCKS.map((column) => valueOf(column, parts, (part) => part.boxOffice?.blocks ?? [])),
            ...COMPS.map((column) => valueOf(column, parts, (part) => part.boxOffice?.comps ?? [])),
            ...ACTS.map((column) => valueOf(column, parts, (part) => part.boxOffice?.acts ?? [])),
          ]
        : []),
    ],
  };
}

/** One column as one value: an array literal, or lines. */
function valueOf<Row>(
  { type, of }: Column<Row>,
  parts: readonly AppendBatch[],
  rowsOf: (part: AppendBatch) => readonly Row[],
): string {
  const elements: (string | number)[] = [];
  for (const part of parts) for (const row of rowsOf(part)) elements.push(of(row, part) ?? 'NULL');
  return type === 'lines' ? elements.join('\n') : plainArray(elements);
}

const HOLDS_ONLY = createForm('append holds', { hasEnds: false, hasKeys: false });
const WITH_KEYS = createForm('append holds and keys', { hasEnds: false, hasKeys: true });
const WITH_ENDS = createForm('append holds and ends', { hasEnds: true, hasKeys: false });
const WITH_ALL = createForm('append', { hasEnds: true, hasKeys: true });
const WITH_EXTENSIONS = createForm('append extensions', { hasEnds: true, hasKeys: true, isExtending: true });

const WITH_ACTS = createForm('append acts', { hasEnds: true, hasKeys: true, isExtending: true, hasActs: true });

/** The statement for these batches, at most one per schedule and all taken together. */
export function appendStatement(batches: readonly AppendBatch[]): LaneStatement {
  const parts = batches.toSorted((a, b) => a.scheduleId - b.scheduleId);
  const hasKeys = parts.some(({ keys }) => keys.length > 0);
  const hasEnds = parts.some(
    ({ changes, inserts }) => changes.length > 0 || inserts.some((row) => row.status !== 'HELD'),
  );
  let form = hasKeys ? WITH_KEYS : HOLDS_ONLY;
  if (hasEnds) form = hasKeys ? WITH_ALL : WITH_ENDS;
  if (parts.some(({ isExtending }) => isExtending)) form = WITH_EXTENSIONS;
  if (parts.some(({ boxOffice: rows }) => rows !== null)) form = WITH_ACTS;
  const batchId = parts[0]?.batchId ?? '';
  return { name: form.name, text: form.text, values: form.values(batchId, parts) };
}

/** The schedules whose part was done, from the rows of an append. */
export function readAppended(rows: readonly { readonly [column: string]: unknown }[]): ReadonlySet<number> {
  const [row] = rows;
  return new Set((row?.['schedule_ids'] ?? []) as readonly number[]);
}
