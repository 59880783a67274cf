import t from 'tap';
import { createPageStore } from '../../../web/box-office/page-store.ts';
import { pageAt } from '../fixtures.ts';

t.test('what a watcher dispatches is taken after the event that it watches', async (t) => {
  const store = createPageStore(pageAt('#/'));
  const seen: (number | null)[] = [];
  store.watch(({ balance }) => {
    if (balance === 1) store.dispatch({ type: 'balance-read', balance: 2 });
  });
  store.watch(({ balance }) => seen.push(balance));
  store.dispatch({ type: 'balance-read', balance: 1 });
  t.same(seen, [1, 2]);
});

t.test(
  'an event that changes nothing wakes nobody, and a watcher that throws does not stop the next event',
  async (t) => {
    const store = createPageStore(pageAt('#/'));
    let calls = 0;
    store.watch(() => {
      calls += 1;
      if (calls === 1) throw new Error('a watcher failed');
    });
    store.dispatch({ type: 'seat-toggled', seatNumber: 1 });
    t.equal(calls, 0);
    t.throws(() => store.dispatch({ type: 'balance-read', balance: 1 }), { message: 'a watcher failed' });
    store.dispatch({ type: 'balance-read', balance: 2 });
    t.equal(store.state.balance, 2);
    t.equal(calls, 2);
  },
);
