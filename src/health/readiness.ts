export const STANDING_BY = "another node owns this database's schedules, and only one node may at a time";

/** The reasons why a node may not serve: short stable texts that `/readyz` shows. */
export type ReadinessReason =
  | 'draining'
  | 'database'
  | 'the database refuses writes'
  | 'no answer from the database within the lease'
  | typeof STANDING_BY
  | 'not a member of the cluster'
  | 'most other nodes do not reach this node'
  | 'the waiting room is not open yet';

/** Whether a node may serve. `reasons` says why not; `degraded` names unavailable parts that do not stop sales. */
export interface Readiness {
  readonly ready: boolean;
  /** Empty when ready. */
  readonly reasons: readonly ReadinessReason[];
  /** For instance `queue` when Redis is unavailable. */
  readonly degraded: readonly string[];
}

/** Judges from the state of its parts whether a node may serve. `room` is null while the waiting room is not open. */
export function judgeReadiness({
  isDatabaseConnected,
  isWriteRefused,
  isDraining,
  membership,
  room,
}: {
  readonly isDatabaseConnected: boolean;
  readonly isWriteRefused: boolean;
  readonly isDraining: boolean;
  readonly membership: readonly ReadinessReason[];
  readonly room: { readonly isDegraded: boolean } | null;
}): Readiness {
  const reasons: ReadinessReason[] = [];
  if (!isDatabaseConnected) reasons.push('database');
  else if (isWriteRefused) reasons.push('the database refuses writes');
  if (isDraining) reasons.push('draining');
  reasons.push(...membership);
  // Report this only without another reason, which may be the cause.
  if (reasons.length === 0 && room === null) reasons.push('the waiting room is not open yet');
  return { ready: reasons.length === 0, reasons, degraded: room?.isDegraded === true ? ['queue'] : [] };
}
