import type { CatalogueMemory, Concert, NewSchedule } from '../../domain/catalogue.ts';
import type { CatalogueEdits } from '../../domain/catalogue-edits.ts';
import type { Rejection } from '../../domain/errors.ts';
import { isoOf } from '../../domain/instant.ts';
import type { Connections } from '../journal/statement.ts';
import { connectionsOf } from '../journal/transaction.ts';
import { createCatalogue } from './catalogue.ts';
import { recordChange } from './recorded-change.ts';

const LOCK_CONCERT = 'SELECT 1 FROM concerts WHERE concert_id = $1 FOR UPDATE';

const CONCERT_NOT_FOUND: Rejection = { code: 'CONCERT_NOT_FOUND', members: {} };

const isoOrNull = (epochMs: number | null): string | null => (epochMs === null ? null : isoOf(epochMs));

function describeConcert({ title, artist, venue, timeZone, bookingOpensAtMs, bookingClosesAtMs, queue }: Concert) {
  const window = { bookingOpensAt: isoOf(bookingOpensAtMs), bookingClosesAt: isoOf(bookingClosesAtMs) };
  return { title, artist, venue, timeZone, ...window, queue };
}

function describeSchedule(concertId: number, { startsAtMs, endsAtMs, reservationOpensAtMs, prices }: NewSchedule) {
  return {
    concertId,
    startsAt: isoOf(startsAtMs),
    endsAt: isoOrNull(endsAtMs),
    reservationOpensAt: isoOrNull(reservationOpensAtMs),
    prices,
  };
}

/** The organiser's changes, in PostgreSQL. */
export function createCatalogueEdits({
  pool,
  memory,
  onConcertChanged,
}: {
  readonly pool: Connections;
  readonly memory: CatalogueMemory;
  /** This node has changed a concert, or may have. */
  readonly onConcertChanged: (concertId: number) => void;
}): CatalogueEdits {
  return {
    async createConcert(wanted, act) {
      const created = await recordChange(pool, act, async (query) => {
        const concert = await createCatalogue({ pool: connectionsOf(query) }).createConcert(wanted);
        const target = `concert:${concert.concertId}`;
        return {
          value: concert,
          entry: { action: 'concert.create', target, before: null, after: describeConcert(concert) },
        };
      });
      if (created.outcome === 'granted') memory.forgetConcert(created.value.concertId);
      return created;
    },

    async createSchedule(concertId, wanted, act) {
      try {
        return await recordChange(pool, act, async (query) => {
          const schedule = await createCatalogue({ pool: connectionsOf(query) }).createSchedule(concertId, wanted);
          if (schedule === null) return CONCERT_NOT_FOUND;
          const target = `schedule:${schedule.scheduleId}`;
          const after = describeSchedule(concertId, wanted);
          return { value: schedule, entry: { action: 'schedule.create', target, before: null, after } };
        });
      } finally {
        memory.forgetConcert(concertId);
      }
    },

    async changeQueuePolicy(concertId, change, stamp) {
      try {
        return await recordChange(pool, stamp, async (query) => {
          await query(LOCK_CONCERT, [concertId]);
          const catalogue = createCatalogue({ pool: connectionsOf(query) });
          const before = (await catalogue.readConcert(concertId))?.queue ?? null;
          const concert = await catalogue.changeQueuePolicy(concertId, change);
          if (concert === null) return CONCERT_NOT_FOUND;
          const target = `concert:${concertId}`;
          return { value: concert, entry: { action: 'queue.change', target, before, after: concert.queue } };
        });
      } finally {
        memory.forgetConcert(concertId);
        onConcertChanged(concertId);
      }
    },
  };
}
