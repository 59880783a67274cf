import t from 'tap';
import { createFormat } from '../../../web/language/format.ts';
import { english } from '../../../web/language/english.ts';
import { pageTitle } from '../../../web/language/page-title.ts';
import { concert, hold, inHall, pageAt, payment, place } from '../fixtures.ts';

const f = createFormat('en', 'Asia/Seoul');

t.test('every screen has a title of its own', async (t) => {
  const read = { type: 'concert-read', concert } as const;
  const admitted = { type: 'place-read', concertId: 3, place: place('ACTIVE') } as const;
  const paid = payment([hold(1)]);
  const titles = [
    pageAt('#/'),
    pageAt('#/wallet'),
    pageAt('#/tickets'),
    pageAt(`#/tickets/${paid.paymentId}`, read, { type: 'ticket-read', payment: paid }),
    pageAt('#/concerts/3', read, { type: 'place-read', concertId: 3, place: null }),
    pageAt('#/concerts/3', read, { type: 'place-read', concertId: 3, place: place('WAITING', 5) }),
    pageAt('#/concerts/3', read, admitted),
    inHall(),
    pageAt('#/concerts/4', { type: 'concert-missing', concertId: 4 }),
  ].map((state) => pageTitle(state, english, f));
  t.equal(new Set(titles).size, titles.length, titles.join(', '));
  for (const title of titles) t.match(title, / · frontrow$/);
});
