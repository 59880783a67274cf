import t from 'tap';
import { routeOf } from '../../../web/state/route.ts';
import { after, hold, inHall, mapSeen, pageAt, place, seats } from '../fixtures.ts';

const charged = { type: 'noticed', notice: { kind: 'charged', amount: 500 } } as const;

t.test('a notice ends with its place: another address, another view, another user', async (t) => {
  const inWallet = pageAt('#/wallet', charged);
  t.equal(after(inWallet, { type: 'ticked', nowMs: 1 }).notice, charged.notice);
  t.equal(after(inWallet, { type: 'went', route: routeOf('#/wallet') }).notice, charged.notice);
  t.equal(after(inWallet, { type: 'went', route: routeOf('#/tickets') }).notice, null);
  t.equal(after(inWallet, { type: 'signed-out' }).notice, null);
  const inTheHall = inHall(charged);
  t.equal(after(inTheHall, { type: 'went', route: routeOf('#/concerts/3/dates/8') }).notice, null);
  t.equal(after(inTheHall, { type: 'place-read', concertId: 3, place: place('EXPIRED') }).notice, null);
});

t.test('a notice about a choice ends with the next choice', async (t) => {
  const lost = inHall(
    { type: 'seat-toggled', seatNumber: 2 },
    { type: 'noticed', notice: { kind: 'seats-lost', places: [{ section: null, row: 'A', seat: '2' }] } },
  );
  t.equal(after(lost, { type: 'seat-toggled', seatNumber: 3 }).notice, null);
});

t.test('no more seats are chosen than a user may have, those on hold included', async (t) => {
  const four = [1, 2, 3, 4].map((seatNumber) => ({ type: 'seat-toggled', seatNumber }) as const);
  const full = inHall(mapSeen(2, seats(6)), ...four);
  t.equal(full.notice, null);
  const beyond = after(full, { type: 'seat-toggled', seatNumber: 5 });
  t.same(beyond.visit?.hall?.chosen, [1, 2, 3, 4]);
  t.same(beyond.notice, { kind: 'limit-reached', limit: 4 });
  const exchanged = after(beyond, { type: 'seat-toggled', seatNumber: 1 }, { type: 'seat-toggled', seatNumber: 5 });
  t.same(exchanged.visit?.hall?.chosen, [2, 3, 4, 5]);
  t.equal(exchanged.notice, null);
  const holding = after(inHall(mapSeen(2, seats(6))), { type: 'held', reservations: [hold(6)] }, ...four);
  t.same(holding.visit?.hall?.chosen, [1, 2, 3]);
});
