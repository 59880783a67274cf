import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { type BenchmarkRun, createBenchmark } from '../../bench/run-benchmark.ts';
import type { RunFigures } from '../../bench/report/run-figures.ts';
import { count } from '../../harness/options.ts';

interface Figures extends RunFigures {
  readonly answer: number;
}

async function run(t: Test, args: readonly string[], measure: (run: BenchmarkRun) => Promise<number>) {
  const listeners = process.listeners('SIGINT');
  const printed = t.capture(console, 'log');
  const before = process.exitCode;
  const benchmark = createBenchmark({
    name: 'answers',
    says: 'counts answers',
    options: { rounds: count(5, 1, 9, 'rounds') },
    measure: async ({ rounds }, inHand) => ({ answer: rounds * (await measure(inHand)), postgres: { fsync: 'on' } }),
    summarise: ({ answer, settings, faults }: Figures) => `${answer} ${JSON.stringify(settings)} ${faults.join()}`,
  });
  try {
    await benchmark.run(args);
    return { words: printed().map(({ args: [words] }) => String(words)), exitCode: process.exitCode };
  } finally {
    process.exitCode = before;
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      for (const listener of process.listeners(signal)) {
        if (!listeners.includes(listener)) process.off(signal, listener);
      }
    }
  }
}

t.test('a benchmark prints its summary and writes all figures to the file that was asked for', async (t) => {
  const file = join(t.testdir(), 'figures.json');
  const { words, exitCode } = await run(t, ['--rounds', '2', '--output', file], async () => 21);
  t.same(words, ['42 {"rounds":2} ']);
  t.equal(exitCode, 0);
  t.match(JSON.parse(readFileSync(file, 'utf8')), {
    answer: 42,
    settings: { rounds: 2 },
    postgres: { fsync: 'on' },
    faults: [],
    machine: { node: process.version },
  });
});

t.test('a run with a fault is void: it exits with 1', async (t) => {
  const { words, exitCode } = await run(t, [], async ({ addFaults }) => {
    addFaults(['a seat was sold twice']);
    return 1;
  });
  t.match(words, [/a seat was sold twice/]);
  t.equal(exitCode, 1);
});

t.test('everything that was opened is closed once, in reverse, also when measuring or a closer fails', async (t) => {
  const closed: string[] = [];
  const open = async ({ onEnd, keepsFiles }: BenchmarkRun): Promise<number> => {
    t.equal(keepsFiles, true);
    onEnd(() => closed.push('first'));
    onEnd(async () => {
      closed.push('second');
      throw new Error('the second does not close');
    });
    onEnd(() => closed.push('third'));
    throw new Error('the server is gone');
  };
  const told = t.capture(console, 'error');
  await t.rejects(run(t, ['--keep'], open), /the server is gone/);
  t.match(told(), [{ args: [/the second does not close/] }]);
  t.same(closed, ['third', 'second', 'first']);
});
