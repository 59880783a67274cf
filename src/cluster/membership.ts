import type { Clock } from '../runtime/clock.ts';
import type { Log } from '../runtime/log.ts';
import type { Heartbeat, NodeRecords, NodeRow } from '../domain/node.ts';
import type { ReadinessReason } from '../health/readiness.ts';
import { createSightings } from './sightings.ts';
import { ForeignSecret, isStranger, untilNoStranger } from './strangers.ts';

/*
 * This node among the nodes of the database: alive, allowed to answer, allowed to own.
 *
 * N1. A node is NODE_ID:incarnation and is never revived: one that was declared dead drops everything and joins anew.
 * N2. The lease runs for 2 s of the monotonic clock from when the beat was sent, so a paused process finds it over.
 * N3. Another node is declared dead only after its beat stood still for longer than a lease can last, by this node's monotonic
 *     clock, with every read in between having succeeded, in time. No wall clock and no second store has a say.
 * N4. Without a store that nodes share beside the database only one of them may own anything: the one that joined first
 *     of those that live.
 * N5. A node that is about to leave lives on and answers, and gets no schedule any more while another one stays.
 * N6. Nodes that know no secret in common are never members together: the one that joined later gives up.
 */

const BEAT_EVERY_MS = 500;
/** A beat that a wedged lane holds up is not waited for while others could be answered on the other lane. */
const FIRST_BEAT_LIMIT_MS = 1_000;
const LEASE_MS = 2_000;
const WATCH_EVERY_MS = 250;

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
  /** N4. */
  readonly isExclusive: boolean;
  readonly log: Log;
  /** This node was declared dead: nothing it believed to own is its own. */
  readonly onDead: () => void;
  /** This node became the one that may own, or ceased to be. */
  readonly onMayOwn: (mayOwn: boolean) => void;
  /** N6. This node has given up, and should be closed. */
  readonly onForeignSecret: (error: ForeignSecret) => void;
  /** Called after every look at who lives, also when nothing changed. */
  readonly onLook?: () => void;
}

export interface Membership {
  readonly node: string;
  isLeaseValid(): boolean;
  mayOwn(): boolean;
  /** Those that schedules are shared among, in the order of joining. The same array until they change. */
  owners(): readonly string[];
  living(): readonly NodeRow[];
  /** N5. */
  readonly isLeaving: boolean;
  /** Why this node may not serve, for operators; empty when it may. */
  reasons(): readonly ReadinessReason[];
  /** Joins. Throws a ForeignSecret where nodes with other secrets are running. */
  start(): Promise<void>;
  /** N5. From now on this node is not among the owners, unless nobody else is, and the others learn of it. */
  retire(): Promise<void>;
  /** Leaves: its schedules are free for others at once. */
  close(): Promise<void>;
}

