import { createFrontrowClient } from '../../src/client/frontrow-client.ts';
import { mapConcurrently } from '../../harness/concurrently.ts';
import { createRandom } from '../../harness/random.ts';
import { type Acknowledgement, createAcknowledgementLog } from './acknowledgement.ts';
import { type Board, type DateBoard, isSoldOut, openBoard, readBoard } from './board.ts';
import { createFansClient, isOutage } from './fans-client.ts';
import { type Fan, inventFan } from './fan.ts';
import { register } from './queueing.ts';
import type { RushContext } from './rush-context.ts';
import { findDoubleSales } from './sales-check.ts';
import { createStage, pricesOf, type Stage } from './stage.ts';
import { createStatistics, type RushStatistics } from './statistics.ts';
import { visit } from './visit.ts';

export interface RushSettings {
  readonly url: string;
  readonly adminToken: string;
  readonly authSecret: string | null;
  readonly fans: number;
  readonly dates: number;
  readonly seed: number;
  readonly sockets: number;
  /** The file for acknowledged answers as they arrive; null: memory only. */
  readonly journalFile: string | null;
  /** The rush gives up unsold seats after this. */
  readonly limitMs: number;
}

/** The state of a rush while it runs. */
export interface RushView {
  readonly title: string;
  readonly phase: 'registering' | 'selling' | 'checking the books';
  readonly elapsedMs: number;
  readonly fans: readonly Fan[];
  readonly board: readonly DateBoard[];
  readonly statistics: RushStatistics;
}

export interface RushResult {
  readonly stage: Stage;
  readonly fans: readonly Fan[];
  readonly board: readonly DateBoard[];
  readonly statistics: RushStatistics;
  readonly acknowledgements: readonly Acknowledgement[];
  /** From the opening of the doors until the last seat was sold. */
  readonly saleMs: number;
  readonly doubleSales: readonly string[];
  /** Wallets whose balance differs from their owner's charges, payments and refunds. */
  readonly moneyDrifts: readonly string[];
  readonly walletsChecked: number;
}

const SEAT_COUNT = 50;
/** Ten at a time up to a hundred, as in a real sale, but twice a second, so that the demo takes seconds. */
const POLICY = { maxActive: 100, batch: 10, intervalMs: 500, activeTtlMs: 3_600_000 };
const DAY_MS = 86_400_000;
const LOOK_EVERY_MS = 200;
/** A running service sends maps within milliseconds; a restarted one is back in seconds. */
const LOOK_LIMIT_MS = 15_000;
/** Fans come when the doors open, but not in the same millisecond. */
const ARRIVALS_WITHIN_MS = 2_000;
/** Fans without a ticket come back while there are seats, but not forever. */
const WAVES_MOST = 8;
const AT_ONCE = 64;

