import t from 'tap';
import { createAnnouncer } from '../../../web/language/announcement.ts';
import { english } from '../../../web/language/english.ts';
import { createFormat } from '../../../web/language/format.ts';
import type { PageState } from '../../../web/state/page-state.ts';
import { after, at, concert, hold, inHall, mapSeen, NOW_MS, pageAt, place, seats } from '../fixtures.ts';

const f = createFormat('en', 'Asia/Seoul');

function announcing() {
  const announce = createAnnouncer();
  return (state: PageState, before: PageState = state) => announce(state, before, english, f);
}

function waitingAt(position: number, nowMs: number): PageState {
  return pageAt(
    '#/concerts/3',
    { type: 'concert-read', concert },
    { type: 'place-read', concertId: 3, place: place('WAITING', position) },
    { type: 'ticked', nowMs },
  );
}

t.test('a place that moves all the time is told now and then, and every step near the front', async (t) => {
  const say = announcing();
  t.match(say(waitingAt(50, NOW_MS)), /50/);
  t.equal(say(waitingAt(49, NOW_MS + 1_000)), null);
  t.equal(say(waitingAt(45, NOW_MS + 14_000)), null);
  t.match(say(waitingAt(44, NOW_MS + 15_000)), /44/);
  t.match(say(waitingAt(3, NOW_MS + 16_000)), /3/);
  t.match(say(waitingAt(2, NOW_MS + 16_500)), /2/);
  t.equal(say(waitingAt(2, NOW_MS + 60_000)), null, 'nothing has moved');
});

t.test('seats that are left are not told with every change, but the end is told at once', async (t) => {
  const say = announcing();
  t.match(say(inHall()), /4 seats left/);
  t.equal(say(inHall(mapSeen(2, seats(4, { 1: { status: 'HELD' } })))), null);
  const taken = { status: 'CONFIRMED' } as const;
  t.match(say(inHall(mapSeen(3, seats(4, { 1: taken, 2: taken, 3: taken, 4: taken })))), /0 seats left/);
});

t.test('the last minute of a hold is told once', async (t) => {
  const say = announcing();
  const route = { name: 'checkout', concertId: 3, scheduleId: 7 } as const;
  const till = inHall({ type: 'held', reservations: [hold(1, { expiresAt: at(90_000) })] }, { type: 'went', route });
  const before = after(till, { type: 'ticked', nowMs: NOW_MS + 29_500 });
  const last = after(till, { type: 'ticked', nowMs: NOW_MS + 30_500 });
  const later = after(till, { type: 'ticked', nowMs: NOW_MS + 31_500 });
  t.equal(say(before, till), null);
  t.equal(say(last, before), english.checkout.oneMinute);
  t.equal(say(later, last), null);
});
