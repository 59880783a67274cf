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
  /** This node was declared dead or stands aside: it owns none of the schedules that it believed to own. */
  readonly onLost: () => void;
  /** Called when this node begins or ceases to be the node that may own. */
  readonly onMayOwn: (mayOwn: boolean) => void;
  /** MEMBERS-6. This node has given up and should close. */
  readonly onForeignSecret: (error: ForeignSecret) => void;
  /** Called after every look at the living nodes, also when nothing has changed. */
  readonly onLook?: () => void;
}

export interface Membership {
  readonly node: string;
  /** Whether this node may answer requests that write nothing. */
  isLeaseValid(): boolean;
  mayOwn(): boolean;
  /** Changes whenever this node loses all its schedules. Claims under an earlier tenure are void. */
  readonly tenure: string;
  /** The nodes that share the schedules, in the order of joining. The same array until they change. */
  owners(): readonly string[];
  living(): readonly NodeRow[];
  /** Whether that node stands aside: it answers nothing. */
  isAside(node: string): boolean;
  /** MEMBERS-5. */
  readonly isLeaving: boolean;
  /** The reasons why this node may not serve, for operators; empty when it may. */
  reasons(): readonly ReadinessReason[];
  /** Joins. Throws a ForeignSecret where nodes with other secrets are running. */
  start(): Promise<void>;
  /** MEMBERS-5. Takes this node off the owners, unless it is the only one, and notifies the other nodes. */
  retire(): Promise<void>;
  /** Leaves. Other nodes may take its schedules at once. */
  close(): Promise<void>;
}
