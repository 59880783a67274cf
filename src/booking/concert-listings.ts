import type { Concert, ScheduleWithAvailability } from '../domain/catalogue.ts';
import { Fault } from '../domain/errors.ts';
import type { Page, PageRequest } from '../domain/page.ts';
import type { QueueCounts } from '../domain/queue-token.ts';
import type { Services } from './services.ts';

/** A concert as a fan must know it before queueing. */
export interface ListedConcert {
  readonly concert: Concert;
  /** Those that have not begun, ordered by start. */
  readonly schedules: readonly ScheduleWithAvailability[];
  /** Null before booking opens, and while the waiting room is unavailable. */
  readonly queue: QueueCounts | null;
}

export type Listing = 'available' | 'upcoming';

type Sources = Pick<Services, 'catalogue' | 'room' | 'databaseClock'>;

/** A page of the concerts whose booking is open, or opens later. Throws Faults of the store. */
export async function listConcerts(
  sources: Sources,
  listing: Listing,
  page: PageRequest,
): Promise<Page<ListedConcert>> {
  const { catalogue, room, databaseClock } = sources;
  const nowMs = databaseClock.lowerMs();
  const isOpen = listing === 'available';
  const found = await (isOpen ? catalogue.listBookable(nowMs, page) : catalogue.listUpcoming(nowMs, page));
  const items = found.items.map(async (concert) => {
    const [dates, queue] = await Promise.all([
      listDates(sources, concert.concertId),
      isOpen ? room.counts(concert.concertId).catch(unavailable) : null,
    ]);
    return { concert, schedules: dates.filter(({ cancelled }) => !cancelled), queue };
  });
  return { items: await Promise.all(items), nextCursor: found.nextCursor };
}

/** The concert's schedules that have not begun and are not closed, ordered by start; cancelled ones too. */
export async function listDates(
  { catalogue, databaseClock }: Pick<Sources, 'catalogue' | 'databaseClock'>,
  concertId: number,
): Promise<readonly ScheduleWithAvailability[]> {
  const nowMs = databaseClock.lowerMs();
  const schedules = await catalogue.listSchedules(concertId);
  return schedules.filter(({ startsAtMs, closed, cancelled }) => (cancelled || !closed) && nowMs < startsAtMs);
}

/** A list without the figures of one queue is better than no list. */
function unavailable(error: unknown): null {
  if (error instanceof Fault) return null;
  throw error;
}
