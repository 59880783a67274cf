/** The load process; see `LoadCalls`. */
import { serveCalls } from '../../harness/process/serve-calls.ts';
import { runLoad } from './generator.ts';
import type { LoadCalls } from './load-calls.ts';
import type { LoadPlan } from './plan.ts';
import { buildRequests } from './requests.ts';

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
