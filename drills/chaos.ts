/**
 * `npm run bench:chaos -- --minutes 20`: three nodes under constant load and random faults, then the audit and the history of all answers.
 *
 * Nodes are killed, stopped and restarted; so are PostgreSQL and Redis, which is emptied too; links between nodes are cut, one way and both.
 * At the end everything heals, and what the clients were told is judged by what the database says. Exits with 1 when anything is wrong.
 * With `--without`, nodes lack what the name says, and the run is to find that out: it exits with 0 when it has.
 */
import { FAULT_NAMES, type FaultName } from './chaos/faults.ts';
import { isMutationName, MUTATION_NAMES } from './chaos/mutations.ts';
import { runChaos } from './chaos/run-chaos.ts';
import { describeVerdict } from './chaos/verdict.ts';
import { closeOnInterruption } from '../harness/interruption.ts';
import { readCount, readOptions } from '../harness/options.ts';

const USAGE = `npm run bench:chaos -- [options]
  --minutes 20           how long faults are injected
  --seconds N            the same in seconds
  --rate N               acts a second; otherwise half of what the machine gives
  --seed N               the order of faults and what is asked; not the machine's timing
  --faults LIST          only these, parted by commas: ${FAULT_NAMES.join(', ')}
  --via nodes            nodes: the load goes to each of them, dead or alive; front: through a balancer that asks who is ready
  --without NAME         ${MUTATION_NAMES.join(' or ')}: nodes lack it, and the run must notice`;

const EXIT_USAGE = 64;

const options = readOptions(USAGE, {
  minutes: '20',
  seconds: null,
  rate: null,
  seed: null,
  faults: null,
  via: 'nodes',
  without: null,
});
const seconds =
  options.seconds === null
    ? readCount('minutes', options.minutes, 1, 1_440) * 60
    : readCount('seconds', options.seconds, 1, 86_400);
const perSecond = options.rate === null ? null : readCount('rate', options.rate, 1, 100_000);
const seed = options.seed === null ? Date.now() % 2 ** 31 : readCount('seed', options.seed, 0, 2 ** 31);
const kinds = options.faults === null ? null : readFaults(options.faults);
const { without } = options;
const via = options.via === 'front' || options.via === 'nodes' ? options.via : refuse('--via takes nodes or front.');
if (without !== null && !isMutationName(without)) refuse(`--without takes ${MUTATION_NAMES.join(' or ')}.`);

let close: () => Promise<void> = async () => undefined;
closeOnInterruption(() => close());
try {
  const verdict = await runChaos({
    seed,
    durationMs: seconds * 1_000,
    perSecond,
    kinds,
    size: { busy: 12, quiet: 36, soldOut: 6, seats: 40, fans: 400, queuers: 40 },
    via,
    without,
    say: (words) => console.log(words),
    onCluster: (ending) => (close = ending),
  });
  console.log(describeVerdict(verdict));
  const hasFound = verdict.findings.length > 0;
  if (without !== null)
    console.log(hasFound ? `It was noticed that ${without} is gone.` : `Nobody noticed that ${without} is gone.`);
  process.exitCode = hasFound === (without !== null) ? 0 : 1;
} catch (error) {
  console.error(error instanceof Error ? (error.stack ?? error.message) : error);
  process.exitCode = 1;
}

function readFaults(text: string): FaultName[] {
  return text.split(',').map((name) => {
    const known = FAULT_NAMES.find((each) => each === name.trim());
    return known ?? refuse(`There is no fault "${name.trim()}".`);
  });
}

function refuse(reason: string): never {
  console.error(`${reason}\n\n${USAGE}`);
  process.exit(EXIT_USAGE);
}
