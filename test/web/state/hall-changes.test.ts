import t from 'tap';
import { returningSeats } from '../../../web/state/hall-changes.ts';
import { after, at, hold, inHall, mapSeen, NOW_MS, seats } from '../fixtures.ts';

t.test('a chosen seat that somebody else takes leaves the choice, and its change is counted', async (t) => {
  const chosen = inHall({ type: 'seat-toggled', seatNumber: 2 }, { type: 'seat-toggled', seatNumber: 3 });
  t.same(chosen.visit?.hall?.chosen, [2, 3]);
  const hall = after(chosen, mapSeen(2, seats(4, { 2: { status: 'HELD' } }), [2])).visit?.hall;
  t.same(hall?.chosen, [3]);
  t.same([...(hall?.changes ?? [])], [[2, 1]]);
});

t.test('an older map than the one that is shown changes nothing', async (t) => {
  const state = inHall(mapSeen(5, seats(4, { 1: { status: 'CONFIRMED' } }), [1]));
  t.equal(after(state, mapSeen(4, seats(4), null)).visit?.hall, state.visit?.hall);
});

t.test('of a map that replaces another, what differs counts as changed', async (t) => {
  const state = inHall(mapSeen(5, seats(4, { 4: { status: 'HELD' } }), null));
  t.same([...(state.visit?.hall?.changes ?? [])], [[4, 1]]);
});

t.test('while a hold is being decided its seats stay chosen, and are sorted out afterwards', async (t) => {
  const asking = inHall({ type: 'seat-toggled', seatNumber: 1 }, { type: 'began', action: 'hold', by: '' });
  const seen = after(asking, mapSeen(2, seats(4, { 1: { status: 'HELD' } }), [1]));
  t.same(seen.visit?.hall?.chosen, [1], 'the map came before the answer');
  const refused = after(seen, { type: 'finished', action: 'hold' });
  t.same(refused.visit?.hall?.chosen, []);
  const granted = after(seen, { type: 'held', reservations: [hold(1)] }, { type: 'finished', action: 'hold' });
  t.same(granted.visit?.hall?.chosen, []);
  t.same(
    granted.visit?.holds?.map(({ seatNumber }) => seatNumber),
    [1],
  );
});

t.test('only a free seat can be chosen; the keyboard stays where it was pressed', async (t) => {
  const state = inHall(mapSeen(2, seats(4, { 2: { status: 'CONFIRMED' } }), [2]), {
    type: 'seat-toggled',
    seatNumber: 2,
  });
  t.same(state.visit?.hall?.chosen, []);
  t.equal(state.visit?.hall?.cursor, 2);
});

t.test('a map of another schedule than the one that is shown is not taken', async (t) => {
  const state = inHall();
  const other = after(state, { type: 'map-seen', map: { scheduleId: 8, epoch: 1, seq: 9, seats: [], changed: null } });
  t.equal(other, state);
});

t.test('what may return to a full hall are its unpaid holds, between the first end and the last', async (t) => {
  const full = seats(4, {
    1: { status: 'HELD', heldUntil: at(60_000) },
    2: { status: 'CONFIRMED' },
    3: { status: 'HELD', heldUntil: at(20_000) },
    4: { status: 'CONFIRMED' },
  });
  t.same(returningSeats(full), { count: 2, firstAtMs: NOW_MS + 20_000, lastAtMs: NOW_MS + 60_000 });
  t.equal(returningSeats(seats(2, { 1: { status: 'CONFIRMED' }, 2: { status: 'CONFIRMED' } })), null);
});
