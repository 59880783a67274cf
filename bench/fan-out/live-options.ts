import { count, text, type Values } from '../../harness/options.ts';
import type { StartOverrides } from '../contestants/frontrow.ts';
import { describeRun, type RunFigures } from '../report/run-figures.ts';

/** How the service and the changes are, whatever is measured of the live maps. */
export interface LiveSettings {
  readonly rounds: number;
  readonly changesPerSecond: number;
  readonly warmUpMs: number;
  readonly durationMs: number;
  readonly seed: number;
  readonly overrides: StartOverrides;
}

const WARM_UP_MS = 3_000;
/** Above this many sockets the machine runs out of ports. */
export const SOCKETS_MOST = 18_000;

export const LIVE_OPTIONS = {
  rounds: count(3, 1, 100, 'rounds of all phases'),
  rate: count(200, 1, 10_000, 'changes a second: holds and releases of single seats'),
  seconds: count(10, 1, 600, 'length of a measured phase'),
  flushMs: count(50, 0, 1_000, 'LIVE_FLUSH_MS of the service'),
  seed: count(1, 0, 2 ** 31, 'order of the changes'),
  profile: text('DIR', 'write CPU profiles of the service there, which makes the figures useless'),
};

export function readLiveSettings(options: Values<typeof LIVE_OPTIONS>): LiveSettings {
  const { rounds, rate, seconds, seed, flushMs, profile } = options;
  return {
    rounds,
    changesPerSecond: rate,
    warmUpMs: WARM_UP_MS,
    durationMs: seconds * 1_000,
    seed,
    overrides: {
      env: { LIVE_FLUSH_MS: String(flushMs) },
      nodeOptions: profile === null ? [] : ['--cpu-prof', `--cpu-prof-dir=${profile}`],
    },
  };
}

/** The machine and the settings that the figures belong to, in two lines. */
export function describeLiveRun(figures: RunFigures): string[] {
  const { rate, flushMs, seconds } = figures.settings;
  return describeRun(
    figures,
    `${String(rate)} changes/s, LIVE_FLUSH_MS ${String(flushMs)}, phases of ${String(seconds)} s`,
  );
}
