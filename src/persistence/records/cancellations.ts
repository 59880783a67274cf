import type { ActResult, AdminAct } from '../../domain/admin.ts';
import type {
  Cancellation,
  Cancellations,
  CancellationWish,
  DueRefund,
  OrderedCancellation,
  ParkedRefund,
} from '../../domain/cancellation.ts';
import type { RaisedSchedule } from '../../domain/catalogue-edits.ts';
import type { Rejection } from '../../domain/errors.ts';
import { type Connections, readRows, writeRows } from '../journal/statement.ts';
import type { Query } from '../journal/transaction.ts';
import * as sql from './cancellation-statements.ts';
import { type CatalogueMemories, forgettingConcerts, raiseEpochs } from './catalogue-edits.ts';
import type { ConcertRow, ScheduleRow } from './catalogue-rows.ts';
import { LOCK_CONCERT, LOCK_SCHEDULE } from './edit-statements.ts';
import { type Change, recordChange } from './recorded-change.ts';

interface CancellationRow {
  cancellation_id: string;
  concert_id: number;
  schedule_id: number | null;
  schedule_ids: number[] | null;
  reason: string;
  payments: number;
  unrefunded: number;
  parked: ParkedRefund[] | null;
  created_at: Date;
  finished_at: Date | null;
}

function cancellationOf(row: CancellationRow): Cancellation {
  return {
    cancellationId: row.cancellation_id,
    concertId: row.concert_id,
    scheduleId: row.schedule_id,
    scheduleIds: row.schedule_ids ?? [],
    reason: row.reason,
    state: row.finished_at === null ? 'RUNNING' : 'DONE',
    payments: row.payments,
    refunded: row.payments - row.unrefunded,
    parked: row.parked ?? [],
    createdAtMs: row.created_at.getTime(),
    finishedAtMs: row.finished_at?.getTime() ?? null,
  };
}

/** The dates that are cancelled together. */
interface Subject {
  readonly concertId: number;
  /** Null: the whole concert. */
  readonly scheduleId: number | null;
  readonly scheduleIds: readonly number[];
}

/**
 * Closes the dates for ever. The raised epochs fence what their owners have decided: a payment whose statement runs now is
 * waited for, and counted; a later one finds another epoch.
 */
async function cancel(
  query: Query,
  { concertId, scheduleId, scheduleIds }: Subject,
  { cancellationId, reason }: CancellationWish,
): Promise<Change<OrderedCancellation>> {
  const raised = await raiseEpochs(query, scheduleIds);
  const [paid] = await query<{ payments: number; amount: number }>(sql.PAID_NOW, [scheduleIds]);
  const { payments, amount } = paid ?? { payments: 0, amount: 0 };
  await query(sql.INSERT_CANCELLATION, [cancellationId, concertId, scheduleId, reason, payments, amount]);
  await query(sql.CANCEL_SCHEDULES, [scheduleIds, cancellationId]);
  const isConcert = scheduleId === null;
  if (isConcert) await query(sql.CANCEL_CONCERT, [concertId, cancellationId]);
  const action = isConcert ? 'concert.cancel' : 'schedule.cancel';
  const target = isConcert ? `concert:${concertId}` : `schedule:${scheduleId}`;
  const after = { cancellationId, reason, scheduleIds, payments, amount };
  return { value: { cancellationId, concertId, raised }, entry: { action, target, before: null, after } };
}

/** It was cancelled before: what was parked is tried again. */
async function retry(query: Query, cancellationId: string, concertId: number): Promise<Change<OrderedCancellation>> {
  const [unparked] = await query<{ parked: number }>(sql.UNPARK, [cancellationId]);
  const parked = unparked?.parked ?? 0;
  const target = `cancellation:${cancellationId}`;
  const states = { before: { parked }, after: { parked: 0 } };
  return {
    value: { cancellationId, concertId, raised: [] },
    entry: parked === 0 ? null : { action: 'cancellation.retry', target, ...states },
  };
}

/** Cancellations in PostgreSQL. */
export function createCancellations({
  pool,
  ...memories
}: CatalogueMemories & { readonly pool: Connections }): Cancellations {
  function record(
    act: AdminAct<OrderedCancellation>,
    change: (query: Query, note: (concertId: number) => void) => Promise<Change<OrderedCancellation> | Rejection>,
  ): Promise<ActResult<OrderedCancellation>> {
    return forgettingConcerts(memories, (note) => recordChange(pool, act, (query) => change(query, note)));
  }

  return {
    cancelSchedule: (scheduleId, wish, act) =>
      record(act, async (query, note) => {
        const [row] = await query<ScheduleRow>(LOCK_SCHEDULE, [scheduleId]);
        if (row === undefined) return { code: 'SCHEDULE_NOT_FOUND', members: {} };
        const { concert_id: concertId, cancellation_id: earlier } = row;
        note(concertId);
        if (earlier !== null) return retry(query, earlier, concertId);
        return cancel(query, { concertId, scheduleId, scheduleIds: [scheduleId] }, wish);
      }),

    cancelConcert: (concertId, wish, act) =>
      record(act, async (query, note) => {
        const [row] = await query<ConcertRow>(LOCK_CONCERT, [concertId]);
        if (row === undefined) return { code: 'CONCERT_NOT_FOUND', members: {} };
        note(concertId);
        const [known] = await query<{ cancellation_id: string | null }>(sql.CANCELLATION_OF_CONCERT, [concertId]);
        const earlier = known?.cancellation_id ?? null;
        if (earlier !== null) return retry(query, earlier, concertId);
        const dates = await query<{ schedule_id: number }>(sql.UNCANCELLED_DATES, [concertId]);
        const scheduleIds = dates.map((date) => date.schedule_id);
        return cancel(query, { concertId, scheduleId: null, scheduleIds }, wish);
      }),

    async find(cancellationId) {
      const [row] = await readRows<CancellationRow>(pool, { text: sql.FIND, values: [cancellationId] });
      return row === undefined ? null : cancellationOf(row);
    },

    async listRunning() {
      const rows = await readRows<{ cancellation_id: string }>(pool, { text: sql.RUNNING, values: [] });
      return rows.map((row) => row.cancellation_id);
    },

    listDates: (cancellationId) => readRows<RaisedSchedule>(pool, { text: sql.DATES, values: [cancellationId] }),
    listDue: (cancellationId, limit) => readRows<DueRefund>(pool, { text: sql.DUE, values: [cancellationId, limit] }),

    async park(cancellationId, paymentId, code) {
      await writeRows(pool, { text: sql.PARK, values: [cancellationId, paymentId, code] });
    },

    async finish(cancellationId) {
      const rows = await writeRows<{ isFinished: boolean }>(pool, { text: sql.FINISH, values: [cancellationId] });
      return rows[0]?.isFinished === true;
    },
  };
}
