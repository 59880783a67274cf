import t from 'tap';
import type { CommandRouter, PayReservations, Reply } from '../../src/actors/command.ts';
import type { GrantOf } from '../../src/domain/grant.ts';
import { noteCompletions } from '../../src/node/completions.ts';

const grant: GrantOf<'PaymentCompleted'> = {
  type: 'PaymentCompleted',
  value: {
    paymentId: 'p',
    status: 'COMPLETED',
    concertId: 7,
    scheduleId: 1,
    amount: 1_000,
    reservations: [],
    paidAt: '2026-01-01T00:00:00.000Z',
    refundedAt: null,
    remainingBalance: 0,
  },
};
const command: PayReservations = {
  type: 'PayReservations',
  scheduleId: 1,
  userId: 'fan',
  paymentId: 'p',
  reservationIds: ['r'],
  claim: null,
};

/** Dispatches a payment that the owner answers so; the completions that the room was told of. */
async function toldBy(reply: Reply<PayReservations>) {
  const told: unknown[] = [];
  // The router under test passes on payments only.
  const owner = { dispatch: () => reply } as unknown as CommandRouter;
  const router = noteCompletions(owner, { noteCompleted: (...completed) => void told.push(completed) });
  t.equal(await router.dispatch(command), reply);
  return told;
}

t.test('the room learns of a token that a payment has completed', async (t) => {
  const completedToken = { tokenId: 'token', endedAtMs: 5, scheduleIds: [1, 2] };
  t.same(await toldBy({ outcome: 'granted', value: { grant, completedToken } }), [[7, completedToken]]);
});

t.test('the room learns nothing of other outcomes', async (t) => {
  t.same(await toldBy({ outcome: 'granted', value: { grant, completedToken: null } }), []);
  t.same(await toldBy({ outcome: 'granted', value: { alreadyPaid: 'p' } }), []);
  t.same(await toldBy({ outcome: 'failed', code: 'STORE_UNAVAILABLE', effect: 'unknown' }), []);
});
