import { Type } from '@fastify/type-provider-typebox';
import { CHARGE_LIMIT_WON } from '../../domain/wallet.ts';
import { Instant, NextCursor, NullableUuid, listOf, named, PageQuery, refer, Uuid, Won } from './basics.ts';

export const Balance = named('Balance', Type.Object({ userId: Uuid, balance: Won, updatedAt: Instant }));

export const ChargeRequest = Type.Object(
  { amount: Type.Integer({ minimum: 1, maximum: CHARGE_LIMIT_WON }), userId: Type.Optional(Uuid) },
  { additionalProperties: false },
);

export const ChargeReceipt = named(
  'ChargeReceipt',
  Type.Object({ entryId: Type.Integer(), previousBalance: Won, currentBalance: Won, createdAt: Instant }),
);

export const WalletEntry = named(
  'WalletEntry',
  Type.Object({
    entryId: Type.Integer({ description: 'Number of the entry in its wallet, from 1 without gaps.' }),
    type: Type.Enum(['CHARGE', 'PAYMENT', 'REFUND']),
    amount: Type.Integer({ description: 'Won, signed: the change of the balance.' }),
    balanceAfter: Won,
    paymentId: NullableUuid,
    description: Type.String(),
    createdAt: Instant,
  }),
);

export const WalletHistory = Type.Object({ entries: listOf(refer(WalletEntry)), nextCursor: NextCursor });

export const HistoryQuery = Type.Object(PageQuery, { additionalProperties: false });
