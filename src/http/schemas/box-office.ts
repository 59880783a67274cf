import { Type } from '@fastify/type-provider-typebox';
import { LARGEST_PLAN } from '../../domain/seat-plan.ts';
import { Id, listOf, named, PathId, PathSeatNumber, SeatNumber, Uuid } from './basics.ts';

const strict = { additionalProperties: false } as const;

const Reason = Type.String({ format: 'catalogue-text', description: '1 to 200 characters, for the log of changes.' });

export const SeatsToChange = Type.Object(
  {
    seatNumbers: Type.Array(SeatNumber, { minItems: 1, maxItems: LARGEST_PLAN, uniqueItems: true }),
    reason: Reason,
  },
  strict,
);

export const ChangedSeats = named(
  'ChangedSeats',
  Type.Object({
    scheduleId: Id,
    seatNumbers: listOf(SeatNumber),
    status: Type.Enum(['BLOCKED', 'AVAILABLE'], { description: 'Of all these seats now.' }),
    changed: listOf({ ...SeatNumber, description: 'Seats that had another status before.' }),
    epoch: Type.Integer(),
    seq: Type.Integer(),
  }),
);

export const Comp = Type.Object({ userId: Uuid, reason: Reason }, strict);

export const MoveRequest = Type.Object({ seatNumber: SeatNumber, reason: Reason }, strict);

export const ScheduleParams = Type.Object({ scheduleId: PathId });

export const SeatParams = Type.Object({ scheduleId: PathId, seatNumber: PathSeatNumber });
