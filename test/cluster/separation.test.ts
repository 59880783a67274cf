import t from 'tap';
import { createSeparation } from '../../src/cluster/separation.ts';
import { createManualClock } from '../fixtures/manual-clock.ts';

const LOOK_MS = 250;

function setUp() {
  const clock = createManualClock();
  const separation = createSeparation({ clock });
  /** Looks for so long, and says what changed. */
  function lookFor(ms: number, isOnSide: boolean, everyMs = LOOK_MS): readonly string[] {
    const entered: string[] = [];
    for (let passed = 0; passed < ms; passed += everyMs) {
      clock.advance(everyMs);
      const state = separation.look(isOnSide);
      if (state !== null) entered.push(state);
    }
    return entered;
  }
  return { separation, lookFor };
}

t.test('a node stands aside after 1.5 s on the wrong side, and serves again once its row says so', async (t) => {
  const { separation, lookFor } = setUp();
  t.same(lookFor(1_250, false), []);
  t.same(lookFor(250, false), ['separated']);
  t.equal(separation.isTogether, false);
  t.equal(separation.no, 1);
  t.same(lookFor(10_000, false), []);

  t.same(lookFor(1_750, true), []);
  t.same(lookFor(250, true), ['returning']);
  t.equal(separation.isTogether, false, 'its row still says that it is separated');
  t.equal(separation.confirm(1), false, 'a beat of before says nothing');
  t.equal(separation.isTogether, false);
  t.equal(separation.confirm(2), true);
  t.equal(separation.isTogether, true);
  t.equal(separation.confirm(2), false, 'it is news once');
});

t.test('looks that say otherwise now and then change nothing', async (t) => {
  const { separation, lookFor } = setUp();
  for (let round = 0; round < 20; round += 1) {
    t.same(lookFor(1_000, false), []);
    t.same(lookFor(250, true), []);
  }
  t.equal(separation.isTogether, true);
  lookFor(1_500, false);
  for (let round = 0; round < 20; round += 1) {
    t.same(lookFor(1_500, true), []);
    t.same(lookFor(250, false), []);
  }
  t.equal(separation.no, 1);
});

t.test('time in which the database or the node stood still hardly counts', async (t) => {
  const { lookFor } = setUp();
  t.same(lookFor(20_000, false, 10_000), []);
  t.same(lookFor(10_000, false, 10_000), ['separated'], 'three looks are evidence all the same');
});

t.test('a node that returns may have to stand aside again before its row has followed', async (t) => {
  const { separation, lookFor } = setUp();
  lookFor(1_500, false);
  lookFor(2_000, true);
  t.same(lookFor(1_500, false), ['separated']);
  t.equal(separation.no, 3);
  t.equal(separation.confirm(2), false);
  t.equal(separation.isTogether, false);
});
