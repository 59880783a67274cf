import t from 'tap';
import { Fault } from '../../src/domain/errors.ts';
import { createLookUps } from '../../src/runtime/look-ups.ts';

/** Look-ups by one call at a time, of two keys at most, which the test answers. */
function setUp() {
  const calls: { readonly keys: readonly number[]; readonly answer: PromiseWithResolvers<readonly string[]> }[] = [];
  const lookUps = createLookUps<number, string>({
    load(keys) {
      const answer = Promise.withResolvers<readonly string[]>();
      calls.push({ keys, answer });
      return answer.promise;
    },
    callsInFlight: 1,
    keysPerCall: 2,
    waiting: 10,
  });
  const settle = () => new Promise((resolve) => setImmediate(resolve));
  return { calls, lookUps, settle };
}

t.test(
  'a fault of the store answers those who have waited for the call, and whoever comes later is looked up',
  async (t) => {
    const { calls, lookUps, settle } = setUp();
    const first = lookUps.get(1);
    await settle();
    const behind = [2, 3, 4].map((key) => lookUps.get(key));
    calls[0]?.answer.reject(new Fault('STORE_UNAVAILABLE', 'none'));
    for (const lookUp of [first, ...behind]) await t.rejects(lookUp, { code: 'STORE_UNAVAILABLE', effect: 'none' });
    t.equal(calls.length, 1);
    const later = lookUps.get(5);
    await settle();
    t.same(calls[1]?.keys, [5]);
    calls[1]?.answer.resolve(['five']);
    t.equal(await later, 'five');
  },
);

t.test('a bug in one call is not that of the others', async (t) => {
  const { calls, lookUps, settle } = setUp();
  const first = lookUps.get(1);
  await settle();
  const behind = lookUps.get(2);
  calls[0]?.answer.reject(new Error('planned'));
  await t.rejects(first, { message: 'planned' });
  calls[1]?.answer.resolve(['two']);
  t.equal(await behind, 'two');
});
