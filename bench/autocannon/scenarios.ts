import { mapConcurrently } from '../../harness/concurrently.ts';
import { createRandom } from '../../harness/random.ts';
import { AT_ONCE, BUYERS_OF_DATE, PRICE_WON, SEATS_OF_BUYER, type Stage } from './stage.ts';

/** A request as autocannon takes it. */
export interface CannonRequest {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface Scenario {
  /** In words, with the route. */
  readonly says: string;
  /** Requests that are sent once each; requests of the other scenarios are repeated. */
  readonly isUsedUp: boolean;
  /** Whether the queue admits no buyer. */
  readonly isPaused: boolean;
  /** More accepted requests a second than a service reaches under autocannon on one machine: so many are prepared. */
  readonly perSecond: number;
  /** Prepares the concert for about `count` requests and returns the requests. */
  prepare(stage: Stage, count: number, seed: number): Promise<readonly CannonRequest[]>;
}

const SEAT_COUNT = BUYERS_OF_DATE * SEATS_OF_BUYER;
const SOLD_OUT_SEATS = 50;

const get = (path: string, token: string): CannonRequest => ({
  method: 'GET',
  path: `/api/v1${path}`,
  headers: { authorization: `Bearer ${token}` },
});

const post = (path: string, token: string, body: object): CannonRequest => ({
  method: 'POST',
  path: `/api/v1${path}`,
  headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
  body: JSON.stringify(body),
});

/** The seats that this buyer of a date may hold; no other buyer asks for them. */
function seatsOf(buyer: number): number[] {
  return Array.from({ length: SEATS_OF_BUYER }, (_, index) => buyer * SEATS_OF_BUYER + index + 1);
}

function addSchedulesFor(stage: Stage, seats: number): Promise<number[]> {
  return stage.addSchedules(Math.ceil(seats / SEAT_COUNT), SEAT_COUNT);
}

export const SCENARIO_NAMES = ['holds', 'refusals', 'poll', 'map', 'pay'] as const;

export const SCENARIOS: Readonly<Record<(typeof SCENARIO_NAMES)[number], Scenario>> = {
  holds: {
    says: 'POST /reservations, another free seat each time',
    isUsedUp: true,
    isPaused: false,
    perSecond: 8_000,
    async prepare(stage, count, seed) {
      const scheduleIds = await addSchedulesFor(stage, count);
      const requests = scheduleIds.flatMap((scheduleId, index) =>
        stage
          .buyersOf(index)
          .flatMap(({ queueToken }, buyer) =>
            seatsOf(buyer).map((seatNumber) => post('/reservations', queueToken, { scheduleId, seatNumber })),
          ),
      );
      return createRandom(seed).shuffle(requests);
    },
  },
  refusals: {
    says: 'POST /reservations for the seats of a sold-out date',
    isUsedUp: false,
    isPaused: false,
    perSecond: 0,
    async prepare(stage, _count, seed) {
      const [scheduleId = 0] = await stage.addSchedules(1, SOLD_OUT_SEATS);
      const owners = Math.ceil(SOLD_OUT_SEATS / SEATS_OF_BUYER);
      const first = stage.buyers.slice(0, owners).entries();
      await mapConcurrently([...first], AT_ONCE, async ([buyer, { shopper }]) => {
        const wanted = seatsOf(buyer).filter((seatNumber) => seatNumber <= SOLD_OUT_SEATS);
        const { reservations } = await shopper.hold(scheduleId, wanted);
        await shopper.charge(PRICE_WON * wanted.length);
        await shopper.pay(reservations.map(({ reservationId }) => reservationId));
      });
      const requests = stage.buyers
        .slice(owners)
        .flatMap(({ queueToken }) =>
          Array.from({ length: SOLD_OUT_SEATS }, (_, index) =>
            post('/reservations', queueToken, { scheduleId, seatNumber: index + 1 }),
          ),
        );
      return createRandom(seed).shuffle(requests);
    },
  },
  poll: {
    says: 'GET /queue/status of buyers who wait',
    isUsedUp: false,
    isPaused: true,
    perSecond: 0,
    prepare: async (stage) => stage.buyers.map(({ queueToken }) => get('/queue/status', queueToken)),
  },
  map: {
    says: `GET /schedules/:scheduleId/seats, ${SOLD_OUT_SEATS} seats`,
    isUsedUp: false,
    isPaused: false,
    perSecond: 0,
    async prepare(stage) {
      const [scheduleId = 0] = await stage.addSchedules(1, SOLD_OUT_SEATS);
      return stage.buyers.map(({ queueToken }) => get(`/schedules/${scheduleId}/seats`, queueToken));
    },
  },
  pay: {
    says: 'POST /payments, another held seat each time',
    isUsedUp: true,
    isPaused: false,
    perSecond: 2_000,
    async prepare(stage, count, seed) {
      const scheduleIds = await addSchedulesFor(stage, count);
      await mapConcurrently(stage.buyers, AT_ONCE, ({ shopper }) =>
        shopper.charge(PRICE_WON * SEATS_OF_BUYER * scheduleIds.length),
      );
      const requests = await mapConcurrently([...scheduleIds.entries()], AT_ONCE, async ([index, scheduleId]) => {
        const own: CannonRequest[] = [];
        for (const [buyer, { shopper, accessToken }] of stage.buyersOf(index).entries()) {
          const { reservations } = await shopper.hold(scheduleId, seatsOf(buyer));
          // The access token pays: the queue token ends with the payment of the last hold.
          own.push(...reservations.map(({ reservationId }) => post('/payments', accessToken, { reservationId })));
        }
        return own;
      });
      return createRandom(seed).shuffle(requests.flat());
    },
  },
};