/** Registers fans, opens a fresh concert to them and sells it. Rejects when the service stays away. */
export async function runRush(settings: RushSettings, watch: (look: () => RushView) => void): Promise<RushResult> {
  const statistics = createStatistics();
  const random = createRandom(settings.seed);
  const { client, close } = createFansClient({ url: settings.url, sockets: settings.sockets, statistics, random });
  const acknowledgements = createAcknowledgementLog(settings.journalFile);
  const stage = await openStage(settings);
  const context: RushContext = { client, stage, authSecret: settings.authSecret, random, statistics, acknowledgements };
  const fans = Array.from({ length: settings.fans }, () => inventFan(random));
  let board: Board | null = null;
  let phase: RushView['phase'] = 'registering';
  let openedMs = performance.now();
  let soldOutMs: number | null = null;
  const look = (): RushView => ({
    title: stage.title,
    phase,
    elapsedMs: (soldOutMs ?? performance.now()) - openedMs,
    fans,
    board: board?.dates() ?? [],
    statistics,
  });
  watch(look);
  try {
    const inspector = { ...inventFan(random), intention: 'buy' as const };
    await register(context, inspector);
    await mapConcurrently(fans, AT_ONCE, (fan) => register(context, fan));
    phase = 'selling';
    openedMs = performance.now();
    const shown = openBoard(client, stage, inspector.accessToken, statistics.notePush);
    board = shown;
    const lookAnew = (): Promise<DateBoard[] | null> => readBoard(client, stage, inspector.accessToken, LOOK_LIMIT_MS);
    // A pushed map is a moment old, and may lack a refund that was just answered. So the end is read again, and counts only
    // when no refund was due before and none began meanwhile.
    const isTheEnd = async (): Promise<boolean> => {
      const { count, begun } = stage.refundsAhead;
      if (count > 0 || !isSoldOut(shown.dates())) return false;
      const dates = await lookAnew();
      return dates !== null && isSoldOut(dates) && stage.refundsAhead.begun === begun;
    };
    const watchBoard = async (): Promise<void> => {
      while (!stage.isOver()) {
        if (await isTheEnd()) {
          soldOutMs ??= performance.now();
          stage.end();
        }
        if (performance.now() - openedMs > settings.limitMs) {
          statistics.noteSurprise(`seats were left unsold after ${settings.limitMs} ms`);
          stage.end();
        }
        await stage.pause(LOOK_EVERY_MS);
      }
    };
    await Promise.all([watchBoard(), sell(context, fans)]);
    const lastLook = await lookAnew();
    if (lastLook === null) throw new Error(`the seat maps did not arrive within ${LOOK_LIMIT_MS} ms after the sale`);
    phase = 'checking the books';
    const payers = fans.filter((fan) => fan.charged > 0);
    const moneyDrifts: string[] = [];
    await mapConcurrently(payers, AT_ONCE, async (fan) => {
      const { balance } = await client.as(fan.accessToken).balance();
      const expected = fan.charged - fan.paid + fan.refunded;
      if (balance !== expected) moneyDrifts.push(`${fan.userId} has ${balance} won and should have ${expected}`);
    });
    return {
      stage,
      fans,
      board: lastLook,
      statistics,
      acknowledgements: acknowledgements.all(),
      saleMs: (soldOutMs ?? performance.now()) - openedMs,
      doubleSales: findDoubleSales(acknowledgements.all()),
      moneyDrifts,
      walletsChecked: payers.length,
    };
  } finally {
    stage.end();
    board?.close();
    acknowledgements.close();
    close();
  }
}

async function openStage(settings: RushSettings): Promise<Stage> {
  const admin = createFrontrowClient({ baseUrl: settings.url }).admin(settings.adminToken);
  const nowMs = Date.now();
  const title = `개막 공연 · Opening Night ${new Date(nowMs).toISOString().slice(0, 19)}Z`;
  const { concertId } = await admin.createConcert({
    title,
    artist: '프런트로 챔버 앙상블',
    venue: '서울 올림픽홀',
    bookingOpensAt: new Date(nowMs - DAY_MS).toISOString(),
    bookingClosesAt: new Date(nowMs + 7 * DAY_MS).toISOString(),
    queue: POLICY,
  });
  const firstMs = Math.ceil(nowMs / DAY_MS) * DAY_MS + 30 * DAY_MS + 10 * 3_600_000;
  const dates = [];
  for (let day = 0; day < settings.dates; day += 1) {
    const startsAt = new Date(firstMs + day * DAY_MS).toISOString();
    const schedule = { startsAt, seatCount: SEAT_COUNT, prices: pricesOf(SEAT_COUNT) };
    const { scheduleId } = await admin.createSchedule(concertId, schedule);
    dates.push({ scheduleId, startsAt });
  }
  return createStage({ concertId, title, dates, seatCount: SEAT_COUNT, policy: POLICY });
}

/** Sends all fans in, and then, while seats are left, the fans without a ticket again. */
async function sell(context: RushContext, fans: readonly Fan[]): Promise<void> {
  const { stage, random, statistics } = context;
  let crowd = [...fans];
  for (let wave = 1; wave <= WAVES_MOST && crowd.length > 0 && !stage.isOver(); wave += 1) {
    await Promise.all(
      crowd.map(async (fan) => {
        await stage.pause(random.next() * ARRIVALS_WITHIN_MS);
        try {
          fan.end = await visit(context, fan);
        } catch (error) {
          if (isOutage(error)) stage.end();
          statistics.noteSurprise(error instanceof Error ? error.message : String(error));
        }
      }),
    );
    // A fan that comes back buys; when no fan is without a ticket, the others buy for their friends.
    const without = fans.filter((fan) => fan.tickets.length === 0);
    crowd = without.length > 0 ? without : [...fans];
    for (const fan of crowd) fan.intention = 'buy';
  }
  if (!stage.isOver()) {
    await stage.pause(LOOK_EVERY_MS * 4);
    stage.end();
  }
}
