import t from 'tap';
import { toPay } from '../../../web/state/own-holds.ts';
import { after, at, hold, inHall, NOW_MS } from '../fixtures.ts';

t.test('more time for holds is shown at the checkout and in the strip, and the choice stays', async (t) => {
  const page = inHall({ type: 'held', reservations: [hold(1), hold(2)] }, { type: 'seat-toggled', seatNumber: 3 });
  const longer = after(page, {
    type: 'extended',
    reservations: [hold(1, { expiresAt: at(400_000) }), hold(2, { expiresAt: at(400_000) })],
  });
  t.same(
    longer.visit?.holds?.map(({ expiresAt }) => expiresAt),
    [at(400_000), at(400_000)],
  );
  t.match(toPay(longer), [{ endMs: NOW_MS + 400_000 }]);
  t.same(longer.visit?.hall?.chosen, [3]);
});

t.test('a hold of seats that the service chose ends the search', async (t) => {
  const searching = inHall({ type: 'wishing-turned', isOn: true }, { type: 'wished', wish: { count: 2 } });
  t.match(searching.visit?.hall, { isWishing: true, wish: { count: 2 } });
  t.equal(after(searching, { type: 'held', reservations: [hold(1)] }).visit?.hall?.isWishing, false);
});

t.test('a declared need stays for the next choice', async (t) => {
  const page = inHall(
    { type: 'need-declared', isAccessible: true },
    { type: 'seats-picked', seatNumbers: [2, 3] },
    { type: 'held', reservations: [hold(2), hold(3)] },
  );
  t.equal(page.visit?.hall?.needsAccessible, true);
});