/** Membership by the `nodes` table. */
export function createMembership(deps: MembershipDependencies): Membership {
  const { records, heartbeat, clock, log } = deps;
  const own = deps.secretFingerprints;
  const sightings = createSightings({ clock });
  let node = '';
  let leaseUntil = Number.NEGATIVE_INFINITY;
  let members: readonly NodeRow[] = [];
  let ownersNow: readonly string[] = [];
  let mayOwnNow = false;
  let isRetired = false;
  let isClosed = false;
  /** N6. */
  let isForeign = false;
  let cancelBeat: (() => void) | null = null;
  let cancelWatch: (() => void) | null = null;
  let joining: Promise<void> | null = null;
  /** The last writing of this node's row. */
  let enlisting: Promise<void> = Promise.resolve();

  async function join(): Promise<void> {
    // A process that begins takes its name over; one that joins anew buries no other that has done so since.
    const former = node === '' ? `${deps.nodeId}:` : node;
    await untilNoStranger({ records, sightings, clock, own, former });
    if (isClosed) return;
    node = `${deps.nodeId}:${deps.newIncarnation()}`;
    enlisting = records.join(node, former, { address: deps.address(), secretFingerprints: own });
    await enlisting;
    if (isRetired) await records.announceLeave(node);
    if (isClosed) return;
    await Promise.race([beatOnce(), pause(FIRST_BEAT_LIMIT_MS)]);
    await watchOnce();
  }

  function pause(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      clock.after(delayMs, resolve);
    });
  }

  async function beatOnce(): Promise<void> {
    const beating = node;
    const { isAlive, sentAt } = await heartbeat.beat(beating);
    if (beating !== node || isClosed) return;
    if (isAlive) {
      leaseUntil = Math.max(leaseUntil, sentAt + LEASE_MS);
      return;
    }
    log.warn({ node }, 'this node was declared dead; it drops everything and joins anew');
    dropEverything();
    // Declared dead while it was joining: that ends first, and the next beat tells again.
    if (joining !== null) return;
    try {
      await rejoin();
    } catch (error) {
      if (!(error instanceof ForeignSecret)) throw error;
      giveUp(error);
    }
  }

  function dropEverything(): void {
    leaseUntil = Number.NEGATIVE_INFINITY;
    setMembers([]);
    setMayOwn(false);
    deps.onDead();
  }

  function giveUp(error: ForeignSecret): void {
    isForeign = true;
    dropEverything();
    deps.onForeignSecret(error);
  }

  async function rejoin(): Promise<void> {
    joining ??= join().finally(() => {
      joining = null;
    });
    await joining;
  }

  /** N6. Two that start at once may not see each other before they have joined. */
  function isAmongStrangers(rows: readonly NodeRow[]): boolean {
    const joinedNo = rows.find((row) => row.node === node)?.joinedNo ?? Number.NEGATIVE_INFINITY;
    return rows.some((row) => row.joinedNo < joinedNo && isStranger(row, own) && sightings.isBeating(row.node));
  }

  function setMayOwn(next: boolean): void {
    if (next === mayOwnNow) return;
    mayOwnNow = next;
    deps.onMayOwn(next);
  }

  /** Every command asks who owns, so that is found out here, once for each look. */
  function setMembers(next: readonly NodeRow[]): void {
    members = next;
    const staying = deps.isExclusive
      ? members.slice(0, 1)
      : members.filter((row) => !row.isLeaving && !(isRetired && row.node === node));
    // Where nobody stays there is nobody to hand over to, and whoever leaves last serves on until then.
    const sharing = staying.length > 0 ? staying : members.filter((row) => row.node === node);
    const names = sharing.map((row) => row.node);
    if (names.length === ownersNow.length && names.every((name, index) => name === ownersNow[index])) return;
    ownersNow = names;
  }

  function first(): string | null {
    return members[0]?.node ?? null;
  }

  async function watchOnce(): Promise<void> {
    let rows: readonly NodeRow[];
    try {
      rows = await records.living();
    } catch (error) {
      sightings.forget();
      throw error;
    }
    if (isClosed || isForeign) return;
    sightings.note(rows);
    if (isAmongStrangers(rows)) {
      giveUp(new ForeignSecret());
      return;
    }
    const silent = rows.filter((row) => row.node !== node && sightings.isSilent(row.node));
    for (const row of silent) {
      if (await records.declareDead(row.node, row.beat))
        log.warn({ node: row.node }, 'a silent node was declared dead');
    }
    setMembers(rows.filter((row) => !silent.includes(row)));
    const isMember = members.some((row) => row.node === node);
    setMayOwn(isMember && (!deps.isExclusive || first() === node));
    deps.onLook?.();
    // Whoever was not told goes on handing schedules to this node.
    if (isRetired && members.some((row) => row.node === node && !row.isLeaving)) await records.announceLeave(node);
  }

  function every(periodMs: number, run: () => Promise<void>, keep: (cancel: () => void) => void): void {
    const again = () => {
      if (isClosed) return;
      keep(
        clock.after(periodMs, () => {
          run()
            .catch((error: unknown) => log.debug({ err: error }, 'membership could not reach the database'))
            .finally(again);
        }),
      );
    };
    again();
  }

  /** A beat that a wedged lane holds up must not hold up the next one, on the other lane. */
  function beatWithoutWaiting(): Promise<void> {
    if (joining === null && !isForeign) {
      beatOnce().catch((error: unknown) => log.debug({ err: error }, 'a beat was not answered'));
    }
    return Promise.resolve();
  }

  return {
    get node() {
      return node;
    },
    isLeaseValid: () => clock.monotonicMs() < leaseUntil,
    mayOwn: () => mayOwnNow,
    owners: () => ownersNow,
    living: () => members,
    get isLeaving() {
      return isRetired;
    },
    reasons() {
      const reasons: ReadinessReason[] = [];
      if (clock.monotonicMs() >= leaseUntil) reasons.push('no answer from the database within the lease');
      if (!mayOwnNow && deps.isExclusive && first() !== null && first() !== node) {
        // Whoever asks /readyz may be anybody, and the name of a node is that of its host.
        reasons.push("another node owns this database's schedules, and only one node may at a time");
      } else if (!mayOwnNow) {
        reasons.push('not a member of the cluster');
      }
      return reasons;
    },
    async start() {
      await rejoin();
      every(BEAT_EVERY_MS, beatWithoutWaiting, (cancel) => {
        cancelBeat = cancel;
      });
      every(WATCH_EVERY_MS, watchOnce, (cancel) => {
        cancelWatch = cancel;
      });
    },
    async retire() {
      isRetired = true;
      setMembers(members);
      await records.announceLeave(node);
    },
    async close() {
      if (isClosed) return;
      isClosed = true;
      cancelBeat?.();
      cancelWatch?.();
      leaseUntil = Number.NEGATIVE_INFINITY;
      setMayOwn(false);
      // A row that is still being written would stay behind as a living node's.
      await enlisting.catch(() => undefined);
      if (node !== '') await records.leave(node);
    },
  };
}
