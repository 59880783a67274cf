import { readCount } from '../../harness/options.ts';
import type { LoadPlan } from './plan.ts';

/** How holds are measured: on which seats, by how many, for how long. */
export interface HoldsLoad {
  readonly rounds: number;
  readonly durationMs: number;
  readonly warmUpMs: number;
  readonly connections: number;
  /** Schedules that are on sale at a time. */
  readonly spread: number;
  /** Of every schedule. */
  readonly seatCount: number;
  readonly seed: number;
}

const SEAT_COUNT = 50;
/** For reads that ask each path once. Holds are not measured behind a service that needs longer. */
const READS_LIMIT_MS = 60_000;

/** Reads it from the options of a command. Ends the process with a sentence when one of them is out of its limits. */
export function readHoldsLoad(
  options: Readonly<
    Record<'rounds' | 'seconds' | 'warm-up-seconds' | 'connections' | 'spread' | 'seed', string | null>
  >,
  { leastWarmUpSeconds }: { readonly leastWarmUpSeconds: number },
): HoldsLoad {
  return {
    rounds: readCount('rounds', options.rounds, 1, 100),
    durationMs: readCount('seconds', options.seconds, 1, 600) * 1_000,
    warmUpMs: readCount('warm-up-seconds', options['warm-up-seconds'], leastWarmUpSeconds, 600) * 1_000,
    connections: readCount('connections', options.connections, 1, 4_096),
    spread: readCount('spread', options.spread, 1, 10_000),
    seatCount: SEAT_COUNT,
    seed: readCount('seed', options.seed, 0, 2 ** 31),
  };
}

/** How many schedules have enough seats for a phase in which no more than `seatsPerSecond` are taken. */
export function countSchedules({ spread, seatCount }: HoldsLoad, seatsPerSecond: number, phaseMs: number): number {
  return Math.max(spread, Math.ceil((seatsPerSecond * phaseMs) / 1_000 / seatCount));
}

export interface HoldsPlans {
  /** Holds of every seat of these schedules. */
  holds(scheduleIds: readonly number[], phaseMs: number): LoadPlan;
  /** Asks for each path once, within a minute. */
  readOnce(paths: readonly string[]): LoadPlan;
  /** Asks for the paths in turns until the time is over. */
  readOn(paths: readonly string[], phaseMs: number): LoadPlan;
}

/** The plans of one round against one target. `repeat`: whether holds begin again at the first seat, where none is taken. */
export function planHolds(
  load: HoldsLoad,
  target: Pick<LoadPlan, 'port' | 'ports' | 'tokens'>,
  { round, repeat = false }: { readonly round: number; readonly repeat?: boolean },
): HoldsPlans {
  const { connections, spread, seatCount } = load;
  const common = { ...target, connections, seed: load.seed * 1_000 + round };
  return {
    holds: (scheduleIds, durationMs) => ({
      ...common,
      durationMs,
      work: { type: 'holds', path: '/api/v1/reservations', scheduleIds, seatCount, spread, repeat },
    }),
    readOnce: (paths) => ({ ...common, durationMs: READS_LIMIT_MS, work: { type: 'reads', paths, repeat: false } }),
    readOn: (paths, durationMs) => ({ ...common, durationMs, work: { type: 'reads', paths, repeat: true } }),
  };
}

/** Where the seat maps of these schedules are read. */
export function mapPathsOf(scheduleIds: readonly number[]): string[] {
  return scheduleIds.map((id) => `/api/v1/schedules/${id}/seats`);
}
