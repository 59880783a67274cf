/** The load process: receives a plan, builds its requests, says `ready`, and runs it when told to go. */
import { buildRequests } from './requests.ts';
import { runLoad } from './generator.ts';
import type { LoadPlan, LoadResult } from './plan.ts';

export type ToWorker = { readonly type: 'plan'; readonly plan: LoadPlan } | { readonly type: 'go' };
export type FromWorker =
  | { readonly type: 'ready' }
  | { readonly type: 'result'; readonly result: LoadResult }
  | { readonly type: 'failed'; readonly reason: string };

let plan: LoadPlan | null = null;
let requests: Buffer[] = [];

function tell(message: FromWorker): void {
  process.send?.(message);
}

process.on('message', (message: ToWorker) => {
  if (message.type === 'plan') {
    plan = message.plan;
    requests = buildRequests(message.plan);
    tell({ type: 'ready' });
    return;
  }
  if (plan !== null) {
    runLoad(plan, requests).then(
      (result) => tell({ type: 'result', result }),
      (error: unknown) => tell({ type: 'failed', reason: String(error) }),
    );
  }
});
process.on('disconnect', () => process.exit(0));
