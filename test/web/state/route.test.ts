import t from 'tap';
import { hashOf, routeOf } from '../../../web/state/route.ts';

t.test('every route is found again in its own address', async (t) => {
  for (const route of [
    { name: 'concerts' },
    { name: 'concert', concertId: 3 },
    { name: 'hall', concertId: 3, scheduleId: 7 },
    { name: 'checkout', concertId: 3, scheduleId: 7 },
    { name: 'tickets' },
    { name: 'ticket', paymentId: '01a1f94d-5f34-73f5-b52c-3d0b05de83cb' },
    { name: 'wallet' },
  ] as const) {
    t.same(routeOf(hashOf(route)), route);
  }
});

t.test('an address that is none of ours leads to the concerts', async (t) => {
  for (const hash of [
    '',
    '#',
    '#/nowhere',
    '#/concerts/0',
    '#/concerts/01',
    '#/concerts/1e3',
    '#/concerts/x',
    '#/concerts/3/dates',
    '#/concerts/3/dates/7/pay/more',
    '#/concerts/3/dates/7/else',
    '#/tickets/not-an-id',
    '#/tickets/../wallet',
    '#/wallet/2',
    '#/concerts/99999999999999999999',
  ]) {
    t.same(routeOf(hash), { name: 'concerts' }, hash);
  }
});
