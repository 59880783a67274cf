import { DEFAULT_SEAT_RULES } from '../../src/domain/seat-rules.ts';
import type { Page, PageRequest } from '../../src/domain/page.ts';
import type { Catalogue, Concert, NewConcert, QueuePolicy, Schedule } from '../../src/domain/catalogue.ts';

export interface FakeCatalogue extends Catalogue {
  readonly concerts: Map<number, Concert>;
  readonly schedules: Map<number, Schedule & { readonly prices: readonly number[] }>;
}

/** Concerts and schedules in memory; `liveSeats` counts the seats of a schedule that are held or sold. */
export function createFakeCatalogue(liveSeats: (scheduleId: number) => number): FakeCatalogue {
  const concerts: FakeCatalogue['concerts'] = new Map();
  const schedules: FakeCatalogue['schedules'] = new Map();
  const dateOf = (startsAtMs: number, timeZone: string): string =>
    new Intl.DateTimeFormat('en-CA', { timeZone, dateStyle: 'short' }).format(startsAtMs);
  const withSeats = ({ prices, ...schedule }: Schedule & { readonly prices: readonly number[] }) => ({
    ...schedule,
    availableSeats: schedule.totalSeats - liveSeats(schedule.scheduleId),
    priceFrom: Math.min(...prices),
    priceTo: Math.max(...prices),
  });
  let changes = 0;

  function pageOf(wanted: (concert: Concert) => boolean, { limit, after }: PageRequest): Page<Concert> {
    const listed = [...concerts.values()]
      .filter((concert) => wanted(concert) && (after === null || concert.concertId < Number(after)))
      .toSorted((one, other) => other.concertId - one.concertId);
    const items = listed.slice(0, limit);
    return { items, nextCursor: listed.length > limit ? String(items.at(-1)?.concertId) : null };
  }

  return {
    get changes() {
      return changes;
    },
    concerts,
    schedules,
    async findConcert(concertId) {
      return concerts.get(concertId) ?? null;
    },
    async readConcert(concertId) {
      return concerts.get(concertId) ?? null;
    },
    async readHoldTimes(scheduleId) {
      const schedule = schedules.get(scheduleId);
      const concert = concerts.get(schedule?.concertId ?? 0);
      return schedule === undefined || concert === undefined ? null : { ...concert, ...schedule, epoch: 1 };
    },
    async findSchedule(scheduleId) {
      return schedules.get(scheduleId) ?? null;
    },
    async listBookable(nowMs, page) {
      return pageOf((concert) => concert.bookingOpensAtMs <= nowMs && nowMs <= concert.bookingClosesAtMs, page);
    },
    async listUpcoming(nowMs, page) {
      return pageOf((concert) => nowMs < concert.bookingOpensAtMs, page);
    },
    async listConcerts() {
      return [...concerts.values()];
    },
    async listSchedules(concertId) {
      return [...schedules.values()]
        .filter((schedule) => schedule.concertId === concertId)
        .sort((one, other) => one.startsAtMs - other.startsAtMs)
        .map(withSeats);
    },
    async createConcert(concert: NewConcert) {
      const created: Concert = { concertId: concerts.size + 1, ...concert, cancelledAtMs: null, version: 1 };
      concerts.set(created.concertId, created);
      changes += 1;
      return created;
    },
    async createSchedule(concertId, { prices, plan = null, ...given }) {
      const concert = concerts.get(concertId);
      if (concert === undefined) return null;
      const schedule = {
        scheduleId: schedules.size + 1,
        concertId,
        date: dateOf(given.startsAtMs, concert.timeZone),
        ...DEFAULT_SEAT_RULES,
        ...given,
        totalSeats: prices.length,
        closed: false,
        cancelled: false,
        cancellationId: null,
        version: 1,
        plan,
        prices,
      };
      schedules.set(schedule.scheduleId, schedule);
      changes += 1;
      return withSeats(schedule);
    },
    async changeQueuePolicy(concertId, change: Partial<QueuePolicy>) {
      const concert = concerts.get(concertId);
      if (concert === undefined) return null;
      const changed: Concert = { ...concert, queue: { ...concert.queue, ...change } };
      concerts.set(concertId, changed);
      changes += 1;
      return changed;
    },
  };
}
