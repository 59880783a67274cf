import type { Command } from '../harness/command.ts';
import { closeOnInterruption } from '../harness/interruption.ts';
import { choice, count, optionalCount, readOptions, seedFromClock, some } from '../harness/options.ts';
import { FAULT_NAMES } from './chaos/faults.ts';
import { MUTATION_NAMES } from './chaos/mutations.ts';
import { runChaos } from './chaos/run-chaos.ts';
import { describeVerdict } from './chaos/verdict.ts';

const OPTIONS = {
  minutes: count(20, 1, 1_440, 'how long faults are injected'),
  seconds: optionalCount(1, 86_400, 'the same in seconds'),
  rate: optionalCount(1, 100_000, 'requests a second; by default half of what a probe measures'),
  seed: seedFromClock('order of the faults and of the requests; the timing of the machine does not replay'),
  faults: some(FAULT_NAMES, 'only these'),
  via: choice(['nodes', 'front'], 'nodes: the load goes to every node, dead or alive; front: through the balancer'),
  without: choice(
    ['nothing', ...MUTATION_NAMES],
    `or ${MUTATION_NAMES.join(', ')}: the nodes lack it, and the run must find that`,
  ),
};

/**
 * Three nodes under constant load and random faults: nodes are killed, stopped and restarted; so are PostgreSQL and Redis, which is
 * emptied too; links between nodes are cut, one way and both ways. In the end everything heals, and the judge compares all
 * answers with the database. With `--without` a run succeeds only when it finds what the nodes lack.
 */
export const chaos: Command = {
  name: 'chaos',
  says: 'three nodes under constant load and random faults: audit clean, history linear, every request answered (21 min)',
  async run(args) {
    const options = readOptions('npm run drill -- chaos', OPTIONS, args);
    const { seed, rate, faults, via } = options;
    const without = options.without === 'nothing' ? null : options.without;
    let close: () => Promise<void> = async () => undefined;
    closeOnInterruption(() => close());
    const verdict = await runChaos({
      seed,
      durationMs: (options.seconds ?? options.minutes * 60) * 1_000,
      perSecond: rate,
      kinds: faults,
      size: { busy: 12, quiet: 36, soldOut: 6, seats: 40, fans: 400, queuers: 40 },
      via,
      without,
      say: (words) => console.log(words),
      onCluster: (ending) => (close = ending),
    });
    console.log(describeVerdict(verdict));
    const hasFound = verdict.findings.length > 0;
    if (without !== null) console.log(`The run ${hasFound ? 'found' : 'did not find'} that ${without} is gone.`);
    process.exitCode = hasFound === (without !== null) ? 0 : 1;
  },
};
