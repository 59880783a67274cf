import { writeFileSync } from 'node:fs';
import type { Command } from '../harness/command.ts';
import { closeOnInterruption } from '../harness/interruption.ts';
import { describeMachine } from '../harness/machine/description.ts';
import { flag, type Options, readOptions, text, type Values } from '../harness/options.ts';
import type { RunFigures } from './report/run-figures.ts';

/** The means of a benchmark while it measures. */
export interface BenchmarkRun {
  /** Whether the files of the run stay. */
  readonly keepsFiles: boolean;
  /** Calls `close` when the run is over or interrupted, in the reverse order of these calls. */
  onEnd(close: () => unknown): void;
  /** Adds faults of the stored data or of the answers. A run with any fault is void. */
  addFaults(faults: readonly string[]): void;
  /** Writes a line to standard error. */
  tell(line: string): void;
}

/** A benchmark: its options, its measurements and its report. */
export interface Benchmark<Known extends Options, Figures extends RunFigures> {
  readonly name: string;
  /** One line for the list of benchmarks. */
  readonly says: string;
  readonly options: Known;
  /** The runner adds the other members of the figures. */
  readonly measure: (
    options: Values<Known>,
    run: BenchmarkRun,
  ) => Promise<Omit<Figures, 'machine' | 'settings' | 'faults'>>;
  readonly summarise: (figures: Figures) => string;
}

const COMMON = { output: text('FILE', 'write all figures as JSON'), keep: flag('keep the database and the logs') };

/**
 * A command that reads the options, measures, prints the summary, writes the figures to `--output` and exits with 1 when there
 * was a fault. However the run ends, it calls every closer of `onEnd` once.
 */
export function createBenchmark<Known extends Options, Figures extends RunFigures>(
  benchmark: Benchmark<Known, Figures>,
): Command {
  const { name, says } = benchmark;
  return { name, says, run: (args) => runBenchmark(benchmark, args) };
}

async function runBenchmark<Known extends Options, Figures extends RunFigures>(
  { name, says, options, measure, summarise }: Benchmark<Known, Figures>,
  args: readonly string[],
): Promise<void> {
  const usage = `${says}\n\nnpm run bench -- ${name}`;
  const { output, keep, ...values } = readOptions(usage, { ...options, ...COMMON }, args);
  const machine = describeMachine();
  const closers: (() => unknown)[] = [];
  let closing: Promise<void> | null = null;
  const close = (): Promise<void> => (closing ??= closeAll(closers));
  closeOnInterruption(close);
  const faults: string[] = [];
  try {
    const measured = await measure(values as unknown as Values<Known>, {
      keepsFiles: keep,
      onEnd: (closer) => void closers.push(closer),
      addFaults: (more) => void faults.push(...more),
      tell: (line) => console.error(line),
    });
    const figures = { machine, settings: values, ...measured, faults } as unknown as Figures;
    console.log(summarise(figures));
    if (output !== null) writeFileSync(output, `${JSON.stringify(figures, null, 2)}\n`);
  } catch (error) {
    // The first failure is the cause of those that follow.
    await close().catch((failure: unknown) => console.error(failure));
    throw error;
  }
  await close();
  process.exitCode = faults.length === 0 ? 0 : 1;
}

/** Closes everything even when one of the closers fails; rejects with the first failure. */
async function closeAll(closers: (() => unknown)[]): Promise<void> {
  const failures: unknown[] = [];
  for (let closer = closers.pop(); closer !== undefined; closer = closers.pop()) {
    try {
      await closer();
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw failures[0];
}
