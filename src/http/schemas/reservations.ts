import { Type } from '@fastify/type-provider-typebox';
import {
  CalendarDate,
  Id,
  Instant,
  NextCursor,
  NullableInstant,
  NullableUuid,
  listOf,
  nullableText,
  named,
  PageQuery,
  PathId,
  PathSeatNumber,
  refer,
  SeatNumber,
  Uuid,
  Won,
} from './basics.ts';
import { PRICE_LIMIT_WON } from './admin.ts';
import { SeatLabel } from './seat-plans.ts';

/** The contract's limit of seats in one request, and of reservations in one payment. */
export const SEATS_PER_REQUEST = 50;

const ReservationStatus = Type.Enum(['HELD', 'CONFIRMED', 'EXPIRED', 'CANCELLED', 'REFUNDED']);

export const Reservation = named(
  'Reservation',
  Type.Object({
    reservationId: Uuid,
    concertId: Id,
    scheduleId: Id,
    startsAt: Instant,
    seatNumber: SeatNumber,
    price: Won,
    status: ReservationStatus,
    createdAt: Instant,
    expiresAt: NullableInstant,
    confirmedAt: NullableInstant,
    paymentId: NullableUuid,
    epoch: Type.Integer(),
    seq: Type.Integer(),
    seatLabel: Type.String({ description: 'Section, row and seat in one text.' }),
    section: nullableText({ description: 'Null in a hall without a seat plan.' }),
    row: Type.String(),
  }),
);

export const ReservationList = named('ReservationList', Type.Object({ reservations: listOf(refer(Reservation)) }));

export const ReservationPage = Type.Object({ reservations: listOf(refer(Reservation)), nextCursor: NextCursor });

const Accessible = Type.Optional(Type.Boolean({ description: 'The caller needs an accessible seat.' }));

export const HoldRequest = Type.Union([
  Type.Object({ scheduleId: Id, seatNumber: SeatNumber, accessible: Accessible }, { additionalProperties: false }),
  Type.Object(
    {
      scheduleId: Id,
      seatNumbers: Type.Array(SeatNumber, { minItems: 1, maxItems: SEATS_PER_REQUEST, uniqueItems: true }),
      accessible: Accessible,
    },
    { additionalProperties: false },
  ),
  Type.Object(
    {
      scheduleId: Id,
      count: Type.Integer({ minimum: 1, maximum: 10 }),
      together: Type.Optional(Type.Boolean()),
      section: Type.Optional(SeatLabel),
      level: Type.Optional(SeatLabel),
      maxPrice: Type.Optional(Type.Integer({ minimum: 0, maximum: PRICE_LIMIT_WON, description: 'Whole won.' })),
      accessible: Accessible,
    },
    { additionalProperties: false },
  ),
]);

export const ExtendRequest = Type.Object({ scheduleId: Id }, { additionalProperties: false });

export const ReserveParams = Type.Object({ concertId: PathId, seatNumber: PathSeatNumber });

export const ReserveRequest = Type.Unsafe<{ scheduleId?: number; date?: string } | null>({
  type: ['object', 'null'],
  properties: { scheduleId: Id, date: CalendarDate },
  additionalProperties: false,
  maxProperties: 1,
});

export const ReservationParams = Type.Object({ reservationId: Uuid });

export const ReservationsQuery = Type.Object(
  { status: Type.Optional(ReservationStatus), ...PageQuery },
  { additionalProperties: false },
);
