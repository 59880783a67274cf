import t from 'tap';
import { firstEndMs, viewOf } from '../../../web/state/view.ts';
import { after, at, concert, hold, inHall, NOW_MS, pageAt, payment, place } from '../fixtures.ts';

t.test('an address inside of a concert shows what the place in line allows', async (t) => {
  const loading = pageAt('#/concerts/3/dates/7');
  t.equal(viewOf(loading).name, 'loading');
  const read = after(loading, { type: 'concert-read', concert });
  t.equal(viewOf(read).name, 'loading', 'until the token was asked about');
  const at3 = (state: 'WAITING' | 'ACTIVE' | 'EXPIRED') =>
    viewOf(after(read, { type: 'place-read', concertId: 3, place: place(state, 5) })).name;
  t.equal(viewOf(after(read, { type: 'place-read', concertId: 3, place: null })).name, 'lobby');
  t.equal(at3('WAITING'), 'waiting-room');
  t.equal(at3('ACTIVE'), 'hall');
  t.equal(at3('EXPIRED'), 'lobby');
  t.equal(viewOf(after(read, { type: 'concert-missing', concertId: 3 })).name, 'missing');
});

t.test('admission opens the door that was waited at', async (t) => {
  const waiting = pageAt(
    '#/concerts/3',
    { type: 'concert-read', concert },
    { type: 'place-read', concertId: 3, place: place('WAITING', 5) },
  );
  const moved = after(waiting, {
    type: 'place-moved',
    concertId: 3,
    place: { type: 'place', status: 'WAITING', queuePosition: 2, estimatedWaitTime: 60, estimatedWaitRange: [20, 180] },
  });
  const view = viewOf(moved);
  t.equal(view.name === 'waiting-room' && view.place.queuePosition, 2);
  t.equal(moved.visit?.furthestPosition, 5);
  const admitted = after(moved, {
    type: 'place-moved',
    concertId: 3,
    place: { type: 'place', status: 'ACTIVE', queuePosition: 0, estimatedWaitTime: 0, estimatedWaitRange: [0, 0] },
  });
  t.equal(viewOf(admitted).name, 'dates');
});

t.test('the till is open to whoever holds something, whatever has become of the token', async (t) => {
  const route = { name: 'checkout', concertId: 3, scheduleId: 7 } as const;
  const holding = inHall({ type: 'held', reservations: [hold(2), hold(1)] }, { type: 'went', route });
  const view = viewOf(holding);
  t.same(view.name === 'checkout' && view.holds.map(({ seatNumber }) => seatNumber), [1, 2]);
  const expired = after(holding, { type: 'place-read', concertId: 3, place: place('EXPIRED') });
  t.equal(viewOf(expired).name, 'checkout');
});

t.test('an expired hold leads back to the map, not to the queue', async (t) => {
  const route = { name: 'checkout', concertId: 3, scheduleId: 7 } as const;
  const holding = inHall({ type: 'held', reservations: [hold(1)] }, { type: 'went', route });
  const over = after(holding, { type: 'unheld', reservationIds: [hold(1).reservationId] });
  t.equal(viewOf(over).name, 'hall');
});

t.test('a payment ends the visit, unless seats of another date are still held', async (t) => {
  const holding = inHall({ type: 'held', reservations: [hold(1)] });
  const paid = after(holding, { type: 'paid', payment: payment([hold(1)]) });
  t.equal(paid.visit?.place, null);
  t.equal(paid.visit?.ended, 'COMPLETED');
  t.notOk(paid.places.has(3));
  const two = inHall({ type: 'held', reservations: [hold(1), hold(2, { scheduleId: 8 })] });
  const half = after(two, { type: 'paid', payment: payment([hold(1)]) });
  t.not(half.visit?.place, null);
  t.same(
    half.visit?.holds?.map(({ scheduleId }) => scheduleId),
    [8],
  );
});

t.test('going to another concert begins another visit; going on within one keeps it', async (t) => {
  const state = inHall({ type: 'seat-toggled', seatNumber: 1 });
  const same = after(state, { type: 'went', route: { name: 'hall', concertId: 3, scheduleId: 7 } });
  t.same(same.visit?.hall?.chosen, [1]);
  const otherDate = after(state, { type: 'went', route: { name: 'hall', concertId: 3, scheduleId: 8 } });
  t.equal(otherDate.visit?.hall, null);
  t.equal(otherDate.visit?.concert, concert);
  const other = after(state, { type: 'went', route: { name: 'concert', concertId: 4 } });
  t.match(other.visit, { concertId: 4, concert: null, place: 'unknown', holds: null });
  t.ok(other.places.has(3), 'the place in the first line is still known');
});

t.test('the first of several holds is the one that the countdown runs to', async (t) => {
  t.equal(firstEndMs([hold(1, { expiresAt: at(9_000) }), hold(2, { expiresAt: at(4_000) })]), NOW_MS + 4_000);
  t.equal(firstEndMs([]), null);
});

t.test('signing out forgets what was the fan’s', async (t) => {
  const state = after(inHall({ type: 'balance-read', balance: 5 }), { type: 'signed-out' });
  t.match(state, { account: 'none', balance: null, payments: null, ledger: null });
  t.equal(state.places.size, 0);
});
