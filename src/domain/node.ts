/** The nodes of the service as PostgreSQL knows them. `node` is NODE_ID:incarnation, and is never revived. */
export interface NodeRow {
  readonly node: string;
  readonly address: string;
  /** Order of joining, ascending. */
  readonly joinedNo: number;
  readonly beat: number;
  /** It hands over what it owns, and gets nothing more. */
  readonly isLeaving: boolean;
  /** Which cluster secrets it knows, its own first; null where it does not say, as nodes without peers. */
  readonly secretFingerprints: readonly string[] | null;
  /** The nodes that it reaches over its own links; null where it does not say. */
  readonly reaches: readonly string[] | null;
  /** It stands aside because others do not reach it: its schedules are free. */
  readonly isSeparated: boolean;
}

/** What a node says of itself with each beat. */
export interface BeatReport {
  readonly reaches: readonly string[] | null;
  /** Odd while the node stands aside. It only grows; a lower one than the row's is ignored. */
  readonly separationNo: number;
}

/** What a node says of itself when it joins. */
export type NodeProfile = Pick<NodeRow, 'address' | 'secretFingerprints'>;

export interface NodeRecords {
  /** Writes the node's row and marks all others dead whose name begins with `former`. */
  join(node: string, former: string, profile: NodeProfile): Promise<void>;
  /** All nodes that are not marked dead, this one included. */
  living(): Promise<readonly NodeRow[]>;
  /**
   * Marks a node dead if its beat is still the one that was seen; whether it was this call that did. A row that is locked is
   * not waited for.
   */
  declareDead(node: string, seenBeat: number): Promise<boolean>;
  /** Says that this node is about to leave: others count on it for nothing new. */
  announceLeave(node: string): Promise<void>;
  /** Marks this node dead of its own will: its schedules are free for others. */
  leave(node: string): Promise<void>;
}

/**
 * The heart of a node. Beats on the connections that the node's log is written through, in turn, so that a node whose lanes
 * are wedged loses its schedules.
 */
export interface Heartbeat {
  /**
   * Raises the node's beat and records the report. False: the node was declared dead. Throws when there was no answer.
   * `sentAt` is the monotonic instant from which a lease may be counted.
   */
  beat(node: string, report: BeatReport): Promise<{ readonly isAlive: boolean; readonly sentAt: number }>;
}
