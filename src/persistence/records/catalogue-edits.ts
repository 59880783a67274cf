import type { CatalogueMemory, Concert, NewSchedule, Schedule } from '../../domain/catalogue.ts';
import type { CatalogueEdits, RaisedSchedule, ScheduleChange } from '../../domain/catalogue-edits.ts';
import type { Rejection } from '../../domain/errors.ts';
import { isoOf } from '../../domain/instant.ts';
import type { Connections } from '../journal/statement.ts';
import { connectionsOf, type Query } from '../journal/transaction.ts';
import { createCalendar } from './calendar.ts';
import { createCatalogue } from './catalogue.ts';
import { type ConcertRow, concertOf, type ScheduleRow, scheduleOf } from './catalogue-rows.ts';
import * as sql from './edit-statements.ts';
import { moveToVersion } from './plan-moves.ts';
import { recordChange } from './recorded-change.ts';

const CONCERT_NOT_FOUND: Rejection = { code: 'CONCERT_NOT_FOUND', members: {} };
const SCHEDULE_NOT_FOUND: Rejection = { code: 'SCHEDULE_NOT_FOUND', members: {} };
const SCHEDULE_CANCELLED: Rejection = { code: 'SCHEDULE_CANCELLED', members: {} };
const CONCERT_CANCELLED: Rejection = { code: 'CONCERT_CANCELLED', members: {} };
const HAS_RESERVATIONS: Rejection = { code: 'HAS_RESERVATIONS', members: {} };

const isoOrNull = (epochMs: number | null): string | null => (epochMs === null ? null : isoOf(epochMs));

function describeConcert({ title, artist, venue, timeZone, bookingOpensAtMs, bookingClosesAtMs, queue }: Concert) {
  const window = { bookingOpensAt: isoOf(bookingOpensAtMs), bookingClosesAt: isoOf(bookingClosesAtMs) };
  return { title, artist, venue, timeZone, ...window, queue };
}

function describeTimes({ startsAtMs, endsAtMs, reservationOpensAtMs }: Pick<NewSchedule, keyof ScheduleTimes>) {
  return {
    startsAt: isoOf(startsAtMs),
    endsAt: isoOrNull(endsAtMs),
    reservationOpensAt: isoOrNull(reservationOpensAtMs),
  };
}

type ScheduleTimes = Pick<NewSchedule, 'startsAtMs' | 'endsAtMs' | 'reservationOpensAtMs'>;

/** Why times make no sense together, or null. */
function faultOf(path: string, message: string | object, isFaulty: boolean): Rejection | null {
  return isFaulty ? { code: 'VALIDATION_FAILED', members: { errors: [{ in: 'body', path, message }] } } : null;
}

/** The nodes' memories of concerts, of which a change must be told. */
export interface CatalogueMemories {
  readonly memory: CatalogueMemory;
  /** This node has changed a concert, or may have. */
  readonly onConcertChanged: (concertId: number) => void;
}

/** Makes a change. The concerts that it notes are forgotten whatever became of it. */
export async function forgettingConcerts<T>(
  { memory, onConcertChanged }: CatalogueMemories,
  change: (note: (concertId: number) => void) => Promise<T>,
): Promise<T> {
  const concertIds = new Set<number>();
  try {
    return await change((concertId) => concertIds.add(concertId));
  } finally {
    for (const concertId of concertIds) {
      memory.forgetConcert(concertId);
      onConcertChanged(concertId);
    }
  }
}

/** Shuts out the owners that know the schedules as they were, and waits for what they have begun to write. */
export async function raiseEpochs(query: Query, scheduleIds: readonly number[]): Promise<RaisedSchedule[]> {
  await query(sql.LOCK_HEADS, [scheduleIds]);
  return query<{ scheduleId: number; epoch: number }>(sql.RAISE_EPOCHS, [scheduleIds]);
}

