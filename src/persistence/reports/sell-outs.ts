import type { SellOut, SellOuts } from '../../domain/sell-outs.ts';
import { type Connections, readRows } from '../journal/statement.ts';
import { createCalendar } from '../records/calendar.ts';

/** A longer list is no ranking, and a page of it is read by everybody. */
const RANKED = 100;

/** The settlement that completed a sell-out has written its row. A refund leaves fewer paid seats than there were then. */
const FASTEST = `
  SELECT o.schedule_id, o.opened_at, o.sold_out_at, o.seats, s.starts_at, c.concert_id, c.title, c.artist, c.venue, c.time_zone,
    (SELECT count(*) FROM reservations r WHERE r.schedule_id = o.schedule_id AND r.status = 'CONFIRMED') >= o.seats AS still
  FROM (
    SELECT * FROM sold_out_schedules WHERE sold_out_at > statement_timestamp() - $1 * interval '1 day'
    ORDER BY sold_out_at - opened_at, sold_out_at, schedule_id LIMIT ${RANKED}
  ) o JOIN schedules s USING (schedule_id) JOIN concerts c USING (concert_id)
  ORDER BY o.sold_out_at - o.opened_at, o.sold_out_at, o.schedule_id`;

interface SellOutRow {
  readonly schedule_id: number;
  readonly opened_at: Date;
  readonly sold_out_at: Date;
  readonly seats: number;
  readonly starts_at: Date;
  readonly concert_id: number;
  readonly title: string;
  readonly artist: string;
  readonly venue: string;
  readonly time_zone: string;
  readonly still: boolean;
}

/** Sell-outs, read from PostgreSQL. */
export function createSellOuts({ pool }: { readonly pool: Connections }): SellOuts {
  const dateIn = createCalendar();

  function sellOutOf(row: SellOutRow): SellOut {
    return {
      concertId: row.concert_id,
      title: row.title,
      artist: row.artist,
      venue: row.venue,
      scheduleId: row.schedule_id,
      date: dateIn(row.time_zone, row.starts_at),
      startsAtMs: row.starts_at.getTime(),
      openedAtMs: row.opened_at.getTime(),
      soldOutAtMs: row.sold_out_at.getTime(),
      seats: row.seats,
      still: row.still,
    };
  }

  return {
    async fastest(days) {
      const rows = await readRows<SellOutRow>(pool, { text: FASTEST, values: [days] });
      return rows.map(sellOutOf);
    },
  };
}
