import t from 'tap';
import type { Reply, WakeSchedule } from '../../src/actors/command.ts';
import { createWakes } from '../../src/cluster/wakes.ts';
import { silentLog } from '../fixtures/silent-log.ts';

const AWAY: Reply<WakeSchedule> = { outcome: 'failed', code: 'OWNER_UNAVAILABLE', effect: 'none' };
const WOKEN: Reply<WakeSchedule> = { outcome: 'granted', value: { ended: 0 } };

/** A router that takes every wake to an owner who says what `answer` says. */
function setUp() {
  const told: number[] = [];
  const owner = { answer: (): Promise<Reply<WakeSchedule>> => Promise.resolve(AWAY) };
  const router = {
    dispatch({ scheduleId }: WakeSchedule) {
      told.push(scheduleId);
      return owner.answer();
    },
  };
  const wakes = createWakes({ router, log: silentLog });
  /** Whom a look tells again. */
  async function look(): Promise<number[]> {
    told.length = 0;
    wakes.tryAgain();
    await new Promise((resolve) => setImmediate(resolve));
    return [...told];
  }
  return { owner, wakes, look };
}

t.test('an heir who could not be told is told at every look until it has heard', async (t) => {
  const { owner, wakes, look } = setUp();
  await wakes.wake(7);
  t.same(await look(), [7], 'the link is still away');
  owner.answer = () => Promise.reject(new Error('a bug'));
  t.same(await look(), [7]);
  owner.answer = () => Promise.resolve(WOKEN);
  t.same(await look(), [7]);
  t.same(await look(), []);
});

t.test('an heir who was told at once is not told again', async (t) => {
  const { owner, wakes, look } = setUp();
  owner.answer = () => Promise.resolve(WOKEN);
  await wakes.wake(7);
  t.same(await look(), []);
});

t.test('a look tells a bounded number at a time, and those first who were not told before', async (t) => {
  const { owner, wakes, look } = setUp();
  for (let scheduleId = 1; scheduleId <= 40; scheduleId += 1) await wakes.wake(scheduleId);
  const answers: (() => void)[] = [];
  owner.answer = () => new Promise((resolve) => answers.push(() => resolve(AWAY)));
  t.equal((await look()).length, 32);
  t.same(await look(), [], 'they have not answered yet');
  for (const answer of answers.splice(0)) answer();
  await new Promise((resolve) => setImmediate(resolve));
  t.same((await look()).slice(0, 9), [33, 34, 35, 36, 37, 38, 39, 40, 1]);
});