/** The organiser's changes, in PostgreSQL. */
export function createCatalogueEdits({
  pool,
  ...memories
}: CatalogueMemories & { readonly pool: Connections }): CatalogueEdits {
  const { memory } = memories;
  const dateIn = createCalendar();
  const forgetting = <T>(change: (note: (concertId: number) => void) => Promise<T>) =>
    forgettingConcerts(memories, change);

  async function lockConcert(query: Query, concertId: number): Promise<Concert | null> {
    const [row] = await query<ConcertRow>(sql.LOCK_CONCERT, [concertId]);
    return row === undefined ? null : concertOf(row);
  }

  async function lockSchedule(query: Query, scheduleId: number): Promise<Schedule | null> {
    const [row] = await query<ScheduleRow>(sql.LOCK_SCHEDULE, [scheduleId]);
    return row === undefined ? null : scheduleOf(row, dateIn);
  }

  async function lockDates(query: Query, concertId: number): Promise<number[]> {
    const rows = await query<{ schedule_id: number }>(sql.LOCK_SCHEDULES_OF_CONCERT, [concertId]);
    return rows.map((row) => row.schedule_id);
  }

  async function deleteSchedules(query: Query, scheduleIds: readonly number[]): Promise<Rejection | null> {
    await query(sql.LOCK_HEADS, [scheduleIds]);
    if ((await query(sql.ANY_RESERVATION, [scheduleIds])).length > 0) return HAS_RESERVATIONS;
    await query(sql.DELETE_SCHEDULES, [scheduleIds]);
    return null;
  }

  return {
    async createConcert(wanted, act) {
      const created = await recordChange(pool, act, async (query) => {
        const concert = await createCatalogue({ pool: connectionsOf(query) }).createConcert(wanted);
        const target = `concert:${concert.concertId}`;
        const after = describeConcert(concert);
        return { value: concert, entry: { action: 'concert.create', target, before: null, after } };
      });
      if (created.outcome === 'granted') memory.forgetConcert(created.value.concertId);
      return created;
    },

    async createSchedule(concertId, wanted, act) {
      const created = await recordChange(pool, act, async (query) => {
        const concert = await lockConcert(query, concertId);
        if (concert !== null && concert.cancelledAtMs !== null) return CONCERT_CANCELLED;
        const schedule = await createCatalogue({ pool: connectionsOf(query) }).createSchedule(concertId, wanted);
        if (schedule === null) return CONCERT_NOT_FOUND;
        const target = `schedule:${schedule.scheduleId}`;
        const after = { concertId, ...describeTimes(wanted), prices: wanted.prices, plan: wanted.plan ?? null };
        return { value: schedule, entry: { action: 'schedule.create', target, before: null, after } };
      });
      memory.forgetConcert(concertId);
      return created;
    },

    changeQueuePolicy: (concertId, change, stamp) =>
      forgetting((note) =>
        recordChange(pool, stamp, async (query) => {
          note(concertId);
          const before = await lockConcert(query, concertId);
          if (before === null) return CONCERT_NOT_FOUND;
          const concert = await createCatalogue({ pool: connectionsOf(query) }).changeQueuePolicy(concertId, change);
          if (concert === null) return CONCERT_NOT_FOUND;
          const states = { before: before.queue, after: concert.queue };
          return { value: concert, entry: { action: 'queue.change', target: `concert:${concertId}`, ...states } };
        }),
      ),

    changeConcert: (concertId, change, versions, stamp) =>
      forgetting((note) =>
        recordChange(pool, stamp, async (query) => {
          note(concertId);
          const before = await lockConcert(query, concertId);
          if (before === null) return CONCERT_NOT_FOUND;
          const { version } = before;
          if (versions !== null && !versions.includes(version)) return { code: 'VERSION_STALE', members: { version } };
          const wanted: Concert = { ...before, ...change, queue: { ...before.queue, ...change.queue } };
          const { bookingOpensAtMs: opensAtMs, bookingClosesAtMs: closesAtMs, queue } = wanted;
          const fault = faultOf('/bookingClosesAt', 'is not after bookingOpensAt', opensAtMs >= closesAtMs);
          if (fault !== null) return fault;
          const isTimeChanged = opensAtMs !== before.bookingOpensAtMs || closesAtMs !== before.bookingClosesAtMs;
          const raised = isTimeChanged ? await raiseEpochs(query, await lockDates(query, concertId)) : [];
          const [row] = await query<ConcertRow>(sql.UPDATE_CONCERT, [
            concertId,
            wanted.title,
            wanted.artist,
            wanted.venue,
            wanted.timeZone,
            isoOf(opensAtMs),
            isoOf(closesAtMs),
            queue.maxActive,
            queue.batch,
            queue.intervalMs,
            queue.activeTtlMs,
            queue.paused,
            isTimeChanged,
          ]);
          if (row === undefined) throw new Error('a locked concert was not found');
          const concert = concertOf(row);
          const states = { before: describeConcert(before), after: describeConcert(concert) };
          const entry = { action: 'concert.change', target: `concert:${concertId}`, ...states };
          return { value: { concert, raised }, entry };
        }),
      ),

    changeSchedule: (scheduleId, { planMove, ...change }, stamp) =>
      forgetting((note) =>
        recordChange(pool, stamp, async (query) => {
          const before = await lockSchedule(query, scheduleId);
          if (before === null) return SCHEDULE_NOT_FOUND;
          if (before.cancelled) return SCHEDULE_CANCELLED;
          note(before.concertId);
          const wanted: Schedule = { ...before, ...change };
          const fault = faultOfTimes(wanted);
          if (fault !== null) return fault;
          const raised = await raiseEpochs(query, [scheduleId]);
          const refusal = planMove === undefined ? null : await moveToVersion(query, before, planMove);
          if (refusal !== null) return refusal;
          const times = [isoOf(wanted.startsAtMs), isoOrNull(wanted.endsAtMs), isoOrNull(wanted.reservationOpensAtMs)];
          const rules = [wanted.singleSeats, isoOrNull(wanted.accessibleReleaseAtMs)];
          const [row] = await query<ScheduleRow>(sql.UPDATE_SCHEDULE, [scheduleId, ...times, wanted.closed, ...rules]);
          if (row === undefined) throw new Error('a locked schedule was not found');
          if (wanted.startsAtMs < before.startsAtMs) await query(sql.SHORTEN_HOLDS, [scheduleId, times[0]]);
          const after = scheduleOf(row, dateIn);
          const describe = (schedule: Schedule) => ({
            ...describeTimes(schedule),
            closed: schedule.closed,
            singleSeats: schedule.singleSeats,
            accessibleReleaseAt: isoOrNull(schedule.accessibleReleaseAtMs),
            planVersion: schedule.plan?.version ?? null,
          });
          const states = { before: describe(before), after: describe(after) };
          const entry = { action: 'schedule.change', target: `schedule:${scheduleId}`, ...states };
          return { value: { schedule: after, raised }, entry };
        }),
      ),

    changePrices: (scheduleId, prices, stamp) =>
      forgetting((note) =>
        recordChange(pool, stamp, async (query) => {
          const schedule = await lockSchedule(query, scheduleId);
          if (schedule === null) return SCHEDULE_NOT_FOUND;
          if (schedule.cancelled) return SCHEDULE_CANCELLED;
          note(schedule.concertId);
          const highest = Math.max(...prices.keys());
          const { totalSeats } = schedule;
          const words = {
            en: `name a seat past the last one, ${totalSeats}`,
            ko: `마지막 좌석 ${totalSeats}번을 넘습니다`,
          };
          const fault = faultOf('/prices', words, highest > totalSeats);
          if (fault !== null) return fault;
          const raised = await raiseEpochs(query, [scheduleId]);
          const before = await query<{ seat_number: number; price: number }>(sql.PRICES, [scheduleId]);
          const wanted = [[...prices.keys()], [...prices.values()]];
          const kept = await query<{ seat_number: number }>(sql.UPDATE_PRICES, [scheduleId, ...wanted]);
          const unchanged = kept.map((row) => row.seat_number);
          await query(sql.RISE_SCHEDULE_VERSION, [scheduleId]);
          const after = await query<{ seat_number: number; price: number }>(sql.PRICES, [scheduleId]);
          const pricesOf = (rows: typeof before) => ({ prices: rows.map((row) => row.price) });
          const states = { before: pricesOf(before), after: pricesOf(after) };
          const entry = { action: 'prices.change', target: `schedule:${scheduleId}`, ...states };
          return { value: { unchanged, raised }, entry };
        }),
      ),

    deleteConcert: (concertId, stamp) =>
      forgetting((note) =>
        recordChange(pool, stamp, async (query) => {
          note(concertId);
          const concert = await lockConcert(query, concertId);
          if (concert === null) return CONCERT_NOT_FOUND;
          const rejection = await deleteSchedules(query, await lockDates(query, concertId));
          if (rejection !== null) return rejection;
          await query(sql.DELETE_CONCERT, [concertId]);
          const before = describeConcert(concert);
          const entry = { action: 'concert.delete', target: `concert:${concertId}`, before, after: null };
          return { value: null, entry };
        }),
      ),

    deleteSchedule: (scheduleId, stamp) =>
      forgetting((note) =>
        recordChange(pool, stamp, async (query) => {
          const schedule = await lockSchedule(query, scheduleId);
          if (schedule === null) return SCHEDULE_NOT_FOUND;
          note(schedule.concertId);
          const rejection = await deleteSchedules(query, [scheduleId]);
          if (rejection !== null) return rejection;
          const before = { concertId: schedule.concertId, ...describeTimes(schedule) };
          const entry = { action: 'schedule.delete', target: `schedule:${scheduleId}`, before, after: null };
          return { value: null, entry };
        }),
      ),
  };
}

function faultOfTimes({ startsAtMs, endsAtMs, reservationOpensAtMs }: Schedule & ScheduleChange): Rejection | null {
  const endsEarly = endsAtMs !== null && endsAtMs <= startsAtMs;
  const opensLate = reservationOpensAtMs !== null && reservationOpensAtMs >= startsAtMs;
  return (
    faultOf('/endsAt', 'is not after startsAt', endsEarly) ??
    faultOf('/reservationOpensAt', 'is not before startsAt', opensLate)
  );
}
