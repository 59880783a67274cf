import type { HealthReason, HealthReasonCode, Verdict } from './health-verdict.ts';
import { STANDING_BY, type Readiness, type ReadinessReason } from './readiness.ts';

/* Judges all nodes together: the state is that of the worst. Pure. */

export type NodeState =
  | 'SERVING'
  /** Ready to take over; only one node may own at a time. */
  | 'STANDING_BY'
  | 'DRAINING'
  | 'NOT_READY'
  /** It has published no figures yet. */
  | 'JOINING'
  | 'NOT_ANSWERING'
  /** It has said goodbye. */
  | 'STOPPED'
  | 'DEAD';

export interface NodeStanding {
  /** NODE_ID:incarnation. */
  readonly node: string;
  readonly state: NodeState;
  /** When it died, stopped or published last; epoch milliseconds of the database's clock, null for the other states. */
  readonly sinceMs: number | null;
  /** Why it may not serve; empty when it may. */
  readonly readiness: readonly ReadinessReason[];
  /** Of its own verdict. */
  readonly reasons: readonly HealthReason[];
}

/** The same for every node, so one report suffices. */
const SHARED: ReadonlySet<HealthReasonCode> = new Set(['QUEUE_PAUSED', 'DATABASE_AWAY', 'NO_LIVING_NODE', 'PART_AWAY']);

export function stateOfAnswering({ reasons }: Pick<Readiness, 'reasons'>): NodeState {
  if (reasons.length === 0) return 'SERVING';
  if (reasons.includes('draining')) return 'DRAINING';
  return reasons.every((reason) => reason === STANDING_BY) ? 'STANDING_BY' : 'NOT_READY';
}

/** In the order of joining, but for the answering node, which comes first. */
export function judgeCluster(nodes: readonly NodeStanding[]): Verdict {
  const reasons: HealthReason[] = [];
  const isAlone = nodes.length === 1;
  for (const standing of lastOfEach(nodes)) {
    const isAnotherServing = nodes.some(({ node, state }) => node !== standing.node && state === 'SERVING');
    for (const reason of reasonsOf(standing, isAnotherServing)) {
      if (!SHARED.has(reason.code)) reasons.push({ ...reason, node: isAlone ? null : nameOf(standing) });
      else if (!reasons.some(({ code, subject }) => code === reason.code && subject === reason.subject)) {
        reasons.push(reason);
      }
    }
  }
  const sorted = reasons.toSorted((one, other) => rankOf(one) - rankOf(other));
  return { state: sorted[0]?.severity ?? 'HEALTHY', reasons: sorted };
}

/** NODE_ID. */
function nameOf({ node }: { readonly node: string }): string {
  return node.split(':', 1).join();
}

/** A node that was restarted under its name is not dead. */
function lastOfEach(nodes: readonly NodeStanding[]): NodeStanding[] {
  const living = new Set(nodes.filter(({ state }) => !isGone(state)).map(nameOf));
  const gone = new Map(nodes.filter(({ state }) => isGone(state)).map((standing) => [nameOf(standing), standing]));
  return [
    ...nodes.filter(({ state }) => !isGone(state)),
    ...[...gone].flatMap(([name, standing]) => (living.has(name) ? [] : [standing])),
  ];
}

function isGone(state: NodeState): boolean {
  return state === 'DEAD' || state === 'STOPPED';
}

function reasonsOf({ state, sinceMs, reasons }: NodeStanding, isAnotherServing: boolean): readonly HealthReason[] {
  const degraded = { severity: 'DEGRADED', value: sinceMs, bound: null, subject: null, node: null } as const;
  switch (state) {
    case 'DEAD':
      return [{ ...degraded, code: 'NODE_DEAD' }];
    case 'NOT_ANSWERING':
      return [{ ...degraded, code: 'NODE_SILENT' }];
    case 'STOPPED':
    case 'JOINING':
      return [];
    case 'STANDING_BY':
      return isAnotherServing ? reasons.filter(({ subject }) => subject !== STANDING_BY) : reasons;
    case 'DRAINING':
      return isAnotherServing
        ? reasons.map((reason) => (reason.subject === 'draining' ? eased(reason) : reason))
        : reasons;
    case 'SERVING':
    case 'NOT_READY':
      return reasons;
  }
}

/** A planned stop, while others serve. */
function eased(reason: HealthReason): HealthReason {
  return { ...reason, code: 'NODE_DRAINING', severity: 'DEGRADED', subject: null };
}

function rankOf({ severity }: HealthReason): number {
  return severity === 'IN_TROUBLE' ? 0 : 1;
}
