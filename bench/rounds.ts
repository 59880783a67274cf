import { createRandom } from '../harness/random.ts';

/**
 * Measures every contender once a round and returns all phases in the order in which they ran. Every round has a
 * random order that replays from the seed, so that drift, such as other load on the machine, favours no contender. The
 * rate of each phase is written to standard error when its contender is done, unless `labelOf` is left out.
 */
export async function runRounds<Contender, Phase extends { readonly acceptedPerSecond: number }>(settings: {
  readonly rounds: number;
  readonly seed: number;
  readonly contenders: readonly Contender[];
  readonly run: (contender: Contender, round: number) => Promise<readonly Phase[]>;
  /** The name of a phase on standard error, padded to a column. */
  readonly labelOf?: (phase: Phase) => string;
}): Promise<Phase[]> {
  const { rounds, seed, contenders, run, labelOf } = settings;
  const random = createRandom(seed);
  const phases: Phase[] = [];
  for (let round = 1; round <= rounds; round += 1) {
    for (const contender of random.shuffle([...contenders])) {
      const measured = await run(contender, round);
      phases.push(...measured);
      if (labelOf === undefined) continue;
      for (const phase of measured) {
        const rate = Math.round(phase.acceptedPerSecond).toLocaleString('en-US');
        console.error(`round ${round}/${rounds}  ${labelOf(phase)} ${rate.padStart(8)}/s`);
      }
    }
  }
  return phases;
}
