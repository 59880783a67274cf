import { Type } from '@fastify/type-provider-typebox';
import {
  Id,
  Instant,
  NextCursor,
  NullableInstant,
  listOf,
  named,
  PageQuery,
  refer,
  SeatNumber,
  Uuid,
  Won,
} from './basics.ts';
import { Reservation, SEATS_PER_REQUEST } from './reservations.ts';

const paymentProperties = {
  paymentId: Uuid,
  status: Type.Enum(['COMPLETED', 'REFUNDED']),
  concertId: Id,
  scheduleId: Id,
  amount: Won,
  reservations: listOf(refer(Reservation)),
  paidAt: Instant,
  refundedAt: NullableInstant,
};

export const Payment = named('Payment', Type.Object(paymentProperties));

export const PaymentWithBalance = named(
  'PaymentWithBalance',
  Type.Object({ ...paymentProperties, remainingBalance: Won }),
);

export const PaymentPage = Type.Object({ payments: listOf(refer(Payment)), nextCursor: NextCursor });

export const PaymentRequest = Type.Union([
  Type.Object({ reservationId: Uuid, seatNumber: Type.Optional(SeatNumber) }, { additionalProperties: false }),
  Type.Object(
    { reservationIds: Type.Array(Uuid, { minItems: 1, maxItems: SEATS_PER_REQUEST, uniqueItems: true }) },
    { additionalProperties: false },
  ),
  Type.Object({ scheduleId: Id, seatNumber: SeatNumber }, { additionalProperties: false }),
]);

export const PaymentParams = Type.Object({ paymentId: Uuid });

export const PaymentsQuery = Type.Object(PageQuery, { additionalProperties: false });
