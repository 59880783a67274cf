import { type CpuClocks, type CpuParts, startCpuParts } from '../../harness/machine/cpu-parts.ts';
import type { LoadProcess } from './load-process.ts';
import type { LoadPlan, LoadResult } from './plan.ts';

/** A load and what it cost whom. */
export interface MeasuredLoad {
  readonly contestant: string;
  readonly round: number;
  /** 2xx answers inside the time. */
  readonly acceptedPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** CPU for each 2xx answer, those in flight at the end included. */
  readonly cpuUs: CpuParts;
  /** CPU of the load process for each answer, and how much of a core it used. */
  readonly loadCpuUs: number;
  readonly loadCoreShare: number;
  readonly result: LoadResult;
}

/** Runs a plan and reads the CPU clocks right before its first request and right after its last answer. */
export async function measureParts(settings: {
  readonly load: LoadProcess;
  readonly plan: LoadPlan;
  readonly clocks: CpuClocks;
  readonly contestant: string;
  readonly round: number;
}): Promise<MeasuredLoad> {
  const { load, plan, clocks, contestant, round } = settings;
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
  const accepted = countAccepted(result.allAnswers);
  const all = Object.values(result.allAnswers).reduce((sum, count) => sum + count, 0);
  return {
    contestant,
    round,
    acceptedPerSecond: (countAccepted(result.answers) / result.elapsedMs) * 1_000,
    p50Ms: result.accepted.p50Ms,
    p99Ms: result.accepted.p99Ms,
    cpuUs: Object.fromEntries(Object.entries(parts).map(([name, us]) => [name, us / Math.max(accepted, 1)])),
    loadCpuUs: result.cpuUs / Math.max(all, 1),
    loadCoreShare: result.cpuUs / 1_000 / result.elapsedMs,
    result,
  };
}

/** Of answers by status, those that are 2xx. */
export function countAccepted(answers: Readonly<Record<string, number>>): number {
  return Object.entries(answers).reduce((sum, [status, count]) => sum + (Number(status) < 300 ? count : 0), 0);
}
