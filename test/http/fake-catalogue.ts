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
  const withSeats = (schedule: Schedule) => ({
    ...schedule,
    availableSeats: schedule.totalSeats - liveSeats(schedule.scheduleId),
  });

  return {
    concerts,
    schedules,
    async findConcert(concertId) {
      return concerts.get(concertId) ?? null;
    },
    async readConcert(concertId) {
      return concerts.get(concertId) ?? null;
    },
    async findSchedule(scheduleId) {
      return schedules.get(scheduleId) ?? null;
    },
    async listBookable(nowMs, { limit, after }) {
      const open = [...concerts.values()]
        .filter((concert) => concert.bookingOpensAtMs <= nowMs && nowMs <= concert.bookingClosesAtMs)
        .filter(({ concertId }) => after === null || concertId < Number(after))
        .toSorted((one, other) => other.concertId - one.concertId);
      const items = open.slice(0, limit);
      return { items, nextCursor: open.length > limit ? String(items.at(-1)?.concertId) : null };
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
      const created: Concert = { concertId: concerts.size + 1, ...concert };
      concerts.set(created.concertId, created);
      return created;
    },
    async createSchedule(concertId, { prices, ...times }) {
      const concert = concerts.get(concertId);
      if (concert === undefined) return null;
      const schedule = {
        scheduleId: schedules.size + 1,
        concertId,
        date: dateOf(times.startsAtMs, concert.timeZone),
        ...times,
        totalSeats: prices.length,
        prices,
      };
      schedules.set(schedule.scheduleId, schedule);
      return withSeats(schedule);
    },
    async changeQueuePolicy(concertId, change: Partial<QueuePolicy>) {
      const concert = concerts.get(concertId);
      if (concert === undefined) return null;
      const changed: Concert = { ...concert, queue: { ...concert.queue, ...change } };
      concerts.set(concertId, changed);
      return changed;
    },
  };
}
