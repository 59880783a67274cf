import t from 'tap';
import { hashOf, routeOf } from '../../../web/ops/console-route.ts';

t.test('an address leads to its section and back', async (t) => {
  for (const hash of [
    '#/sale',
    '#/concerts',
    '#/concerts/new',
    '#/concerts/7',
    '#/concerts/7/dates/12',
    '#/plans',
    '#/plans/new',
    '#/plans/3',
    '#/buyers',
    '#/buyers/01990000-0000-7000-8000-000000000000',
    '#/reports',
    '#/keys',
    '#/log',
  ]) {
    t.equal(hashOf(routeOf(hash)), hash);
  }
});

t.test('an unknown address leads to the sale, and an unknown part of one to its list', async (t) => {
  t.same(routeOf(''), { section: 'sale' });
  t.same(routeOf('#/elsewhere'), { section: 'sale' });
  t.equal(hashOf(routeOf('#/concerts/0')), '#/concerts');
  t.equal(hashOf(routeOf('#/concerts/7/dates/x')), '#/concerts/7');
});
