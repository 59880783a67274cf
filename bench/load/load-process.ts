import { createWorkerProcess } from '../../harness/process/worker-process.ts';
import type { LoadCalls } from './load-worker.ts';
import type { LoadPlan, LoadResult } from './plan.ts';

/** The load in a process of its own. `run` is for one plan at a time; `close` ends the process. */
export interface LoadProcess {
  /** `beforeStart` runs when every request is built and none is sent; `afterEnd` runs when the last answer has arrived. */
  run(plan: LoadPlan, around?: { beforeStart?: () => void; afterEnd?: () => void }): Promise<LoadResult>;
  close(): void;
}

/** Starts a load process. When it dies, the current run rejects. */
export function createLoadProcess(): LoadProcess {
  const worker = createWorkerProcess<LoadCalls>(new URL('./load-worker.ts', import.meta.url));
  return {
    async run(plan, around = {}) {
      await worker.call('prepare', plan);
      around.beforeStart?.();
      const result = await worker.call('run', {});
      around.afterEnd?.();
      return result;
    },
    close: () => worker.close(),
  };
}
