import type { LoadResult } from '../load/plan.ts';

/** One measured phase of one contestant. */
export interface Phase {
  readonly contestant: string;
  readonly round: number;
  readonly acceptedPerSecond: number;
  readonly refusedPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** CPU of the server's process for each answer of the kind that the scenario counts. */
  readonly serverCpuUs: number;
  /** CPU of PostgreSQL, all its processes, for each such answer. */
  readonly databaseCpuUs: number;
  /** CPU of the load process for each answer. */
  readonly loadCpuUs: number;
  /** How much of one core the load process used. Near 1 it is the bottleneck and the phase says nothing. */
  readonly loadCoreShare: number;
  readonly serverCoreShare: number;
  /** Null where every hold is a commit. */
  readonly flushes: FlushFigures | null;
  readonly result: LoadResult;
}

/** A phase of a contestant that commits in groups. */
export interface FlushFigures {
  readonly entriesPerFlush: number;
  readonly flushMs: number;
}

export interface CpuReading {
  readonly serverUs: number;
  readonly databaseUs: number;
}

/** What the scenario counts: accepted holds, or refusals. */
export type Counted = 'accepted' | 'refused';

/** Derives a phase's figures. CPU is divided by all answers of the kind, the last ones in flight included. */
export function measurePhase(
  contestant: string,
  round: number,
  counted: Counted,
  result: LoadResult,
  before: CpuReading,
  after: CpuReading,
): Phase {
  const sum = (answers: Readonly<Record<string, number>>, kind: Counted): number =>
    Object.entries(answers).reduce(
      (total, [status, count]) => total + (Number(status) < 300 === (kind === 'accepted') ? count : 0),
      0,
    );
  const seconds = result.elapsedMs / 1_000;
  const countedAll = Math.max(sum(result.allAnswers, counted), 1);
  const all = Math.max(sum(result.allAnswers, 'accepted') + sum(result.allAnswers, 'refused'), 1);
  const latency = counted === 'accepted' ? result.accepted : result.refused;
  return {
    contestant,
    round,
    acceptedPerSecond: sum(result.answers, 'accepted') / seconds,
    refusedPerSecond: sum(result.answers, 'refused') / seconds,
    p50Ms: latency.p50Ms,
    p99Ms: latency.p99Ms,
    serverCpuUs: (after.serverUs - before.serverUs) / countedAll,
    databaseCpuUs: (after.databaseUs - before.databaseUs) / countedAll,
    loadCpuUs: result.cpuUs / all,
    loadCoreShare: result.cpuUs / 1_000 / result.elapsedMs,
    serverCoreShare: (after.serverUs - before.serverUs) / 1_000 / result.elapsedMs,
    flushes: null,
    result,
  };
}
