import { randomBytes, randomUUID } from 'node:crypto';
import { mapConcurrently } from '../../harness/concurrently.ts';
import { signAccessToken } from '../../harness/service/access-tokens.ts';
import type { DemoService } from '../../harness/service/demo-service.ts';
import { createFrontrowClient } from '../../src/client/frontrow-client.ts';
import type { ShopperClient } from '../../src/client/shopper-client.ts';

/** A user with an access token and a queue token. */
export interface Buyer {
  readonly accessToken: string;
  readonly queueToken: string;
  readonly shopper: ShopperClient;
}

/** A concert of its own on a service, with buyers. */
export interface Stage {
  readonly concertId: number;
  readonly buyers: readonly Buyer[];
  /** The buyers of the date with this index; dates with other indexes have others, as far as there are others. */
  buyersOf(index: number): readonly Buyer[];
  /** Adds dates whose seats are all free, and reads each map once, so that the date is active. Ids in order. */
  addSchedules(count: number, seatCount: number): Promise<number[]>;
  /** Seats that are held and seats that are sold, as the service counts them. */
  countSeats(): Promise<{ readonly held: number; readonly sold: number }>;
}

/** Of a date. The usual limits of a service let each hold as many seats of it as `SEATS_OF_BUYER`. */
export const BUYERS_OF_DATE = 50;
export const SEATS_OF_BUYER = 4;
/** The usual limits of a service let as many register in a minute. */
const BUYERS_WITH_LIMIT = 50;
const BUYERS = 500;
export const PRICE_WON = 100;
export const AT_ONCE = 16;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** Of the buyers' access tokens, as if the operator's own accounts signed them in. */
const ISSUER = 'autocannon';

/** Opens a concert, whose booking closes after an hour, and puts the buyers into its queue. */
export async function openStage(service: DemoService, { isPaused }: { readonly isPaused: boolean }): Promise<Stage> {
  const count = service.hasLimits && service.authSecret === null ? BUYERS_WITH_LIMIT : BUYERS;
  const client = createFrontrowClient({ baseUrl: service.url, language: () => 'en' });
  const admin = client.admin(service.adminToken);
  const { concertId } = await admin.createConcert({
    title: 'autocannon',
    artist: 'Benchmark',
    venue: 'Localhost',
    bookingOpensAt: new Date(Date.now() - DAY_MS).toISOString(),
    bookingClosesAt: new Date(Date.now() + HOUR_MS).toISOString(),
    queue: { maxActive: 2 * count, batch: isPaused ? 0 : 2 * count, intervalMs: 1_000, activeTtlMs: HOUR_MS },
  });

  async function signIn(): Promise<string> {
    if (service.authSecret !== null) {
      return signAccessToken(randomUUID(), service.authSecret, Math.floor(Date.now() / 1_000), ISSUER);
    }
    const email = `${randomBytes(8).toString('hex')}@example.com`;
    return (await client.register({ name: 'Buyer', email })).accessToken;
  }

  async function createBuyer(): Promise<Buyer> {
    const accessToken = await signIn();
    const { token, status } = await client.as(accessToken).enterQueue(concertId);
    if (!isPaused && status !== 'ACTIVE')
      throw new Error(`A buyer is ${status} although the policy admits all of them.`);
    return { accessToken, queueToken: token, shopper: client.inQueue(token) };
  }

  const buyers = await mapConcurrently(Array.from({ length: count }), AT_ONCE, createBuyer);
  return {
    concertId,
    buyers,
    buyersOf(index) {
      const first = (index * BUYERS_OF_DATE) % count;
      return buyers.slice(first, first + BUYERS_OF_DATE);
    },
    addSchedules: (count, seatCount) =>
      mapConcurrently(
        Array.from({ length: count }, (_, index) => index),
        AT_ONCE,
        async (index) => {
          const startsAt = new Date(Date.now() + 30 * DAY_MS + index * 60_000).toISOString();
          const { scheduleId } = await admin.createSchedule(concertId, { startsAt, seatCount, price: PRICE_WON });
          if (!isPaused) await buyers[index % count]?.shopper.seats(scheduleId);
          return scheduleId;
        },
      ),
    async countSeats() {
      const { concerts } = await admin.overview();
      const found = concerts.find((concert) => concert.concertId === concertId);
      if (found === undefined) throw new Error('The overview of the service does not list the concert of this run.');
      return { held: found.held, sold: found.confirmed };
    },
  };
}
