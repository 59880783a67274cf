import type { Pool, PoolClient } from 'pg';
import type { AnswerInvariant } from './answer-rules.ts';
import { auditAnswers } from './audit-answers.ts';
import { auditSchema } from './audit-schema.ts';
import {
  type BlockedSeat,
  createScheduleFold,
  type FoldInvariant,
  type HeadRow,
  type LoggedReservation,
  type LogRow,
} from './audit-fold.ts';
import {
  ADMIN_INVARIANTS,
  CANCELLATION_INVARIANTS,
  MONEY_INVARIANTS,
  SCHEDULE_INVARIANTS,
} from './audit-statements.ts';
import { QUEUE_INVARIANTS } from './queue-invariants.ts';
import { type AuditFinding, collectFindings, ROWS_SHOWN, type StatementInvariant } from './audit-finding.ts';
import { type Peekable, readOrdered } from './audit-reader.ts';

export interface AuditOptions {
  /** Live seats that a user may have of a schedule; not judged when left out. */
  readonly maxSeats?: number;
  /** The queue policies are those under which all recorded tokens were admitted. */
  readonly isPolicyUnchanged?: boolean;
}

export interface AuditReport {
  /** Every invariant, in a fixed order. */
  readonly findings: readonly AuditFinding[];
  /** Those that are broken. */
  readonly violations: readonly AuditFinding[];
}

const FOLDED = {
  'log-gapless': "the log of a schedule is numbered from 1 to its head's number without a gap",
  'log-epochs': "epochs never fall in log order, and none is above its head's",
  'log-times': 'times never fall in log order by more than what clocks and waiting explain',
  'log-legal': 'every logged change was possible in the state that the log had led to',
  'log-equals-rows': 'the log, folded, gives exactly the reservations, their times included',
  'no-early-expiry': 'no hold was ended by its time before its time',
  'alarm-covers-holds': 'the deadline that the alarm watches is not later than that of any hold',
  'blocks-equal-log': 'the log, folded, gives exactly the blocked seats, and the changes that blocked them',
  'seat-limit': 'nobody ever had more live seats of a schedule than allowed',
} satisfies Record<FoldInvariant, string>;

const RECORDED = {
  'recorded-answers-readable':
    'a recorded answer has the form of a charge, a hold, a payment or a refund, under a key and a fingerprint as requests have them',
  'recorded-answers-of-effects':
    'a recorded answer names what its user did, and no charge, payment or refund was recorded under two keys',
  'recorded-answers-equal-rows':
    'a recorded answer shows the seats, amounts, times and numbers that the rows have, and the balance that was left',
} satisfies Record<AnswerInvariant, string>;

const HEADS = `
  SELECT schedule_id, epoch, seq, floor(extract(epoch FROM next_expiry_at) * 1000)::bigint AS next_expiry_ms
  FROM schedule_heads ORDER BY schedule_id`;

const LOG = 'SELECT schedule_id, first_seq, last_seq, epoch, events FROM seat_log ORDER BY schedule_id, first_seq';

const RESERVATIONS = `
  SELECT reservation_id, schedule_id, user_id, seat_number, price, status,
    round(extract(epoch FROM created_at) * 1000)::bigint AS created_ms, round(extract(epoch FROM expires_at) * 1000)::bigint AS expires_ms,
    round(extract(epoch FROM first_held_at) * 1000)::bigint AS first_held_ms, extensions, moves,
    round(extract(epoch FROM confirmed_at) * 1000)::bigint AS confirmed_ms, round(extract(epoch FROM ended_at) * 1000)::bigint AS ended_ms,
    payment_id, epoch, seq
  FROM reservations ORDER BY schedule_id`;

const BLOCKED = 'SELECT schedule_id, seat_number, epoch, seq FROM blocked_seats ORDER BY schedule_id';

/** One snapshot for all of it, so a database that is being written to can be audited; sorts may use some memory. */
const BEGIN = `
  BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
  SET LOCAL statement_timeout = 0;
  SET LOCAL idle_in_transaction_session_timeout = 0;
  SET LOCAL lock_timeout = '10s';
  SET LOCAL work_mem = '64MB'`;

/**
 * Checks every invariant of the database in one snapshot, without changing anything and without holding up anybody. Logs are
 * folded schedule by schedule, so memory is bounded by the largest schedule. Throws the driver's error when it cannot be run, and a
 * TypeError, before anything is read, when numbers of the pool's connections arrive as text.
 */
