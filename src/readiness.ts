/** Why a node may not serve: short stable words that `/readyz` tells in English. */
export type ReadinessReason =
  | 'draining'
  | 'database'
  | 'no answer from the database within the lease'
  | "another node owns this database's schedules, and only one node may at a time"
  | 'not a member of the cluster'
  | 'the waiting room is not open yet';

/** Whether a node may serve. `reasons` says why not; `degraded` names what is away without stopping sales. */
export interface Readiness {
  readonly ready: boolean;
  /** Empty when ready. */
  readonly reasons: readonly ReadinessReason[];
  /** For instance `queue` when Redis is away. */
  readonly degraded: readonly string[];
}
