import type { Pool, QueryResultRow } from 'pg';
import type {
  Catalogue,
  Concert,
  ConcertQueue,
  NewSchedule,
  ScheduleWithAvailability,
} from '../../domain/catalogue.ts';
import { newestOf, numberSeats, type SeatPlan } from '../../domain/seat-plan.ts';
import type { Query } from '../journal/transaction.ts';
import type { Connection } from '../journal/statement.ts';
import { createCatalogue } from './catalogue.ts';
import { DEMO_PRICES, demoHall } from './demo-hall.ts';
import { insertPlan } from './seat-plans.ts';

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

interface DemoSale extends Pick<Concert, 'title' | 'artist' | 'venue' | 'timeZone' | 'queue'> {
  /** Days after the first possible one. */
  readonly evenings: readonly number[];
  /** Of rows of ten, or of each level of a drawn hall. */
  readonly seats: readonly number[] | { readonly plan: SeatPlan; readonly prices: Readonly<Record<string, number>> };
  readonly opensAfterMs?: number;
}

/** Artists, halls and titles are made up. */
const CONCERTS: readonly DemoSale[] = [
  {
    title: '윤슬 단독 콘서트 〈새벽의 정원〉',
    artist: '윤슬',
    venue: '한빛아레나, 서울',
    timeZone: 'Asia/Seoul',
    queue: USUAL_QUEUE,
    evenings: [0, 1, 2],
    seats: rows(165_000, 132_000, 99_000),
  },
  {
    title: 'The Paper Lanterns: Last Train Home',
    artist: 'The Paper Lanterns',
    venue: 'Harbour Hall, Busan',
    timeZone: 'Asia/Seoul',
    queue: USUAL_QUEUE,
    evenings: [7, 8],
    seats: rows(154_000, 121_000, 88_000),
  },
  {
    title: '달무리 밴드 라이브 〈보름〉',
    artist: '달무리',
    venue: '물빛문화회관, 전주',
    timeZone: 'Asia/Seoul',
    queue: USUAL_QUEUE,
    evenings: [14, 15, 21, 22],
    seats: rows(110_000, 88_000, 66_000),
  },
  {
    title: 'Midnight Arcade: Two Nights Only',
    artist: 'Midnight Arcade',
    venue: 'Studio Nine, Tokyo',
    timeZone: 'Asia/Tokyo',
    queue: SMALL_QUEUE,
    evenings: [28, 29],
    seats: rows(165_000, 132_000, 99_000),
  },
  {
    title: '초록들 봄 콘서트 〈다시, 숲〉',
    artist: '초록들',
    venue: '푸른숲극장, 대구',
    timeZone: 'Asia/Seoul',
    queue: USUAL_QUEUE,
    evenings: [35, 36],
    seats: rows(121_000, 99_000, 77_000),
    opensAfterMs: DAY_MS,
  },
];

/** A concert in a hall with sections, an aisle and wheelchair spaces. */
const CONCERT_WITH_PLAN: DemoSale = {
  title: '한여름 오케스트라 〈별의 지도〉',
  artist: '한여름 오케스트라',
  venue: '별빛예술회관 대극장, 서울',
  timeZone: 'Asia/Seoul',
  queue: USUAL_QUEUE,
  evenings: [42, 43],
  seats: { plan: demoHall, prices: DEMO_PRICES },
};

/** By the name of the set in `loaded_data`: a database that has one set gets the others. */
const SETS: Readonly<Record<string, readonly DemoSale[]>> = {
  'demo-concerts-1': CONCERTS,
  'demo-hall-1': [CONCERT_WITH_PLAN],
};

export interface DemoConcert {
  readonly concert: Concert;
  readonly schedules: readonly ScheduleWithAvailability[];
}

const CLAIM = 'INSERT INTO loaded_data (name) VALUES ($1) ON CONFLICT DO NOTHING RETURNING clock_timestamp() AS now';

/**
 * Creates the demonstration concerts, once in the life of a database, in one transaction: they are all there or none is, and
 * of several nodes that start at once one creates them. Returns what this call created; nothing when they were there.
 */
export async function loadDemoData(pool: Pool): Promise<readonly DemoConcert[]> {
  const client = await pool.connect();
  try {
    // A node that starts beside this one waits for the outcome instead of giving up on its start.
    await client.query("BEGIN; SET LOCAL lock_timeout = '20s'; SET LOCAL statement_timeout = '20s'");
    // The catalogue's statements, all on the connection of this transaction.
    const shared: Connection = { query: (statement) => client.query(statement), release: () => undefined };
    const catalogue = createCatalogue({ pool: { connect: () => Promise.resolve(shared) } });
    const query: Query = async <R extends QueryResultRow>(text: string, values: readonly unknown[] = []) =>
      (await client.query<R>(text, [...values])).rows;
    const created: DemoConcert[] = [];
    for (const [name, sales] of Object.entries(SETS)) {
      const [claimed] = await query<{ now: Date }>(CLAIM, [name]);
      if (claimed === undefined) continue;
      for (const sale of sales) created.push(await createSale(catalogue, query, sale, claimed.now.getTime()));
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

async function createSale(catalogue: Catalogue, query: Query, sale: DemoSale, nowMs: number): Promise<DemoConcert> {
  const { evenings, seats, opensAfterMs = 0, ...description } = sale;
  const today = Math.floor(nowMs / DAY_MS) * DAY_MS;
  const fromMs = Math.floor(nowMs / MINUTE_MS) * MINUTE_MS;
  const bookingOpensAtMs = fromMs + opensAfterMs;
  const bookingClosesAtMs = fromMs + BOOKING_DAYS * DAY_MS;
  const concert = await catalogue.createConcert({ ...description, bookingOpensAtMs, bookingClosesAtMs });
  const places = await seatsOf(query, seats);
  const schedules: ScheduleWithAvailability[] = [];
  for (const evening of evenings) {
    const startsAtMs = today + (FIRST_DATE_DAYS + evening) * DAY_MS + EVENING_MS;
    const times = { startsAtMs, endsAtMs: startsAtMs + LENGTH_MS, reservationOpensAtMs: null };
    const schedule = await catalogue.createSchedule(concert.concertId, { ...times, ...places });
    if (schedule !== null) schedules.push(schedule);
  }
  return { concert, schedules };
}

async function seatsOf(query: Query, seats: DemoSale['seats']): Promise<Pick<NewSchedule, 'prices' | 'plan'>> {
  if (!('plan' in seats)) return { prices: seats };
  const { plan, prices } = seats;
  const { summary } = await insertPlan(query, plan);
  return {
    prices: numberSeats(plan).map(({ seat }) => prices[seat.level] ?? 0),
    plan: { planId: summary.planId, version: newestOf(summary).version },
  };
}
