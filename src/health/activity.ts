import type { ActivitySample } from './activity-sample.ts';
import type { Verdict } from './health-verdict.ts';

export interface ActivityReport {
  readonly node: string;
  readonly stepMs: number;
  /** The most steps that a node remembers. */
  readonly stepsKept: number;
  readonly verdict: Verdict;
  /** In order: the steps after the requested one, or all. */
  readonly samples: readonly ActivitySample[];
}

/** A node's memory of its last minutes. */
export interface Activity {
  /**
   * The samples after number `since`; all of them for 0, and for a number that this node has not reached, because it came from
   * another node or from before a restart. Never waits and needs no database.
   */
  report(since: number): ActivityReport;
}
