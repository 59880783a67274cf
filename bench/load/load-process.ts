import { fork } from 'node:child_process';
import type { FromWorker, ToWorker } from './load-worker.ts';
import type { LoadPlan, LoadResult } from './plan.ts';

/** The load in a process of its own. `run` is for one plan at a time; `close` ends the process. */
export interface LoadProcess {
  /** `beforeStart` runs when every request is built and nothing is sent yet; `afterEnd` when the last answer is in. */
  run(plan: LoadPlan, around?: { beforeStart?: () => void; afterEnd?: () => void }): Promise<LoadResult>;
  close(): void;
}

/** Starts a load process. A process that dies rejects what runs. */
export function createLoadProcess(): LoadProcess {
  const child = fork(new URL('./load-worker.ts', import.meta.url), { stdio: 'inherit' });
  const send = (message: ToWorker): void => void child.send(message);
  const hear = (): Promise<FromWorker> =>
    new Promise((resolve, reject) => {
      const onMessage = (message: FromWorker): void => {
        child.off('exit', onExit);
        resolve(message);
      };
      const onExit = (code: number | null): void => {
        child.off('message', onMessage);
        reject(new Error(`The load process ended with code ${code}.`));
      };
      child.once('message', onMessage);
      child.once('exit', onExit);
    });
  return {
    async run(plan, around = {}) {
      const ready = hear();
      send({ type: 'plan', plan });
      await ready;
      around.beforeStart?.();
      const heard = hear();
      send({ type: 'go' });
      const message = await heard;
      around.afterEnd?.();
      if (message.type !== 'result') {
        throw new Error(message.type === 'failed' ? message.reason : 'The load process spoke out of turn.');
      }
      return message.result;
    },
    close() {
      if (child.connected) {
        child.disconnect();
      }
    },
  };
}
