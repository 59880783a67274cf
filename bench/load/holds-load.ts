import type { CpuClocks } from '../../harness/machine/cpu-parts.ts';
import { count, type Values } from '../../harness/options.ts';
import type { LoadProcess } from './load-process.ts';
import { countAccepted, type MeasuredLoad, measureLoad } from './measured-load.ts';
import type { LoadPlan } from './plan.ts';

/** How holds are measured: the seats, the connections, the time. */
export interface HoldsLoad {
  readonly durationMs: number;
  readonly warmUpMs: number;
  readonly connections: number;
  /** Schedules that are on sale at a time. */
  readonly spread: number;
  readonly seed: number;
}

/** Of every schedule. */
export const SEAT_COUNT = 50;
/** For reads that ask each path once. Holds are not measured behind a service that needs longer. */
const READS_LIMIT_MS = 60_000;
const READ_ATTEMPTS = 5;

/** The options of every benchmark that compares contestants in rounds. */
export function roundOptions(usual: { rounds: number; seconds: number; warmUpSeconds: number; connections: number }) {
  return {
    rounds: count(usual.rounds, 1, 100, 'phases of each contestant'),
    seconds: count(usual.seconds, 1, 600, 'length of a measured phase'),
    warmUpSeconds: count(usual.warmUpSeconds, 1, 600, 'load before it, on seats or tokens of its own'),
    connections: count(usual.connections, 1, 4_096, 'keep-alive connections'),
    seed: count(1, 0, 2 ** 31, 'order of the contestants and of the requests'),
  };
}

/** The same with the seats that are on sale. */
export function holdsOptions(usual: Parameters<typeof roundOptions>[0]) {
  return {
    ...roundOptions(usual),
    spread: count(200, 1, 10_000, `schedules that are on sale at a time, of ${SEAT_COUNT} seats each`),
  };
}

export function readHoldsLoad(options: Values<ReturnType<typeof holdsOptions>>): HoldsLoad {
  const { seconds, warmUpSeconds, connections, spread, seed } = options;
  return { durationMs: seconds * 1_000, warmUpMs: warmUpSeconds * 1_000, connections, spread, seed };
}

/** The number of schedules with enough seats for a phase in which at most `seatsPerSecond` are held. */
export function countSchedules({ spread }: HoldsLoad, seatsPerSecond: number, phaseMs: number): number {
  return Math.max(spread, Math.ceil((seatsPerSecond * phaseMs) / 1_000 / SEAT_COUNT));
}

interface HoldsPhase {
  readonly load: LoadProcess;
  readonly holdsLoad: HoldsLoad;
  readonly contestant: string;
  readonly round: number;
  readonly clocks: CpuClocks;
  readonly target: Pick<LoadPlan, 'port' | 'ports' | 'tokens'>;
  readonly warmUpIds: readonly number[];
  readonly scheduleIds: readonly number[];
  /** Paths that are read once before the load. */
  readonly warmPaths: readonly string[];
  /** Whether holds begin again at the first seat, where none is really held. */
  readonly repeat?: boolean;
  /** Live reservations of these schedules in the database; null where nothing is stored. */
  readonly countHolds: ((scheduleIds: readonly number[]) => Promise<number>) | null;
  /** Counters of the service; the measured phase reports by how much each has grown. */
  readonly readCounters?: () => Promise<Readonly<Record<string, number>>>;
}

/** A phase of holds that was measured. */
export interface MeasuredHolds {
  readonly held: MeasuredLoad;
  readonly counters: Readonly<Record<string, number>>;
  readonly faults: readonly string[];
  /** Reads the paths in turns for `phaseMs` and measures that, as `contestant`. */
  read(contestant: string, paths: readonly string[], phaseMs: number): Promise<MeasuredLoad>;
}

/** Reads the maps once, warms up, measures holds of distinct free seats, and compares the acknowledged with the stored ones. */
export async function measureHolds(phase: HoldsPhase): Promise<MeasuredHolds> {
  const { load, holdsLoad, contestant, round, clocks, target, scheduleIds, warmPaths, repeat = false } = phase;
  const { connections, spread, durationMs, warmUpMs } = holdsLoad;
  const common = { ...target, connections, seed: holdsLoad.seed * 1_000 + round };
  const holdsOf = (ids: readonly number[], ms: number): LoadPlan => {
    const path = '/api/v1/reservations';
    return {
      ...common,
      durationMs: ms,
      work: { type: 'holds', path, scheduleIds: ids, seatCount: SEAT_COUNT, spread, repeat },
    };
  };
  const readsOf = (paths: readonly string[], ms: number, isRepeated: boolean): LoadPlan => {
    return { ...common, durationMs: ms, work: { type: 'reads', paths, repeat: isRepeated } };
  };
  if (warmPaths.length > 0) await readAll(load, readsOf(warmPaths, READS_LIMIT_MS, false), warmPaths.length);
  await load.run(holdsOf(phase.warmUpIds, warmUpMs));
  const before = (await phase.readCounters?.()) ?? {};
  const held = await measureLoad({ load, clocks, contestant, round, plan: holdsOf(scheduleIds, durationMs) });
  const after = (await phase.readCounters?.()) ?? {};
  const acknowledged = countAccepted(held.result.allAnswers);
  const stored = (await phase.countHolds?.(scheduleIds)) ?? acknowledged;
  return {
    held,
    counters: growthOf(before, after),
    faults:
      stored === acknowledged
        ? []
        : [`${contestant}, round ${round}: ${acknowledged} holds were acknowledged, ${stored} are stored`],
    read: (name, paths, ms) => measureLoad({ load, clocks, contestant: name, round, plan: readsOf(paths, ms, true) }),
  };
}

/** Runs reads that activate schedules. A busy service sheds some of them, so it repeats all reads before it gives up. */
async function readAll(load: LoadProcess, reads: LoadPlan, count: number): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    const { allAnswers } = await load.run(reads);
    if (countAccepted(allAnswers) === count) return;
    if (attempt === READ_ATTEMPTS) throw new Error(`The first reads were answered with ${JSON.stringify(allAnswers)}.`);
  }
}

/** By how much each counter has grown. */
export function growthOf(before: Readonly<Record<string, number>>, after: Readonly<Record<string, number>>) {
  return Object.fromEntries(Object.entries(after).map(([name, value]) => [name, value - (before[name] ?? 0)]));
}

/** The paths of the seat maps of these schedules. */
export function mapPathsOf(scheduleIds: readonly number[]): string[] {
  return scheduleIds.map((id) => `/api/v1/schedules/${id}/seats`);
}
