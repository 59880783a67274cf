import t from 'tap';
import type { FrontrowClient } from '../../../src/client/frontrow-client.ts';
import { createCounter } from '../../../web/box-office/counter.ts';
import type { KeptTokens } from '../../../web/box-office/kept-tokens.ts';
import { createPageStore } from '../../../web/box-office/page-store.ts';
import { createSeatDesk } from '../../../web/box-office/seat-desk.ts';
import { hashOf, type Route, routeOf } from '../../../web/state/route.ts';
import { hold, inHall } from '../fixtures.ts';

/** The desk of a shopper who has chosen seat 2, at a service that answers the hold when the test says so. */
function deskUnderTest() {
  const answer = Promise.withResolvers<{ reservations: readonly ReturnType<typeof hold>[] }>();
  const client = { inQueue: () => ({ hold: () => answer.promise }) } as unknown as FrontrowClient;
  const kept = { accessToken: () => 'one', queueToken: () => 'fq_a.b' } as unknown as KeptTokens;
  const store = createPageStore(inHall({ type: 'seat-toggled', seatNumber: 2 }));
  const went: string[] = [];
  const go = (route: Route): void => void went.push(hashOf(route));
  const desk = createSeatDesk(createCounter({ client, kept, store, go }));
  return { desk, store, went, grant: () => answer.resolve({ reservations: [hold(2)] }) };
}

t.test('who holds seats goes on to the till', async (t) => {
  const { desk, went, grant } = deskUnderTest();
  const holding = desk.hold();
  grant();
  await holding;
  t.same(went, ['#/concerts/3/dates/7/pay']);
});

t.test('who has gone elsewhere while the hold was undecided is left there', async (t) => {
  for (const elsewhere of ['#/wallet', '#/concerts/3', '#/concerts/3/dates/8', '#/concerts/3/dates/7/pay']) {
    const { desk, store, went, grant } = deskUnderTest();
    const holding = desk.hold();
    store.dispatch({ type: 'went', route: routeOf(elsewhere) });
    grant();
    await holding;
    t.same(went, [], elsewhere);
  }
});
