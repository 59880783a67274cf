import type { Page } from '../../domain/page.ts';
import {
  BUYER_HOLDS_LIST,
  BUYER_LEDGER_LIST,
  BUYER_PAYMENTS_LIST,
  BUYER_TOKENS_LIST,
  nextCursorOf,
  readPageQuery,
} from '../answers/cursor.ts';
import { refer } from '../schemas/basics.ts';
import { ActivityPartsQuery, BuyerActivity, BuyerList, BuyerParams, BuyersQuery } from '../schemas/buyers.ts';
import { normaliseEmail } from '../schemas/formats.ts';
import type { App, Services } from '../services.ts';

/** The box office reads a buyer's life, not pages of it. */
const PART_LIMIT = '100';
const UNSEEN: Page<never> = { items: [], nextCursor: null };

/** Routes by which the box office looks up buyers. A key that is limited to concerts sees what happened in those. */
export function buyerRoutes(app: App, { buyers, wallets, seatNames, guards, responder }: Services): void {
  app.get(
    '/admin/users',
    {
      schema: {
        operationId: 'findUsers',
        summary: 'The user with this email address',
        description:
          'A list of one, or an empty one. A key that is limited to concerts finds those who queued or bought there.',
        tags: ['admin'],
        querystring: BuyersQuery,
        response: { 200: BuyerList },
      },
      config: { guard: 'admin' },
    },
    async (request, reply) => {
      const admin = await guards.admin(request);
      if (!admin.ok) return responder.refuse(reply, admin.rejection);
      const found = await buyers.findByEmail(normaliseEmail(request.query.email), admin.value.concertIds);
      reply.send({ users: found === null ? [] : [found] });
    },
  );

  app.get(
    '/admin/users/:userId/activity',
    {
      schema: {
        operationId: 'getUserActivity',
        summary: 'Queue tokens, holds, payments and ledger of a user',
        description:
          'The newest 100 of each; each list goes on after its own cursor. Queue tokens are kept for seven days after their end.',
        tags: ['admin'],
        params: BuyerParams,
        querystring: ActivityPartsQuery,
        response: { 200: refer(BuyerActivity) },
      },
      config: { guard: 'admin', refuses: ['USER_NOT_FOUND'] },
    },
    async (request, reply) => {
      const { userId } = request.params;
      const { limit = PART_LIMIT, ...cursors } = request.query;
      const of = (part: keyof typeof cursors) => ({
        limit,
        ...(cursors[part] === undefined ? {} : { cursor: cursors[part] }),
      });
      const tokensPage = readPageQuery(of('queueTokens'), BUYER_TOKENS_LIST, userId, '/queueTokens');
      if (!tokensPage.ok) return responder.refuse(reply, tokensPage.rejection);
      const holdsPage = readPageQuery(of('holds'), BUYER_HOLDS_LIST, userId, '/holds');
      if (!holdsPage.ok) return responder.refuse(reply, holdsPage.rejection);
      const paymentsPage = readPageQuery(of('payments'), BUYER_PAYMENTS_LIST, userId, '/payments');
      if (!paymentsPage.ok) return responder.refuse(reply, paymentsPage.rejection);
      const ledgerPage = readPageQuery(of('ledger'), BUYER_LEDGER_LIST, userId, '/ledger');
      if (!ledgerPage.ok) return responder.refuse(reply, ledgerPage.rejection);
      const admin = await guards.admin(request);
      if (!admin.ok) return responder.refuse(reply, admin.rejection);
      const { concertIds } = admin.value;
      const user = await buyers.find(userId, concertIds);
      if (user === null) return responder.refuse(reply, { code: 'USER_NOT_FOUND', members: {} });
      const [tokens, holds, payments, ledger, wallet] = await Promise.all([
        buyers.listTokens(userId, concertIds, tokensPage.value),
        buyers.listHolds(userId, concertIds, holdsPage.value),
        buyers.listPayments(userId, concertIds, paymentsPage.value),
        concertIds === null ? wallets.history(userId, ledgerPage.value) : UNSEEN,
        concertIds === null ? wallets.balance(userId) : null,
      ]);
      const heldSeats = await seatNames.name(holds.items);
      const paidSeats = await seatNames.name(payments.items.flatMap(({ reservations }) => reservations));
      const named = new Map(paidSeats.map((reservation) => [reservation.reservationId, reservation]));
      reply.send({
        user,
        balance: wallet?.balance ?? null,
        queueTokens: tokens.items,
        holds: heldSeats.map((hold, index) => ({ ...hold, endedAt: holds.items[index]?.endedAt ?? null })),
        payments: payments.items.map((payment) => ({
          ...payment,
          reservations: payment.reservations.flatMap(({ reservationId }) => named.get(reservationId) ?? []),
        })),
        ledger: concertIds === null ? ledger.items : null,
        next: {
          queueTokens: nextCursorOf(tokens, BUYER_TOKENS_LIST, userId),
          holds: nextCursorOf(holds, BUYER_HOLDS_LIST, userId),
          payments: nextCursorOf(payments, BUYER_PAYMENTS_LIST, userId),
          ledger: nextCursorOf(ledger, BUYER_LEDGER_LIST, userId),
        },
      });
    },
  );
}
