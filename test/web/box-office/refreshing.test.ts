import t from 'tap';
import { createRefreshing } from '../../../web/box-office/refreshing.ts';
import { createManualClock } from '../../fixtures/manual-clock.ts';

function setUp(random = 0.5) {
  const clock = createManualClock();
  const page = { isVisible: true, asked: 0 };
  const refreshing = createRefreshing({ after: clock.after, random: () => random, isVisible: () => page.isVisible });
  refreshing.start(10_000, () => {
    page.asked += 1;
  });
  return { clock, page, refreshing };
}

t.test('a visible page asks again and again', async (t) => {
  const { clock, page } = setUp();
  clock.advance(9_999);
  t.equal(page.asked, 0);
  clock.advance(1);
  t.equal(page.asked, 1);
  clock.advance(30_000);
  t.equal(page.asked, 4);
});

t.test('pages that came together do not ask together', async (t) => {
  const [first, last] = [setUp(0), setUp(0.999)];
  first.clock.advance(7_500);
  last.clock.advance(12_400);
  t.equal(first.page.asked, 1);
  t.equal(last.page.asked, 0);
  last.clock.advance(100);
  t.equal(last.page.asked, 1);
});

t.test('a hidden page asks for nothing, and at once when it is seen again', async (t) => {
  const { clock, page, refreshing } = setUp();
  page.isVisible = false;
  clock.advance(1_000_000);
  t.equal(page.asked, 0);
  t.equal(clock.pending(), 0, 'not even a timer');
  page.isVisible = true;
  refreshing.wake();
  t.equal(page.asked, 1);
  clock.advance(10_000);
  t.equal(page.asked, 2);
  refreshing.wake();
  t.equal(page.asked, 2, 'what is not due is not asked for');
});

t.test('a stopped page asks no more', async (t) => {
  const { clock, page, refreshing } = setUp();
  refreshing.stop();
  clock.advance(1_000_000);
  refreshing.wake();
  t.equal(page.asked, 0);
});
