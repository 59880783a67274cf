import { claimOf } from '../identity/claim.ts';
import { admittedPayer, UNADMITTED } from '../identity/wallet-guard.ts';
import { nextCursorOf, readPageQuery, WALLET_LIST } from '../answers/cursor.ts';
import { respondWithSeats } from '../answers/seat-answer.ts';
import { granted, KEY_TAKEN, type Outcome } from '../../booking/outcome.ts';
import { IdempotencyHeaders, NoQuery, refer } from '../schemas/basics.ts';
import { Balance, ChargeReceipt, ChargeRequest, HistoryQuery, WalletHistory } from '../schemas/wallet.ts';
import type { App, Services } from '../services.ts';

export function walletRoutes(app: App, { wallets, walletGuard, idempotency, responder, seatNames }: Services): void {
  app.get(
    '/me/balance',
    {
      schema: {
        operationId: 'getBalance',
        summary: 'The balance',
        description: 'Always the `balanceAfter` of the newest entry.',
        tags: ['wallet'],
        querystring: NoQuery,
        response: { 200: refer(Balance) },
      },
      config: { guard: 'userOrShopper', refuses: ['USER_NOT_FOUND', ...UNADMITTED] },
    },
    async (request, reply) => {
      const caller = await admittedPayer(walletGuard, request);
      if (!caller.ok) return responder.refuse(reply, caller.rejection);
      const balance = await wallets.balance(caller.value.userId);
      if (balance === null) return responder.refuse(reply, { code: 'USER_NOT_FOUND', members: {} });
      reply.send(balance);
    },
  );

  app.post(
    '/me/balance/charge',
    {
      schema: {
        operationId: 'chargeWallet',
        summary: 'Charge the wallet',
        description: "Adds 1 to 10 000 000 won to the caller's own wallet.",
        tags: ['wallet'],
        body: ChargeRequest,
        querystring: NoQuery,
        headers: IdempotencyHeaders,
        response: { 200: refer(ChargeReceipt) },
      },
      config: {
        guard: 'userOrShopper',
        refuses: [
          'FORBIDDEN',
          'USER_NOT_FOUND',
          'BALANCE_LIMIT',
          'IDEMPOTENCY_IN_PROGRESS',
          'IDEMPOTENCY_KEY_REUSED',
          ...UNADMITTED,
        ],
      },
    },
    async (request, reply) => {
      const caller = await walletGuard.payer(request);
      if (!caller.ok) return responder.refuse(reply, caller.rejection);
      const { userId } = caller.value;
      const { amount, userId: named } = request.body;
      if (named !== undefined && named !== userId) return responder.refuse(reply, { code: 'FORBIDDEN', members: {} });
      const claim = claimOf(request, 'POST /me/balance/charge');
      const outcome = await idempotency.run(userId, claim, async (): Promise<Outcome> => {
        const unadmitted = await walletGuard.refusalOf(caller.value);
        if (unadmitted !== null) return { outcome: 'refused', rejection: unadmitted };
        const answer = await wallets.charge(userId, amount, claim);
        if (answer.ok === 'key-taken') return KEY_TAKEN;
        if (!answer.ok) return { outcome: 'refused', rejection: answer.rejection };
        return granted({ type: 'BalanceCharged', value: answer.value });
      });
      return respondWithSeats({ responder, seatNames }, reply, outcome);
    },
  );

  app.get(
    '/me/balance/history',
    {
      schema: {
        operationId: 'listWalletEntries',
        summary: 'Entries of the wallet, newest first',
        description: 'Charges, payments and refunds; `balanceAfter` is the balance after the entry.',
        tags: ['wallet'],
        querystring: HistoryQuery,
        response: { 200: WalletHistory },
      },
      config: { guard: 'userOrShopper', refuses: UNADMITTED },
    },
    async (request, reply) => {
      const caller = await admittedPayer(walletGuard, request);
      if (!caller.ok) return responder.refuse(reply, caller.rejection);
      const { userId } = caller.value;
      const query = readPageQuery(request.query, WALLET_LIST, userId);
      if (!query.ok) return responder.refuse(reply, query.rejection);
      const page = await wallets.history(userId, query.value);
      reply.send({ entries: page.items, nextCursor: nextCursorOf(page, WALLET_LIST, userId) });
    },
  );
}
