import t from 'tap';
import { createBoundedMap } from '../../src/runtime/bounded-map.ts';

t.test('a full map forgets its oldest entry for a new one', async (t) => {
  const map = createBoundedMap<string, number>(2);
  map.set('first', 1);
  map.set('second', 2);
  map.set('first', 3);
  t.equal(map.get('first'), 3, 'what is known already takes no room');
  t.equal(map.get('second'), 2);
  for (let nth = 0; nth < 100; nth += 1) map.set(`later ${nth}`, nth);
  t.equal(map.get('first'), undefined);
  t.equal(map.get('second'), undefined);
  t.equal(map.get('later 97'), undefined);
  t.equal(map.get('later 98'), 98);
  t.equal(map.get('later 99'), 99);
});

t.test('an entry of a full map costs about what it costs while there is room', async (t) => {
  const ENTRIES = 50_000;
  const map = createBoundedMap<string, number>(ENTRIES);
  const millisecondsFor = (kind: string): number => {
    const beganAt = performance.now();
    for (let nth = 0; nth < ENTRIES; nth += 1) map.set(`${kind} ${nth}`, nth);
    return performance.now() - beganAt;
  };
  const filling = millisecondsFor('filling');
  const replacing = millisecondsFor('replacing');
  // About as much; thirty times and more where every one looks for the oldest from the start.
  t.ok(
    replacing < 10 * filling,
    `${Math.round(filling)} ms to fill it, ${Math.round(replacing)} ms to replace everything`,
  );
});
