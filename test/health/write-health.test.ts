import t from 'tap';
import { createWriteHealth, type TrialResult, type WriteHealth } from '../../src/health/write-health.ts';
import { createManualClock } from '../fixtures/manual-clock.ts';
import { silentLog } from '../fixtures/silent-log.ts';

interface Desk {
  answer: TrialResult;
  isConnected: boolean;
  trials: number;
  readonly health: WriteHealth;
  /** Lets `ms` pass, with `traffic` before each step of it. */
  pass(ms: number, traffic?: () => void): Promise<void>;
  /** How long it takes until the verdict is `isRefused`. */
  until(isRefused: boolean, traffic?: () => void): Promise<number>;
}

/** A database that answers trial writes as it is told; time passes in looks, so that each trial has its answer. */
function createDesk(): Desk {
  const clock = createManualClock();
  const desk: Desk = {
    answer: 'accepted',
    isConnected: true,
    trials: 0,
    health: createWriteHealth({
      clock,
      log: silentLog,
      isConnected: () => desk.isConnected,
      tryWrite: () => {
        desk.trials += 1;
        return Promise.resolve(desk.answer);
      },
    }),
    async pass(ms, traffic = () => undefined) {
      for (let passed = 0; passed < ms; passed += 100) {
        traffic();
        clock.advance(100);
        await new Promise(setImmediate);
      }
    },
    async until(isRefused, traffic) {
      const begun = clock.monotonicMs();
      while (desk.health.isRefused !== isRefused) {
        if (clock.monotonicMs() - begun > 200_000) throw new Error(`isRefused never became ${isRefused}`);
        await desk.pass(100, traffic);
      }
      return clock.monotonicMs() - begun;
    },
  };
  desk.health.start();
  t.teardown(() => desk.health.close());
  return desk;
}

t.test(
  'a node without requests finds out by itself that writes are refused, and that they succeed again',
  async (t) => {
    const desk = createDesk();
    await desk.pass(60_000);
    t.notOk(desk.health.isRefused);
    t.ok(desk.trials >= 15 && desk.trials <= 25, `${desk.trials} trials within a quiet minute`);
    desk.answer = 'refused';
    const untilRefused = await desk.until(true);
    t.ok(untilRefused <= 5_000, `not ready after ${untilRefused} ms`);
    desk.answer = 'accepted';
    const untilReady = await desk.until(false);
    t.ok(untilReady >= 2_000 && untilReady <= 4_000, `ready after ${untilReady} ms`);
  },
);

t.test(
  'flushes are evidence: while they succeed no trial is made, and once most fail the node is not ready',
  async (t) => {
    const desk = createDesk();
    await desk.pass(500);
    const before = desk.trials;
    await desk.pass(60_000, () => desk.health.accepted());
    t.equal(desk.trials, before);
    let count = 0;
    const untilRefused = await desk.until(true, () => {
      count += 1;
      if (count % 10 === 0) desk.health.accepted();
      else desk.health.refused();
    });
    t.ok(untilRefused <= 2_000, `not ready after ${untilRefused} ms`);
  },
);

t.test('neither a hiccup nor refusals among many successes make a node not ready', async (t) => {
  const desk = createDesk();
  for (let hiccup = 0; hiccup < 10; hiccup += 1) {
    for (let refusal = 0; refusal < 3; refusal += 1) desk.health.refused();
    await desk.pass(5_000, () => desk.health.accepted());
    t.notOk(desk.health.isRefused);
  }
  await desk.pass(60_000, () => {
    desk.health.refused();
    for (let success = 0; success < 3; success += 1) desk.health.accepted();
  });
  t.notOk(desk.health.isRefused);
});

t.test('a node whose trial writes succeed and whose requests fail is away ever longer, up to a minute', async (t) => {
  const desk = createDesk();
  const awayMs: number[] = [];
  for (let relapse = 0; relapse < 8; relapse += 1) {
    await desk.until(true, () => desk.health.refused());
    awayMs.push(await desk.until(false));
  }
  for (const [index, ms] of awayMs.entries()) {
    const holdMs = Math.min(2_000 * 2 ** index, 60_000);
    t.ok(ms >= holdMs && ms <= holdMs + 1_500, `relapse ${index} kept it away for ${ms} ms`);
  }
  await desk.pass(120_000, () => desk.health.accepted());
  await desk.until(true, () => desk.health.refused());
  t.ok((await desk.until(false)) <= 3_500, 'after two good minutes the first hold time counts again');
});

t.test('a refusal during the hold time begins it again', async (t) => {
  const desk = createDesk();
  await desk.until(true, () => desk.health.refused());
  await desk.pass(1_500);
  desk.health.refused();
  await desk.pass(1_500);
  t.ok(desk.health.isRefused);
  t.ok((await desk.until(false)) <= 2_000);
});

t.test('a missing answer says nothing, and nothing is tried while no lane is connected', async (t) => {
  const desk = createDesk();
  desk.answer = 'unanswered';
  await desk.pass(20_000);
  t.notOk(desk.health.isRefused);
  desk.answer = 'refused';
  await desk.until(true);
  desk.answer = 'unanswered';
  await desk.pass(20_000);
  t.ok(desk.health.isRefused, 'nor does it heal');
  desk.isConnected = false;
  const before = desk.trials;
  await desk.pass(20_000);
  t.equal(desk.trials, before);
});

t.test('trials that are refused slowly, one every two seconds, make a node not ready too', async (t) => {
  const clock = createManualClock();
  const answers: ((result: TrialResult) => void)[] = [];
  const health = createWriteHealth({
    clock,
    log: silentLog,
    isConnected: () => true,
    tryWrite: () => new Promise((resolve) => answers.push(resolve)),
  });
  t.teardown(() => health.close());
  health.start();
  for (let trial = 0; trial < 2; trial += 1) {
    t.notOk(health.isRefused);
    clock.advance(2_000);
    answers.shift()?.('refused');
    await new Promise(setImmediate);
    clock.advance(500);
  }
  t.ok(health.isRefused);
});

t.test('one trial is under way at a time, and none after the close', async (t) => {
  const clock = createManualClock();
  let trials = 0;
  const health = createWriteHealth({
    clock,
    log: silentLog,
    isConnected: () => true,
    tryWrite: () => {
      trials += 1;
      return new Promise(() => undefined);
    },
  });
  health.start();
  clock.advance(60_000);
  t.equal(trials, 1);
  health.close();
  clock.advance(60_000);
  t.equal(trials, 1);
  t.equal(clock.pending(), 0);
});
