import type { ActivitySample } from './activity-sample.ts';
import type { Verdict } from './health-verdict.ts';

export interface ActivityReport {
  readonly node: string;
  readonly stepMs: number;
  /** Steps that are remembered at most. */
  readonly stepsKept: number;
  readonly verdict: Verdict;
  /** In order; all that is remembered, or what came after the step that was asked for. */
  readonly samples: readonly ActivitySample[];
}

/** What a node remembers of its last minutes. */
export interface Activity {
  /**
   * The samples after number `since`; all of them for 0, and for a number that the node has not reached, because it was
   * another's or that of before a restart. Never waits and needs no database.
   */
  report(since: number): ActivityReport;
}
