import { Type } from '@fastify/type-provider-typebox';
import { SINGLE_SEATS } from '../../domain/seat-rules.ts';
import {
  Id,
  Instant,
  listOf,
  named,
  NextCursor,
  nullableInteger,
  NullableInstant,
  NullableUuid,
  refer,
  SeatNumber,
} from './basics.ts';
import { Concert, Schedule } from './catalogue.ts';
import { MOST_LEVELS } from './seat-plans.ts';

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
  paused: Type.Boolean({ description: 'While true nobody is admitted; the policy stays.' }),
};

export const QueuePolicy = named('QueuePolicy', Type.Object(policyProperties));

export const QueuePolicyChange = Type.Partial(Type.Object(policyProperties), {
  additionalProperties: false,
  minProperties: 1,
});

const concertProperties = {
  title: Text,
  artist: Text,
  venue: Text,
  bookingOpensAt: Instant,
  bookingClosesAt: Instant,
};

const optionalProperties = {
  timeZone: Type.Optional(Type.String({ format: 'time-zone', maxLength: 64, description: 'IANA name.' })),
  queue: Type.Optional(Type.Partial(Type.Object(policyProperties), { additionalProperties: false })),
};

export const NewConcert = Type.Object({ ...concertProperties, ...optionalProperties }, { additionalProperties: false });

export const ConcertChange = Type.Partial(Type.Object({ ...concertProperties, ...optionalProperties }), {
  additionalProperties: false,
  minProperties: 1,
});

export const ConcertWithPolicy = named(
  'ConcertWithPolicy',
  Type.Object({ ...Concert.properties, queue: Type.Object(policyProperties) }),
);

const PriceRanges = Type.Array(
  Type.Object({ from: SeatNumber, to: SeatNumber, price: Price }, { additionalProperties: false }),
  { minItems: 1, maxItems: SEAT_COUNT_LIMIT },
);

const SingleSeats = Type.Enum([...SINGLE_SEATS], {
  description: 'FORBID refuses picked seats that leave a single free one between taken ones; AVOID is the default.',
});
const AccessibleReleaseAt = {
  ...NullableInstant,
  description: 'Until then accessible seats are kept for those who declare the need; null: they are not kept.',
};

const LevelPrices = Type.Array(
  Type.Object({ name: Type.String({ maxLength: 200 }), price: Price }, { additionalProperties: false }),
  {
    minItems: 1,
    maxItems: MOST_LEVELS,
    description: 'With planVersion: the prices of levels for the seats that are new in them.',
  },
);

export const NewSchedule = Type.Object(
  {
    startsAt: Instant,
    endsAt: Type.Optional(Instant),
    reservationOpensAt: Type.Optional(Instant),
    singleSeats: Type.Optional(SingleSeats),
    accessibleReleaseAt: Type.Optional(AccessibleReleaseAt),
    planId: Type.Optional(Id),
    levels: Type.Optional({
      ...LevelPrices,
      description: 'With planId: the price of each level of the newest version of the plan.',
    }),
    seatCount: Type.Optional(Type.Integer({ minimum: 1, maximum: SEAT_COUNT_LIMIT })),
    price: Type.Optional(Price),
    prices: Type.Optional({ ...PriceRanges, description: 'Ranges that cover every seat once.' }),
  },
  { additionalProperties: false },
);

export const ScheduleChange = Type.Partial(
  Type.Object({
    startsAt: Instant,
    endsAt: NullableInstant,
    reservationOpensAt: NullableInstant,
    singleSeats: SingleSeats,
    accessibleReleaseAt: AccessibleReleaseAt,
    planVersion: Type.Integer({
      minimum: 1,
      maximum: 2_147_483_647,
      description: 'A newer version of the plan, which has every reserved seat under the same number.',
    }),
    levels: LevelPrices,
    closed: Type.Boolean({ description: 'Closed dates are not listed and refuse holds.' }),
  }),
  { additionalProperties: false, minProperties: 1 },
);

export const PricesChange = Type.Object(
  {
    price: Type.Optional({ ...Price, description: 'Of every seat.' }),
    prices: Type.Optional({
      ...PriceRanges,
      description: 'Ranges that name no seat twice; other seats keep their price.',
    }),
  },
  { additionalProperties: false },
);

export const ChangedPrices = Type.Object({
  scheduleId: Id,
  unchanged: Type.Array(SeatNumber, { description: 'Named seats with a live reservation, which keep their price.' }),
});

export const AdminSchedule = named(
  'AdminSchedule',
  Type.Object({
    ...Schedule.properties,
    planId: nullableInteger({ description: 'Null for a date that was created with `seatCount`.' }),
    planVersion: nullableInteger({ description: 'The version of the plan that the date uses.' }),
    closed: Type.Boolean(),
    cancellationId: NullableUuid,
    version: Type.Integer({ description: 'Rises with each change.' }),
  }),
);

export const AdminConcert = named(
  'AdminConcert',
  Type.Object({
    ...Concert.properties,
    queue: Type.Object(policyProperties),
    version: Type.Integer({ description: 'Rises with each change; If-Match names it.' }),
    schedules: listOf(refer(AdminSchedule)),
  }),
);

export const AdminConcertPage = Type.Object({ concerts: listOf(refer(AdminConcert)), nextCursor: NextCursor });

export const VersionHeaders = Type.Object({
  'if-match': Type.Optional(
    Type.String({
      pattern: '^(\\*|"[0-9]{1,15}"( *, *"[0-9]{1,15}")*)$',
      description: 'The version that was changed, in quotes; * for any.',
    }),
  ),
});
