import { type Static, Type } from '@fastify/type-provider-typebox';
import { Id, Instant, listOf, named, NextCursor, NullableInstant, nullableInteger, refer, Uuid } from './basics.ts';
import { Payment } from './payments.ts';
import { QueueTokenStatus } from './queue.ts';
import { Reservation } from './reservations.ts';
import { User } from './users.ts';
import { WalletEntry } from './wallet.ts';

export const BuyersQuery = Type.Object(
  {
    email: Type.String({
      format: 'email-address',
      maxLength: 300,
      description: 'The whole address, matched as registration stores it: without regard to case.',
    }),
  },
  { additionalProperties: false },
);

export const BuyerList = Type.Object({ users: listOf(refer(User)) });

export const BuyerParams = Type.Object({ userId: Uuid });

const Cursor = Type.Optional(
  Type.String({ pattern: '^[A-Za-z0-9_-]{1,200}$', description: 'Goes on after this cursor of `next`.' }),
);

/** The parts of a buyer's activity, each a list with a cursor of its own. */
export const ActivityPartsQuery = Type.Object(
  {
    limit: Type.Optional(
      Type.String({ format: 'page-limit', description: 'Of each list: 1 to 100, which is the default.' }),
    ),
    queueTokens: Cursor,
    holds: Cursor,
    payments: Cursor,
    ledger: Cursor,
  },
  { additionalProperties: false },
);

export const BuyerToken = named(
  'BuyerToken',
  Type.Object({
    concertId: Id,
    number: Type.Integer({ description: 'Of the token in the line of its concert.' }),
    status: QueueTokenStatus,
    issuedAt: Instant,
    activatedAt: NullableInstant,
    activeUntil: NullableInstant,
    endedAt: NullableInstant,
  }),
);

export const BuyerHold = named('BuyerHold', Type.Object({ ...Reservation.properties, endedAt: NullableInstant }));

const Ledger = Type.Unsafe<readonly Static<typeof WalletEntry>[] | null>({
  type: ['array', 'null'],
  items: refer(WalletEntry),
  description: 'Null for a key that is limited to concerts: a wallet serves all of them.',
});

export const BuyerActivity = named(
  'BuyerActivity',
  Type.Object({
    user: refer(User),
    balance: nullableInteger({ description: 'Whole won; null as `ledger`.' }),
    queueTokens: listOf(refer(BuyerToken)),
    holds: listOf(refer(BuyerHold)),
    payments: listOf(refer(Payment)),
    ledger: Ledger,
    next: Type.Object(
      { queueTokens: NextCursor, holds: NextCursor, payments: NextCursor, ledger: NextCursor },
      { description: 'The cursor of each list.' },
    ),
  }),
);
