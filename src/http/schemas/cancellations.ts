import { Type } from '@fastify/type-provider-typebox';
import { Id, Instant, listOf, named, nullableInteger, NullableInstant, PathId, Uuid, Won } from './basics.ts';

/** For the log of changes. */
export const Reason = Type.String({ format: 'catalogue-text', maxLength: 800, description: '1 to 200 characters.' });

export const CancellationRequest = Type.Object({ reason: Reason }, { additionalProperties: false });

export const CancellationOrder = Type.Object({
  cancellationId: Type.String({ description: 'The earlier one where the date or concert was cancelled before.' }),
});

export const CancellationParams = Type.Object({ cancellationId: Uuid });
export const CancelledScheduleParams = Type.Object({ scheduleId: PathId });
export const CancelledConcertParams = Type.Object({ concertId: PathId });

export const Cancellation = named(
  'Cancellation',
  Type.Object({
    cancellationId: Uuid,
    concertId: Id,
    scheduleId: nullableInteger({ description: 'Null: of the whole concert.' }),
    scheduleIds: Type.Array(Id, { description: 'Its dates, without those that were cancelled before it.' }),
    reason: Type.String(),
    state: Type.Enum(['RUNNING', 'DONE'], { description: 'DONE: every payment is refunded or parked.' }),
    payments: Type.Integer({ description: 'Payments that were to be refunded.' }),
    refunded: Type.Integer({ description: 'How many of them are.' }),
    parked: listOf(
      Type.Object({
        paymentId: Uuid,
        userId: Uuid,
        amount: Won,
        code: Type.String({ description: 'Why it could not be refunded, such as BALANCE_LIMIT.' }),
      }),
    ),
    createdAt: Instant,
    finishedAt: NullableInstant,
  }),
);
