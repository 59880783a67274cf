import type { Heartbeat, NodeRecords, NodeRow } from '../domain/node.ts';
import type { ReadinessReason } from '../health/readiness.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Log } from '../runtime/log.ts';
import type { ForeignSecret } from './strangers.ts';

export interface MembershipDependencies {
  readonly records: NodeRecords;
  readonly heartbeat: Heartbeat;
  readonly clock: Clock;
  readonly nodeId: string;
  /** Where peers reach this node. */
  readonly address: () => string;
  /** Which cluster secrets this node knows; null where nodes need none. */
  readonly secretFingerprints: readonly string[] | null;
  readonly newIncarnation: () => string;
  /** MEMBERS-4. */
  readonly isExclusive: boolean;
  readonly log: Log;
  /** The nodes that this one reaches over its own links; null where nodes have no links. */
  readonly reaches: () => readonly string[] | null;
  /** This node was declared dead or stands aside: nothing it believed to own is its own. */
  readonly onLost: () => void;
  /** This node became the one that may own, or ceased to be. */
  readonly onMayOwn: (mayOwn: boolean) => void;
  /** MEMBERS-6. This node has given up, and should be closed. */
  readonly onForeignSecret: (error: ForeignSecret) => void;
  /** Called after every look at who lives, also when nothing changed. */
  readonly onLook?: () => void;
}

export interface Membership {
  readonly node: string;
  /** Whether what writes nothing may be answered. */
  isLeaseValid(): boolean;
  mayOwn(): boolean;
  /** Another one whenever this node lost everything that it owned: what was claimed under an earlier one is void. */
  readonly tenure: string;
  /** Those that schedules are shared among, in the order of joining. The same array until they change. */
  owners(): readonly string[];
  living(): readonly NodeRow[];
  /** Whether that node stands aside: it answers nothing. */
  isAside(node: string): boolean;
  /** MEMBERS-5. */
  readonly isLeaving: boolean;
  /** Why this node may not serve, for operators; empty when it may. */
  reasons(): readonly ReadinessReason[];
  /** Joins. Throws a ForeignSecret where nodes with other secrets are running. */
  start(): Promise<void>;
  /** MEMBERS-5. From now on this node is not among the owners, unless nobody else is, and the others learn of it. */
  retire(): Promise<void>;
  /** Leaves: its schedules are free for others at once. */
  close(): Promise<void>;
}
