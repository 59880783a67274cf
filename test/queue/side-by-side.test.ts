import t from 'tap';
import { sideBySide } from '../../src/queue/side-by-side.ts';

t.test('so many at a time, in their order, each of them once', async (t) => {
  const begun: number[] = [];
  const gates = Array.from({ length: 5 }, () => Promise.withResolvers<void>());
  const all = sideBySide([0, 1, 2, 3, 4], 2, (nth) => {
    begun.push(nth);
    return gates[nth]?.promise ?? Promise.resolve();
  });
  t.same(begun, [0, 1]);
  gates[1]?.resolve();
  await new Promise(setImmediate);
  t.same(begun, [0, 1, 2], 'a free hand takes the next one');
  for (const gate of gates) gate.resolve();
  await all;
  t.same(begun, [0, 1, 2, 3, 4]);
});

t.test('a failure is thrown once nothing is in flight, and nothing is begun after it', async (t) => {
  const begun: number[] = [];
  const slow = Promise.withResolvers<void>();
  let hasEnded = false;
  const all = sideBySide([0, 1, 2], 2, async (nth) => {
    begun.push(nth);
    if (nth === 0) throw new Error('no answer');
    await slow.promise;
  }).finally(() => (hasEnded = true));
  const refused = t.rejects(all, { message: 'no answer' });
  await new Promise(setImmediate);
  t.equal(hasEnded, false);
  slow.resolve();
  await refused;
  t.same(begun, [0, 1]);
});
