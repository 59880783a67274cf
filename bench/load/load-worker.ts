/** The load process; see `LoadCalls`. */
import { serveCalls } from '../../harness/process/serve-calls.ts';
import { runLoad } from './generator.ts';
import type { LoadPlan, LoadResult } from './plan.ts';
import { buildRequests } from './requests.ts';

/** The calls that the load process answers. */
export type LoadCalls = {
  /** Builds every request of a plan. */
  prepare: (plan: LoadPlan) => Promise<void>;
  /** Runs the plan that was prepared last. */
  run: (nothing: Record<string, never>) => Promise<LoadResult>;
};

let prepared: { readonly plan: LoadPlan; readonly requests: readonly Buffer[] } | null = null;

const calls: LoadCalls = {
  async prepare(plan) {
    prepared = { plan, requests: buildRequests(plan) };
  },
  async run() {
    if (prepared === null) throw new Error('No plan was prepared.');
    return runLoad(prepared.plan, prepared.requests);
  },
};

serveCalls(calls);
