import { Type } from '@fastify/type-provider-typebox';
import { Concert } from './catalogue.ts';
import { Instant, named, SeatNumber } from './basics.ts';

/** The contract's highest price of a seat, in won. */
export const PRICE_LIMIT_WON = 100_000_000;
/** The contract's highest number of seats in a schedule. */
const SEAT_COUNT_LIMIT = 500;

const Text = Type.String({ format: 'catalogue-text', maxLength: 800, description: '1 to 200 characters.' });
const Price = Type.Integer({ minimum: 0, maximum: PRICE_LIMIT_WON });

const policyProperties = {
  maxActive: Type.Integer({ minimum: 0, maximum: 1_000_000 }),
  batch: Type.Integer({ minimum: 0, maximum: 1_000_000 }),
  intervalMs: Type.Integer({ minimum: 100, maximum: 3_600_000 }),
  activeTtlMs: Type.Integer({ minimum: 1_000, maximum: 86_400_000 }),
};

export const QueuePolicy = named('QueuePolicy', Type.Object(policyProperties));

export const QueuePolicyChange = Type.Partial(Type.Object(policyProperties), {
  additionalProperties: false,
  minProperties: 1,
});

export const NewConcert = Type.Object(
  {
    title: Text,
    artist: Text,
    venue: Text,
    bookingOpensAt: Instant,
    bookingClosesAt: Instant,
    timeZone: Type.Optional(Type.String({ format: 'time-zone', maxLength: 64, description: 'IANA name.' })),
    queue: Type.Optional(Type.Partial(Type.Object(policyProperties), { additionalProperties: false })),
  },
  { additionalProperties: false },
);

export const ConcertWithPolicy = named(
  'ConcertWithPolicy',
  Type.Object({ ...Concert.properties, queue: Type.Object(policyProperties) }),
);

export const NewSchedule = Type.Object(
  {
    startsAt: Instant,
    endsAt: Type.Optional(Instant),
    reservationOpensAt: Type.Optional(Instant),
    seatCount: Type.Optional(Type.Integer({ minimum: 1, maximum: SEAT_COUNT_LIMIT })),
    price: Type.Optional(Price),
    prices: Type.Optional(
      Type.Array(Type.Object({ from: SeatNumber, to: SeatNumber, price: Price }, { additionalProperties: false }), {
        minItems: 1,
        maxItems: SEAT_COUNT_LIMIT,
        description: 'Ranges that cover every seat once.',
      }),
    ),
  },
  { additionalProperties: false },
);
