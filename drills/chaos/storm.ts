import { setTimeout as pause } from 'node:timers/promises';
import { createFault, FAULT_NAMES, type FaultDependencies, type FaultName } from './faults.ts';

export interface StormOptions {
  readonly durationMs: number;
  /** Each kind of fault once, in random order, then again; `null`: all kinds. */
  readonly kinds: readonly FaultName[] | null;
  readonly say: (words: string) => void;
}

export interface StormReport {
  /** How often each fault was injected. */
  readonly counts: ReadonlyMap<FaultName, number>;
  /** Faults that could not be undone. */
  readonly failures: readonly string[];
}

const CALM_LEAST_MS = 1_000;
const CALM_MORE_MS = 3_000;
/** The share of faults that begin before the last one is over. A run with one kind of fault has no overlaps. */
const OVERLAP = 0.2;
const OVERLAP_AFTER_MS = 700;

/** Injects faults in the order of the seed, until the time is over and all of them are undone. */
export async function raiseStorm(
  deps: FaultDependencies,
  { durationMs, kinds, say }: StormOptions,
): Promise<StormReport> {
  const { random } = deps;
  const counts = new Map<FaultName, number>();
  const failures: string[] = [];
  const busy = new Set<object>();
  const beganMs = performance.now();
  const elapsed = (): string => `${((performance.now() - beganMs) / 1_000).toFixed(1)} s`;
  let deck: FaultName[] = [];
  const underWay = new Set<Promise<void>>();

  while (performance.now() - beganMs < durationMs) {
    if (deck.length === 0) deck = random.shuffle([...(kinds ?? FAULT_NAMES)]);
    const name = deck.pop();
    const fault = name === undefined ? null : createFault(name, deps, busy);
    if (fault !== null) {
      counts.set(fault.name, (counts.get(fault.name) ?? 0) + 1);
      say(`${elapsed()}: ${fault.name}: ${fault.words}`);
      busy.add(fault.subject);
      const running = fault
        .inject()
        .catch((error: unknown) => {
          failures.push(`${fault.name} (${fault.words}): ${error instanceof Error ? error.message : String(error)}`);
        })
        .finally(() => {
          busy.delete(fault.subject);
          underWay.delete(running);
        });
      underWay.add(running);
      await (kinds?.length !== 1 && random.chance(OVERLAP)
        ? Promise.race([running, pause(OVERLAP_AFTER_MS)])
        : running);
    }
    await pause(CALM_LEAST_MS + random.below(CALM_MORE_MS));
  }
  await Promise.all(underWay);
  return { counts, failures };
}
