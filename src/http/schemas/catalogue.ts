import { type Static, Type } from '@fastify/type-provider-typebox';
import { SINGLE_SEATS } from '../../domain/seat-rules.ts';
import {
  CalendarDate,
  Id,
  Instant,
  listOf,
  named,
  NextCursor,
  nullableInteger,
  NullableInstant,
  NullableUuid,
  PageQuery,
  refer,
  SeatNumber,
  Won,
} from './basics.ts';

const concertProperties = {
  concertId: Id,
  title: Type.String(),
  artist: Type.String(),
  venue: Type.String(),
  timeZone: Type.String({ description: 'IANA name.' }),
  bookingOpensAt: Instant,
  bookingClosesAt: Instant,
  cancelled: Type.Boolean({ description: 'The organiser has cancelled the concert, for ever.' }),
  priceFrom: nullableInteger({ description: 'The lowest price of a seat, in won; null without dates.' }),
  priceTo: nullableInteger({ description: 'The highest price of a seat, in won; null without dates.' }),
};

export const Concert = named('Concert', Type.Object(concertProperties));

export const Schedule = named(
  'Schedule',
  Type.Object({
    scheduleId: Id,
    date: CalendarDate,
    startsAt: Instant,
    endsAt: NullableInstant,
    reservationOpensAt: NullableInstant,
    singleSeats: Type.Enum([...SINGLE_SEATS], {
      description: 'May a choice leave a single free seat between taken ones?',
    }),
    accessibleReleaseAt: NullableInstant,
    totalSeats: Type.Integer(),
    availableSeats: Type.Integer({
      description: 'Seats that are AVAILABLE; a hold lowers the number at once. 0 of a cancelled date.',
    }),
    cancelled: Type.Boolean({ description: 'The organiser has cancelled the date, for ever.' }),
    priceFrom: Won,
    priceTo: Won,
  }),
);

const QueueCounts = Type.Object({
  waiting: Type.Integer(),
  active: Type.Integer(),
  maxActive: Type.Integer(),
  paused: Type.Boolean(),
});

const dates = listOf(refer(Schedule));

export const ConcertWithQueue = named(
  'ConcertWithQueue',
  Type.Object({
    ...concertProperties,
    schedules: dates,
    queue: QueueCounts,
    maxSeatsPerUser: Type.Integer({ description: 'Held and bought seats that a user may have of one date.' }),
  }),
);

export const ListedConcert = named(
  'ListedConcert',
  Type.Object({
    ...concertProperties,
    schedules: dates,
    queue: Type.Unsafe<Static<typeof QueueCounts> | null>({
      anyOf: [QueueCounts, { type: 'null' }],
      description: 'Null before booking opens, and while the waiting room is unavailable.',
    }),
  }),
);

export const ConcertPage = Type.Object({ concerts: listOf(refer(ListedConcert)), nextCursor: NextCursor });

export const ConcertsQuery = Type.Object(PageQuery, { additionalProperties: false });

export const Schedules = Type.Object({ concertId: Id, schedules: listOf(refer(Schedule)) });

export const SchedulesQuery = Type.Object(
  { all: Type.Optional(Type.Enum(['true', 'false'])) },
  { additionalProperties: false },
);

const SeatStatus = Type.Enum(['AVAILABLE', 'HELD', 'CONFIRMED', 'BLOCKED']);

export const SeatMap = named(
  'SeatMap',
  Type.Object({
    scheduleId: Id,
    epoch: Type.Integer(),
    seq: Type.Integer(),
    cancelled: Type.Optional(
      Type.Literal(true, { description: 'The organiser has cancelled the date: nothing is on sale.' }),
    ),
    availableSeats: Type.Integer(),
    seats: Type.Array(
      Type.Object({
        seatNumber: SeatNumber,
        price: Won,
        status: SeatStatus,
        heldUntil: Type.Optional(Instant),
        mine: Type.Optional(Type.Literal(true)),
      }),
    ),
  }),
);

/** The map as organisers see it: with the users who hold or have bought the seats. */
export const AdminSeatMap = named(
  'AdminSeatMap',
  Type.Object({
    scheduleId: Id,
    epoch: Type.Integer(),
    seq: Type.Integer(),
    availableSeats: Type.Integer(),
    seats: listOf(
      Type.Object({
        seatNumber: SeatNumber,
        price: Won,
        status: SeatStatus,
        heldUntil: NullableInstant,
        userId: NullableUuid,
      }),
    ),
  }),
);

export const SeatMapQuery = Type.Object({ status: Type.Optional(SeatStatus) }, { additionalProperties: false });

export const SeatMapByDateQuery = Type.Object(
  { status: Type.Optional(SeatStatus), date: Type.Optional(CalendarDate) },
  { additionalProperties: false },
);

export const ConditionalHeaders = Type.Object({
  'if-none-match': Type.Optional(Type.String({ description: 'The ETag of an answer that the caller has.' })),
});
