/** The nodes of the service as PostgreSQL records them. `node` is NODE_ID:incarnation and is never reused. */
export interface NodeRow {
  readonly node: string;
  readonly address: string;
  /** Order of joining, ascending. */
  readonly joinedNo: number;
  readonly beat: number;
  /** The node hands over its schedules and gets no more. */
  readonly isLeaving: boolean;
  /** Fingerprints of the cluster secrets that the node knows, its own first; null when it does not say, as nodes without peers. */
  readonly secretFingerprints: readonly string[] | null;
  /** The nodes that it reaches over its own links; null when it does not say. */
  readonly reaches: readonly string[] | null;
  /** The node stands aside because others do not reach it: other nodes may take its schedules. */
  readonly isSeparated: boolean;
}

/** The report that a node writes with each beat. */
export interface BeatReport {
  readonly reaches: readonly string[] | null;
  /** Odd while the node stands aside. The number only grows; the row ignores a lower one. */
  readonly separationNo: number;
}

/** The profile that a node writes when it joins. */
export type NodeProfile = Pick<NodeRow, 'address' | 'secretFingerprints'>;

export interface NodeRecords {
  /** Writes the node's row and marks dead all other nodes whose name begins with `former`. */
  join(node: string, former: string, profile: NodeProfile): Promise<void>;
  /** All nodes that are not marked dead, this one included. */
  living(): Promise<readonly NodeRow[]>;
  /** Marks a node dead if its beat is still `seenBeat`. Returns whether this call did so. Does not wait for a locked row. */
  declareDead(node: string, seenBeat: number): Promise<boolean>;
  /** Announces that this node will leave: others place nothing more on it. */
  announceLeave(node: string): Promise<void>;
  /** Marks this node dead by its own decision: other nodes may take its schedules. */
  leave(node: string): Promise<void>;
}

/**
 * A node's heartbeat. Beats take turns on the connections that write the node's log, so a node whose connections hang loses its
 * schedules.
 */
export interface Heartbeat {
  /**
   * Raises the node's beat and records the report. False: the node was declared dead. Throws without an answer. `sentAt` is the
   * monotonic instant from which a lease counts.
   */
  beat(node: string, report: BeatReport): Promise<{ readonly isAlive: boolean; readonly sentAt: number }>;
}
