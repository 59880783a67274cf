import { type CpuClocks, type CpuParts, startCpuParts } from '../../harness/machine/cpu-parts.ts';
import type { LoadProcess } from './load-process.ts';
import type { LoadPlan, LoadResult } from './plan.ts';

/** One measured phase of one contestant. */
export interface MeasuredLoad {
  readonly contestant: string;
  readonly round: number;
  /** 2xx answers, and all others, that arrived in time. */
  readonly acceptedPerSecond: number;
  readonly refusedPerSecond: number;
  /** Of the counted answers. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** CPU of each part for each counted answer, including answers that arrived after the end. */
  readonly cpuUs: CpuParts;
  /** CPU of the load process for each answer, and its share of a core. Near 1 the load itself is the limit. */
  readonly loadCpuUs: number;
  readonly loadCoreShare: number;
  readonly result: LoadResult;
}

/** Runs a plan and reads the CPU clocks right before its first request and right after its last answer. */
export async function measureLoad(settings: {
  readonly load: LoadProcess;
  readonly plan: LoadPlan;
  readonly clocks: CpuClocks;
  readonly contestant: string;
  readonly round: number;
  /** The answers by which CPU is divided: 2xx, which is the default, or all others. */
  readonly counted?: 'accepted' | 'refused';
}): Promise<MeasuredLoad> {
  const { load, plan, clocks, contestant, round, counted = 'accepted' } = settings;
  let takeParts = startCpuParts(clocks);
  let parts: CpuParts = {};
  const result = await load.run(plan, {
    beforeStart: () => {
      takeParts = startCpuParts(clocks);
    },
    afterEnd: () => {
      parts = takeParts();
    },
  });
  if (result.unanswered > 0) throw new Error(`${contestant} left ${result.unanswered} requests without an answer.`);
  const all = { accepted: countAccepted(result.allAnswers), refused: countRefused(result.allAnswers) };
  const perSecond = (count: number): number => (count / result.elapsedMs) * 1_000;
  return {
    contestant,
    round,
    acceptedPerSecond: perSecond(countAccepted(result.answers)),
    refusedPerSecond: perSecond(countRefused(result.answers)),
    p50Ms: result[counted].p50Ms,
    p99Ms: result[counted].p99Ms,
    cpuUs: Object.fromEntries(Object.entries(parts).map(([name, us]) => [name, us / Math.max(all[counted], 1)])),
    loadCpuUs: result.cpuUs / Math.max(all.accepted + all.refused, 1),
    loadCoreShare: result.cpuUs / 1_000 / result.elapsedMs,
    result,
  };
}

/** The number of 2xx answers. */
export function countAccepted(answers: Readonly<Record<string, number>>): number {
  return Object.entries(answers).reduce((sum, [status, count]) => sum + (Number(status) < 300 ? count : 0), 0);
}

function countRefused(answers: Readonly<Record<string, number>>): number {
  return Object.entries(answers).reduce((sum, [status, count]) => sum + (Number(status) < 300 ? 0 : count), 0);
}

/** A sentence for each phase in which a request was refused. */
export function findRefusals(phases: readonly MeasuredLoad[]): string[] {
  return phases
    .filter(({ result }) => Object.keys(result.codes).length > 0)
    .map(({ contestant, round, result }) => `${contestant}, round ${round}: refusals ${JSON.stringify(result.codes)}`);
}
