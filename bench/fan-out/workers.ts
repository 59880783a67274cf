import { createWorkerProcess } from '../../harness/process/worker-process.ts';
import type { WorkerProcess } from '../../harness/process/worker-process.ts';
import type { TurnoverCalls } from '../turnover/turnover-calls.ts';
import type { CrowdCalls } from '../watchers/crowd-calls.ts';

export type Crowd = WorkerProcess<CrowdCalls>;
export type Load = WorkerProcess<TurnoverCalls>;

/** The watchers, in a process of their own. */
export function createCrowd(): Crowd {
  return createWorkerProcess<CrowdCalls>(new URL('../watchers/crowd-worker.ts', import.meta.url));
}

/** Who holds and releases, in a process of its own. */
export function createLoad(): Load {
  return createWorkerProcess<TurnoverCalls>(new URL('../turnover/turnover-worker.ts', import.meta.url));
}
