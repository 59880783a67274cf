import type { LoadPlan, LoadResult } from './plan.ts';

/** The calls that the load process answers. */
export type LoadCalls = {
  /** Builds every request of a plan. */
  prepare: (plan: LoadPlan) => Promise<void>;
  /** Runs the plan that was prepared last. */
  run: (nothing: Record<string, never>) => Promise<LoadResult>;
};
