import t from 'tap';
import { createAnswerWatch } from '../../src/runtime/answer-watch.ts';
import { createLateClock } from '../fixtures/late-clock.ts';

/** A watch whose loop runs as the test says. */
function createStage(limitMs = 300) {
  const clock = createLateClock();
  const silences: string[] = [];
  let sockets: () => void = () => undefined;
  const watch = createAnswerWatch({
    clock,
    limitMs,
    onSilent: (error) => silences.push(error.message),
    afterSockets(run) {
      sockets();
      run();
    },
  });
  return {
    watch,
    silences,
    timers: clock.pending,
    step: clock.turn,
    /** A loop that is never late. */
    run(ms: number) {
      for (let passed = 0; passed < ms; passed += 20) clock.turn(20);
    },
    onSockets: (run: () => void) => (sockets = run),
  };
}

t.test(
  'a server is silent once it owes an answer for the limit, and what it owed is not waited for any longer',
  async (t) => {
    const { watch, silences, run, timers } = createStage();
    watch.owe();
    run(280);
    watch.owe();
    t.same(silences, []);
    run(20);
    t.same(silences, ['no answer within 300 ms']);
    t.equal(watch.isSilent, true);
    run(1_000);
    t.equal(silences.length, 1, 'once for each silence');
    t.equal(timers(), 0, 'nothing ticks where nothing is owed');
  },
);

t.test('an answer in time is no silence, however many follow each other', async (t) => {
  const { watch, silences, run } = createStage();
  for (let count = 0; count < 20; count += 1) {
    const owed = watch.owe();
    run(200);
    watch.arrived(owed);
  }
  t.same(silences, []);
});

t.test('the time for which the loop did not run is not held against the server', async (t) => {
  const { watch, silences, step, run } = createStage();
  watch.owe();
  step(2_000);
  t.same(silences, [], 'one long turn');
  for (let turn = 0; turn < 8; turn += 1) step(200);
  t.same(silences, [], 'a machine on which each turn comes late');
  t.match(watch.figures(), { silenceMs: 270, ownDelayMs: 1_970 + 8 * 170 });
  run(40);
  t.equal(silences.length, 1, 'the rest of the limit, with a loop that runs');
});

t.test('an answer that the socket holds when a late loop goes on is read before the judgement', async (t) => {
  const { watch, silences, run, step, onSockets } = createStage();
  const owed = watch.owe();
  run(280);
  onSockets(() => watch.arrived(owed));
  step(500);
  t.same(silences, []);
});

t.test('a silent server answers again after two prompt answers in a row', async (t) => {
  const { watch, silences, run } = createStage();
  const answerAfter = (ms: number) => {
    const owed = watch.owe();
    run(ms);
    watch.arrived(owed);
    return watch.isSilent;
  };
  watch.owe();
  run(300);
  t.equal(answerAfter(20), true, 'one is not enough');
  t.equal(answerAfter(200), true, 'a slow one begins the count again');
  t.equal(answerAfter(20), true);
  t.equal(answerAfter(20), false);
  t.equal(silences.length, 1);
  watch.owe();
  run(300);
  t.equal(silences.length, 2, 'the next silence is told again');
});

t.test('an answer to a probe that comes late leaves the server silent, and tells nobody again', async (t) => {
  const { watch, silences, run } = createStage();
  watch.presumeSilent();
  const probe = watch.owe();
  run(1_000);
  watch.arrived(probe);
  t.equal(watch.isSilent, true);
  t.same(silences, []);
  watch.reset();
  t.equal(watch.isSilent, false, 'a new connection begins again');
});

t.test('a command that is lost is not owed', async (t) => {
  const { watch, silences, run } = createStage();
  watch.lost(watch.owe());
  run(600);
  t.same(silences, []);
});

t.test('the figures are the longest of the last half minute or minute', async (t) => {
  const { watch, run } = createStage();
  const owed = watch.owe();
  run(100);
  watch.arrived(owed);
  run(29_000);
  t.match(watch.figures(), { silenceMs: 100, ownDelayMs: 0 });
  run(60_000);
  t.match(watch.figures(), { silenceMs: 0, ownDelayMs: 0 });
});
