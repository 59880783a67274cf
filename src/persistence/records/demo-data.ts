import type { Pool } from 'pg';
import type { Concert, ConcertQueue, ScheduleWithAvailability } from '../../domain/catalogue.ts';
import { createCatalogue } from './catalogue.ts';
import type { Connection } from '../journal/statement.ts';

/** The set's name in `loaded_data`; another set would take another name. */
const SET = 'demo-concerts-1';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
/** Booking of most concerts is open from the start, so that there is something to buy. */
const BOOKING_DAYS = 90;
/** The first date lies behind the end of booking, so that every date can be booked all the time. */
const FIRST_DATE_DAYS = 95;
/** 19:00 in Seoul and Tokyo, as an offset from midnight UTC. */
const EVENING_MS = 10 * HOUR_MS;
const LENGTH_MS = 150 * MINUTE_MS;

/** The default policy: ten every ten seconds, a hundred at a time, for an hour. */
const USUAL_QUEUE: ConcertQueue = {
  maxActive: 100,
  batch: 10,
  intervalMs: 10_000,
  activeTtlMs: HOUR_MS,
  paused: false,
};
/** So small that a few fans make a line. */
const SMALL_QUEUE: ConcertQueue = { ...USUAL_QUEUE, maxActive: 5, batch: 2, activeTtlMs: 5 * MINUTE_MS };

/** Seats 1 to 10 are the front, 11 to 30 the middle, 31 to 50 the back. */
function rows(front: number, middle: number, back: number): number[] {
  return [...Array<number>(10).fill(front), ...Array<number>(20).fill(middle), ...Array<number>(20).fill(back)];
}

/** Artists, halls and titles are made up. `evenings` are days after the first possible one. */
const CONCERTS = [
  {
    title: '윤슬 단독 콘서트 〈새벽의 정원〉',
    artist: '윤슬',
    venue: '한빛아레나, 서울',
    timeZone: 'Asia/Seoul',
    queue: USUAL_QUEUE,
    evenings: [0, 1, 2],
    prices: rows(165_000, 132_000, 99_000),
  },
  {
    title: 'The Paper Lanterns: Last Train Home',
    artist: 'The Paper Lanterns',
    venue: 'Harbour Hall, Busan',
    timeZone: 'Asia/Seoul',
    queue: USUAL_QUEUE,
    evenings: [7, 8],
    prices: rows(154_000, 121_000, 88_000),
  },
  {
    title: '달무리 밴드 라이브 〈보름〉',
    artist: '달무리',
    venue: '물빛문화회관, 전주',
    timeZone: 'Asia/Seoul',
    queue: USUAL_QUEUE,
    evenings: [14, 15, 21, 22],
    prices: rows(110_000, 88_000, 66_000),
  },
  {
    title: 'Midnight Arcade: Two Nights Only',
    artist: 'Midnight Arcade',
    venue: 'Studio Nine, Tokyo',
    timeZone: 'Asia/Tokyo',
    queue: SMALL_QUEUE,
    evenings: [28, 29],
    prices: rows(165_000, 132_000, 99_000),
  },
  {
    title: '초록들 봄 콘서트 〈다시, 숲〉',
    artist: '초록들',
    venue: '푸른숲극장, 대구',
    timeZone: 'Asia/Seoul',
    queue: USUAL_QUEUE,
    evenings: [35, 36],
    prices: rows(121_000, 99_000, 77_000),
    opensAfterMs: DAY_MS,
  },
];

export interface DemoConcert {
  readonly concert: Concert;
  readonly schedules: readonly ScheduleWithAvailability[];
}

/**
 * Creates the demonstration concerts, once in the life of a database, in one transaction: they are all there or none is, and
 * of several nodes that start at once one creates them. Returns what this call created; nothing when they were there.
 */
export async function loadDemoData(pool: Pool): Promise<readonly DemoConcert[]> {
  const client = await pool.connect();
  try {
    // A node that starts beside this one waits for the outcome instead of giving up on its start.
    await client.query("BEGIN; SET LOCAL lock_timeout = '20s'; SET LOCAL statement_timeout = '20s'");
    const claimed = await client.query<{ now: Date }>(
      'INSERT INTO loaded_data (name) VALUES ($1) ON CONFLICT DO NOTHING RETURNING clock_timestamp() AS now',
      [SET],
    );
    const nowMs = claimed.rows[0]?.now.getTime();
    const created: DemoConcert[] = [];
    if (nowMs !== undefined) {
      // The catalogue's statements, all on the connection of this transaction.
      const shared: Connection = { query: (statement) => client.query(statement), release: () => undefined };
      const catalogue = createCatalogue({ pool: { connect: () => Promise.resolve(shared) } });
      const today = Math.floor(nowMs / DAY_MS) * DAY_MS;
      for (const { evenings, prices, opensAfterMs = 0, ...description } of CONCERTS) {
        const fromMs = Math.floor(nowMs / MINUTE_MS) * MINUTE_MS;
        const bookingOpensAtMs = fromMs + opensAfterMs;
        const bookingClosesAtMs = fromMs + BOOKING_DAYS * DAY_MS;
        const concert = await catalogue.createConcert({ ...description, bookingOpensAtMs, bookingClosesAtMs });
        const schedules: ScheduleWithAvailability[] = [];
        for (const evening of evenings) {
          const startsAtMs = today + (FIRST_DATE_DAYS + evening) * DAY_MS + EVENING_MS;
          const times = { startsAtMs, endsAtMs: startsAtMs + LENGTH_MS, reservationOpensAtMs: null };
          const schedule = await catalogue.createSchedule(concert.concertId, { ...times, prices });
          if (schedule !== null) schedules.push(schedule);
        }
        created.push({ concert, schedules });
      }
    }
    await client.query('COMMIT');
    client.release();
    return created;
  } catch (error) {
    // The server rolls back what a lost connection leaves open.
    client.release(true);
    throw error;
  }
}
