import { Type } from '@fastify/type-provider-typebox';
import { Id, Instant, NullableInstant, named, nullableInteger, Uuid } from './basics.ts';

export const QueueEntry = Type.Object({ concertId: Id, userId: Type.Optional(Uuid) }, { additionalProperties: false });

export const QueueTokenStatus = Type.Enum(['WAITING', 'ACTIVE', 'COMPLETED', 'EXPIRED', 'CANCELLED']);

export const QueueToken = named(
  'QueueToken',
  Type.Object({
    token: Type.String(),
    userId: Uuid,
    concertId: Id,
    status: QueueTokenStatus,
    queuePosition: nullableInteger({ description: '1 is next, 0 when ACTIVE, null when ended.' }),
    estimatedWaitTime: Type.Unsafe<number | null>({
      type: ['number', 'null'],
      description: 'Seconds; null when unknown or ended.',
    }),
    estimatedWaitRange: Type.Unsafe<readonly [low: number, high: number] | null>({
      type: ['array', 'null'],
      items: { type: 'number' },
      minItems: 2,
      maxItems: 2,
      description:
        'Seconds from and to; the wait ends between them in about three of four cases. Null when unknown or ended.',
    }),
    activeUntil: NullableInstant,
    issuedAt: Instant,
    activatedAt: NullableInstant,
    endedAt: NullableInstant,
    pollAfterMs: Type.Integer(),
  }),
);

/** Any text that a path can carry: malformed tokens count as unknown. */
export const TokenInPath = Type.Object({ token: Type.String({ minLength: 1, maxLength: 256 }) });
