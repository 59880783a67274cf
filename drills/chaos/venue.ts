import { randomUUID } from 'node:crypto';
import type { Caller, Place } from '../history/caller.ts';
import { asObject, readInteger, readText } from '../../harness/json.ts';
import { waitFor } from '../../harness/wait-for.ts';

/** A person who wants seats, and the results of earlier answers. */
export interface Fan {
  readonly userId: string;
  readonly accessToken: string;
  queueToken: string | null;
  readonly holds: { readonly scheduleId: number; readonly reservationId: string }[];
  readonly payments: { readonly scheduleId: number; readonly paymentId: string }[];
}

/** The concerts on sale during the drill. */
export interface Venue {
  readonly concertId: number;
  /** Changed all the time. */
  readonly busy: readonly number[];
  /** Looked at all the time, and changed hardly ever: a stale owner is not found out by its next change. */
  readonly quiet: readonly number[];
  /** Nearly everything that is asked of them is refused, which writes nothing. */
  readonly soldOut: readonly number[];
  /** Seats of every schedule. */
  readonly seats: number;
  /** Another concert, with a policy that lets a line form. */
  readonly queueConcertId: number;
  readonly fans: readonly Fan[];
  readonly queuers: readonly Fan[];
}

export interface VenueSize {
  readonly busy: number;
  readonly quiet: number;
  readonly soldOut: number;
  readonly seats: number;
  readonly fans: number;
  readonly queuers: number;
}

const DAY_MS = 86_400_000;
const PRICE = 1_000;
const OPENING_BALANCE = 5_000_000;
/** Requests under way at once while the venue is being set up. */
const LANES = 16;
const ADMISSION_LIMIT_MS = 30_000;
/** This policy admits every entry at once, so that the line never limits the test of the seats. */
const OPEN_DOOR = { maxActive: 100_000, batch: 100_000, intervalMs: 1_000, activeTtlMs: 3_600_000 };
/** This policy admits a few at a time and ends idle tokens within seconds. */
const NARROW_DOOR = { maxActive: 6, batch: 3, intervalMs: 1_500, activeTtlMs: 4_000 };

/** Opens two concerts, registers the people, and sells out some schedules. */
export async function openVenue(
  caller: Caller,
  places: readonly [Place, ...Place[]],
  { adminToken, size }: { readonly adminToken: string; readonly size: VenueSize },
): Promise<Venue> {
  const [place] = places;
  const admin = async (path: string, body: object): Promise<Record<string, unknown>> => {
    const answer = await caller.ask(place, { method: 'POST', path, token: adminToken, body });
    if (answer.status !== 201) throw new Error(`${path} was answered ${answer.status} ${JSON.stringify(answer.body)}`);
    return asObject(answer.body);
  };
  const now = Date.now();
  const openConcert = async (title: string, queue: object): Promise<number> =>
    readInteger(
      await admin('/admin/concerts', {
        title,
        artist: 'The Harness',
        venue: 'Everywhere',
        bookingOpensAt: new Date(now - DAY_MS).toISOString(),
        bookingClosesAt: new Date(now + 5 * DAY_MS).toISOString(),
        queue,
      }),
      'concertId',
    );
  const concertId = await openConcert('Storm', OPEN_DOOR);
  const queueConcertId = await openConcert('Line', NARROW_DOOR);
  let day = 10;
  const openSchedule = async (): Promise<number> => {
    day += 1;
    const startsAt = new Date(now + day * DAY_MS).toISOString();
    const body = { startsAt, seatCount: size.seats, price: PRICE };
    return readInteger(await admin(`/admin/concerts/${concertId}/schedules`, body), 'scheduleId');
  };
  const openSchedules = (count: number): Promise<number[]> => inLanes(Array.from({ length: count }), openSchedule);
  const busy = await openSchedules(size.busy);
  const quiet = await openSchedules(size.quiet);
  const soldOut = await openSchedules(size.soldOut);

  const register = async (): Promise<Fan> => {
    const name = randomUUID();
    const body = { name, email: `${name}@example.com` };
    const answer = await caller.ask(place, { method: 'POST', path: '/users', body });
    const userId = readText(answer.body, 'userId');
    return { userId, accessToken: readText(answer.body, 'accessToken'), queueToken: null, holds: [], payments: [] };
  };
  const fans = await inLanes(Array.from({ length: size.fans }), async () => {
    const fan = await register();
    await caller.charge(place, fan, OPENING_BALANCE, randomUUID());
    await enterShop(caller, place, fan, concertId);
    return fan;
  });
  const queuers = await inLanes(Array.from({ length: size.queuers }), register);
  await sellOut(caller, place, fans, soldOut, { concertId, seats: size.seats });
  // From the first look at its map on, a schedule has an owner, and a node knows what it is of; what it does not know it cannot serve while its
  // database is away.
  const [looker] = fans;
  const looks = places.flatMap((at) => [...busy, ...quiet, ...soldOut].map((scheduleId) => ({ at, scheduleId })));
  if (looker !== undefined) await inLanes(looks, ({ at, scheduleId }) => caller.map(at, looker, scheduleId));
  const [full] = soldOut;
  for (const at of places) if (looker !== undefined && full !== undefined) await caller.hold(at, looker, full, [1]);
  return { concertId, busy, quiet, soldOut, seats: size.seats, queueConcertId, fans, queuers };
}

async function enterShop(caller: Caller, place: Place, fan: Fan, concertId: number): Promise<void> {
  const { exchange } = await caller.enter(place, fan, concertId);
  fan.queueToken = readText(exchange.body, 'token');
  if (exchange.body['status'] === 'ACTIVE') return;
  const path = '/queue/status';
  await waitFor(
    async () => (await caller.ask(place, { method: 'GET', path, token: fan.queueToken })).body['status'] === 'ACTIVE',
    { deadlineMs: ADMISSION_LIMIT_MS, what: 'admission under a policy that lets everybody in' },
  );
}

/** Seat after seat to one fan after the other. */
async function sellOut(
  caller: Caller,
  place: Place,
  fans: readonly Fan[],
  scheduleIds: readonly number[],
  { concertId, seats }: { concertId: number; seats: number },
): Promise<void> {
  const sales = scheduleIds.flatMap((scheduleId) =>
    Array.from({ length: seats }, (_, index) => ({ scheduleId, seatNumber: index + 1 })),
  );
  // A payment ends the token of its buyer, so each has one sale under way at a time.
  await inLanes([...fans.entries()], async ([index, fan]) => {
    for (const { scheduleId, seatNumber } of sales.filter((_, sale) => sale % fans.length === index)) {
      const held = await caller.hold(place, fan, scheduleId, [seatNumber]);
      const paid = await caller.pay(place, fan, scheduleId, [readText(held.exchange.body, 'reservationId')]);
      fan.payments.push({ scheduleId, paymentId: readText(paid.exchange.body, 'paymentId') });
      await enterShop(caller, place, fan, concertId);
    }
  });
}

/** Runs over all items, some at a time, in order of beginning. */
async function inLanes<T, R>(items: readonly T[], run: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  let next = 0;
  const lane = async (): Promise<void> => {
    for (let index = next++; index < items.length; index = next++) results[index] = await run(items[index] as T);
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  return results;
}