export async function runAudit(pool: Pool, options: AuditOptions = {}): Promise<AuditReport> {
  const client = await pool.connect();
  try {
    await refuseTextNumbers(client);
    await client.query(BEGIN);
    const findings = [
      ...(await compareSchema(client)),
      ...(await judge(client, SCHEDULE_INVARIANTS, options)),
      ...(await foldLogs(client, options.maxSeats ?? null)),
      ...(await judge(client, MONEY_INVARIANTS, options)),
      ...(await judge(client, CANCELLATION_INVARIANTS, options)),
      ...(await judge(client, QUEUE_INVARIANTS, options)),
      ...(await compareAnswers(client)),
      ...(await judge(client, ADMIN_INVARIANTS, options)),
    ];
    await client.query('COMMIT');
    client.release();
    return { findings, violations: findings.filter((finding) => finding.total > 0) };
  } catch (error) {
    client.release(true);
    throw error;
  }
}

/**
 * The driver by itself gives `bigint` as text, which equals no number: schedules would never be found again among their rows,
 * and sums would be strung together.
 */
async function refuseTextNumbers(client: PoolClient): Promise<void> {
  const { rows } = await client.query<{ bigint: unknown; numeric: unknown }>(
    'SELECT 1::bigint AS bigint, 1::numeric AS numeric',
  );
  for (const [type, value] of Object.entries(rows[0] ?? {})) {
    if (typeof value !== 'number') {
      throw new TypeError(`The audit needs the connections of createPool: a ${type} arrived as a ${typeof value}.`);
    }
  }
}

async function judge(
  client: PoolClient,
  invariants: readonly StatementInvariant[],
  { isPolicyUnchanged = false }: AuditOptions,
): Promise<AuditFinding[]> {
  const findings: AuditFinding[] = [];
  for (const { invariant, says, violations, needsUnchangedPolicy = false } of invariants) {
    if (needsUnchangedPolicy && !isPolicyUnchanged) {
      findings.push({ invariant, says, total: 0, rows: [], skipped: 'the policy may have been changed since' });
      continue;
    }
    const { rows } = await client.query<{ violation: object; total: number }>(
      `SELECT to_jsonb(v) AS violation, count(*) OVER () AS total FROM (${violations}) v LIMIT ${ROWS_SHOWN}`,
    );
    const shown = rows.map((row) => row.violation);
    findings.push({ invariant, says, total: rows[0]?.total ?? 0, rows: shown, skipped: null });
  }
  return findings;
}

async function compareSchema(client: PoolClient): Promise<AuditFinding[]> {
  const { report, findings } = collectFindings({
    'schema-as-migrated':
      'columns, defaults, constraints, indexes, triggers and functions are as the migrations make them',
  });
  const skipped = await auditSchema(client, (difference) => report('schema-as-migrated', difference));
  return findings(skipped === null ? {} : { 'schema-as-migrated': skipped });
}

async function compareAnswers(client: PoolClient): Promise<AuditFinding[]> {
  const { report, findings } = collectFindings(RECORDED);
  await auditAnswers(client, report);
  return findings({});
}

async function foldLogs(client: PoolClient, maxSeats: number | null): Promise<AuditFinding[]> {
  const { report, findings } = collectFindings(FOLDED);
  const heads = await readOrdered<HeadRow>(client, 'audit_heads', HEADS);
  const log = await readOrdered<LogRow>(client, 'audit_log', LOG);
  const reservations = await readOrdered<LoggedReservation>(client, 'audit_reservations', RESERVATIONS);
  const blocked = await readOrdered<BlockedSeat>(client, 'audit_blocked', BLOCKED);
  for (;;) {
    const scheduleId = leastSchedule([heads, log, reservations, blocked]);
    if (scheduleId === undefined) break;
    const fold = createScheduleFold(scheduleId, maxSeats, report);
    let head: HeadRow | undefined;
    for await (const row of takeSchedule(heads, scheduleId)) head = row;
    for await (const row of takeSchedule(log, scheduleId)) fold.append(row);
    const rows: LoggedReservation[] = [];
    for await (const row of takeSchedule(reservations, scheduleId)) rows.push(row);
    const blockedSeats: BlockedSeat[] = [];
    for await (const row of takeSchedule(blocked, scheduleId)) blockedSeats.push(row);
    fold.finish(head, rows, blockedSeats);
  }

  return findings(maxSeats === null ? { 'seat-limit': 'the limit was not given' } : {});
}

interface OfSchedule {
  readonly schedule_id: number;
}

function leastSchedule(readers: readonly Peekable<OfSchedule>[]): number | undefined {
  const next = readers.flatMap((reader) => reader.peek()?.schedule_id ?? []);
  return next.length === 0 ? undefined : Math.min(...next);
}

/** The reader's rows of one schedule; the reader stands at its first one. */
async function* takeSchedule<R extends OfSchedule>(reader: Peekable<R>, scheduleId: number): AsyncGenerator<R> {
  for (let row = reader.peek(); row?.schedule_id === scheduleId; row = reader.peek()) {
    yield row;
    await reader.advance();
  }
}
