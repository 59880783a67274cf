/**
 * `npm run bench:live`: what it costs to show a hall to a crowd, and how old what the crowd sees is.
 *
 * Crowds watch one schedule of 500 seats while holds and releases arrive at a fixed rate over HTTP. The service, the watchers
 * and the load each have a process; a bare `ws` server then sends the recorded frames at the same times to as many sockets,
 * in turns. Afterwards every watcher's map must be the service's answer and the database's, and the database is audited: a run
 * in which anything differs is void and exits with 1.
 */
import { createField } from './contestants/field.ts';
import { runFanOut } from './fan-out/fan-out.ts';
import { theService } from './fan-out/hall.ts';
import { runQueue } from './fan-out/queue.ts';
import { runStorm } from './fan-out/storm.ts';
import { runStuck } from './fan-out/stuck.ts';
import { describeMachine } from '../harness/machine/description.ts';
import { readCount, readOptions } from '../harness/options.ts';
import { describeFaults, describeRun, summariseFanOut } from './report/fan-out-report.ts';
import { writeFigures } from './report/figures-file.ts';

const USAGE = `npm run bench:live -- [options]
  --watchers 1000,5000  sizes of the crowd
  --rate 200            changes a second: holds and releases of single seats
  --rounds 3            phases of each crowd
  --seconds 10          length of a measured phase
  --flush-ms 50         LIVE_FLUSH_MS of the service
  --stuck N             instead: N of the first crowd never read; memory, and what the others notice
  --storm N             instead: N watchers come back after restarts by SIGTERM and by SIGKILL
  --queue N             instead: N wait on the queue channel; how fast the next is admitted
  --seed 1
  --profile DIR         write CPU profiles of the service there; the figures are then no figures
  --output FILE         figures of every phase as JSON
  --keep true           keep the database`;

const WARM_UP_MS = 3_000;

const options = readOptions(USAGE, {
  watchers: '1000,5000',
  rate: '200',
  rounds: '3',
  seconds: '10',
  'flush-ms': '50',
  seed: '1',
  stuck: null,
  storm: null,
  queue: null,
  profile: null,
  output: null,
  keep: null,
});
const crowds = (options.watchers ?? '').split(',').map((text) => readCount('watchers', text, 1, 20_000));
const liveFlushMs = readCount('flush-ms', options['flush-ms'], 0, 1_000);
const settings = {
  crowds,
  changesPerSecond: readCount('rate', options.rate, 1, 10_000),
  rounds: readCount('rounds', options.rounds, 1, 100),
  warmUpMs: WARM_UP_MS,
  durationMs: readCount('seconds', options.seconds, 1, 600) * 1_000,
  seed: readCount('seed', options.seed, 0, 2 ** 31),
  liveFlushMs,
  overrides: {
    env: { LIVE_FLUSH_MS: String(liveFlushMs) },
    nodeOptions: options.profile === null ? [] : ['--cpu-prof', `--cpu-prof-dir=${options.profile}`],
  },
};

const machine = describeMachine();
const progress = (line: string): void => console.error(line);
const field = await createField({ only: ['frontrow'], poolSize: 1 });
let faults: readonly string[] = [];
try {
  const drill = await runDrill();
  if (drill === null) await runBenchmark();
  else {
    faults = [...drill.faults, ...(await theService(field).findFaults())];
    console.log([...describeRun(machine, await field.postgres.describe(), settings), '', drill.report].join('\n'));
    console.log(describeFaults(faults));
  }
} finally {
  await field.close(options.keep === 'true');
}
process.exitCode = faults.length === 0 ? 0 : 1;

/** One of the drills, when one was asked for. */
async function runDrill(): Promise<{ readonly report: string; readonly faults: readonly string[] } | null> {
  const count = (name: 'stuck' | 'storm' | 'queue'): number | null =>
    options[name] === null ? null : readCount(name, options[name], 1, 18_000);
  const [stuck, storm, queue] = [count('stuck'), count('storm'), count('queue')];
  if (stuck !== null) return runStuck(field, { ...settings, stuck, watchers: crowds[0] ?? 0 }, progress);
  if (storm !== null) return runStorm(field, { ...settings, watchers: storm }, progress);
  return queue === null ? null : runQueue(field, { ...settings, waiting: queue }, progress);
}

async function runBenchmark(): Promise<void> {
  const rounds = await runFanOut(field, settings, progress);
  faults = [
    ...rounds.flatMap(({ alone, crowds: measured }) => [
      ...alone.faults,
      ...measured.flatMap(({ service, broadcast }) => [...service.faults, ...broadcast.faults]),
    ]),
    ...(await theService(field).findFaults()),
  ];
  const postgres = await field.postgres.describe();
  const figures = { machine, postgres, settings, rounds, faults };
  console.log(summariseFanOut(figures));
  writeFigures(options.output, figures);
}
