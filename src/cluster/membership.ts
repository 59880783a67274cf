import type { NodeRow } from '../domain/node.ts';
import type { ReadinessReason } from '../health/readiness.ts';
import { every, pause } from '../runtime/clock.ts';
import type { Membership, MembershipDependencies } from './membership-port.ts';
import { ownersAmong } from './owners.ts';
import { createReachReport } from './reach-report.ts';
import { createSeparation } from './separation.ts';
import { chooseSide } from './sides.ts';
import { createSightings } from './sightings.ts';
import { ForeignSecret, isAmongStrangers, untilNoStranger } from './strangers.ts';

/*
 * This node among the nodes of the database: alive, allowed to answer, allowed to own.
 *
 * MEMBERS-1. A node is NODE_ID:incarnation and is never revived: one that was declared dead drops everything and joins anew.
 * MEMBERS-2. The lease runs for 2 s of the monotonic clock from when the beat was sent, so a paused process finds it over.
 * MEMBERS-3. Another node is declared dead only after its beat stood still for longer than a lease can last, by this node's monotonic
 *     clock, with every read in between having succeeded, in time. No wall clock and no second store has a say.
 * MEMBERS-4. Without a store that nodes share beside the database only one of them may own anything: the one that joined first
 *     of those that live.
 * MEMBERS-5. A node that is about to leave lives on and answers, and gets no schedule any more while another one stays.
 * MEMBERS-6. Nodes that know no secret in common are never members together: the one that joined later gives up.
 * MEMBERS-7. A node on the wrong side of a cut between nodes lives on, owns nothing and answers nothing (see `Separation`).
 */

const BEAT_EVERY_MS = 500;
/** A beat that a wedged lane holds up is not waited for while others could be answered on the other lane. */
const FIRST_BEAT_LIMIT_MS = 1_000;
const LEASE_MS = 2_000;
const WATCH_EVERY_MS = 250;

/** Membership by the `nodes` table. */
export function createMembership(deps: MembershipDependencies): Membership {
  const { records, heartbeat, clock, log } = deps;
  const own = deps.secretFingerprints;
  const sightings = createSightings({ clock });
  const separation = createSeparation({ clock });
  const reach = createReachReport({ clock, reaches: deps.reaches });
  let node = '';
  let leaseUntil = Number.NEGATIVE_INFINITY;
  let members: readonly NodeRow[] = [];
  let ownersNow: readonly string[] = [];
  let aside: ReadonlySet<string> = new Set();
  let mayOwnNow = false;
  let isRetired = false;
  let isClosed = false;
  /** MEMBERS-6. */
  let isForeign = false;
  let stopBeating: (() => void) | null = null;
  let stopWatching: (() => void) | null = null;
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
    reach.joined();
    await enlisting;
    if (isRetired) await records.announceLeave(node);
    if (isClosed) return;
    await Promise.race([beatOnce(), pause(clock, FIRST_BEAT_LIMIT_MS)]);
    await watchOnce();
  }

  async function beatOnce(): Promise<void> {
    const beating = node;
    const report = { reaches: reach.take(), separationNo: separation.no };
    const { isAlive, sentAt } = await heartbeat.beat(beating, report);
    if (beating !== node || isClosed) return;
    if (isAlive) {
      if (separation.confirm(report.separationNo)) log.info({ node }, 'this node is reached again and takes its share');
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
    deps.onLost();
  }

  /** MEMBERS-7. Nodes that leave have no say: they close their links, and others have their schedules soon. */
  function judgeSides(living: readonly NodeRow[]): boolean {
    const staying = living.filter((row) => !row.isLeaving);
    if (isRetired || reach.isSettling() || !staying.some((row) => row.node === node)) return false;
    const entered = separation.look(chooseSide(staying).has(node));
    if (entered === 'separated') {
      log.warn({ node }, 'most other nodes do not reach this node; it stands aside until they do');
      setMayOwn(false);
      deps.onLost();
    }
    return entered !== null;
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

  function setMayOwn(next: boolean): void {
    if (next === mayOwnNow) return;
    mayOwnNow = next;
    deps.onMayOwn(next);
  }

  /** Every command asks who owns, so that is found out here, once for each look. */
  function setMembers(next: readonly NodeRow[]): void {
    members = next;
    aside = new Set(members.flatMap((row) => (row.isSeparated ? [row.node] : [])));
    const { isTogether } = separation;
    const names = ownersAmong(members, { node, isLeaving: isRetired, isTogether, isExclusive: deps.isExclusive });
    if (names.join() !== ownersNow.join()) ownersNow = names;
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
    // MEMBERS-6. Two that start at once may not see each other before they have joined.
    if (isAmongStrangers(rows, node, own, sightings)) {
      giveUp(new ForeignSecret());
      return;
    }
    const silent = rows.filter((row) => row.node !== node && sightings.isSilent(row.node));
    for (const row of silent) {
      if (await records.declareDead(row.node, row.beat))
        log.warn({ node: row.node }, 'a silent node was declared dead');
    }
    const living = rows.filter((row) => !silent.includes(row));
    const hasChanged = judgeSides(living);
    setMembers(living);
    const isMember = members.some((row) => row.node === node);
    setMayOwn(isMember && separation.isTogether && (!deps.isExclusive || first() === node));
    deps.onLook?.();
    // Others learn of a cut, and of its end, sooner than the next beat is due.
    if (hasChanged || reach.isOutdated()) beatWithoutWaiting();
    // A node that did not learn of it would go on handing schedules to this one.
    if (isRetired && members.some((row) => row.node === node && !row.isLeaving)) await records.announceLeave(node);
  }

  function watch(): Promise<void> {
    return watchOnce().catch((error: unknown) => log.debug({ err: error }, 'membership could not reach the database'));
  }

  /** A beat that a wedged lane holds up must not hold up the next one, on the other lane. */
  function beatWithoutWaiting(): void {
    if (joining !== null || isForeign) return;
    beatOnce().catch((error: unknown) => log.debug({ err: error }, 'a beat was not answered'));
  }

  return {
    get node() {
      return node;
    },
    isLeaseValid: () => separation.isTogether && clock.monotonicMs() < leaseUntil,
    mayOwn: () => mayOwnNow,
    get tenure() {
      return `${node}/${separation.no}`;
    },
    owners: () => ownersNow,
    living: () => members,
    isAside: (name) => aside.has(name),
    get isLeaving() {
      return isRetired;
    },
    reasons() {
      const reasons: ReadinessReason[] = [];
      if (clock.monotonicMs() >= leaseUntil) reasons.push('no answer from the database within the lease');
      if (!mayOwnNow && deps.isExclusive && first() !== null && first() !== node) {
        // Anybody may ask /readyz, and the name of a node is that of its host, so the answer names no node.
        reasons.push("another node owns this database's schedules, and only one node may at a time");
      } else if (!separation.isTogether) {
        reasons.push('most other nodes do not reach this node');
      } else if (!mayOwnNow) {
        reasons.push('not a member of the cluster');
      }
      return reasons;
    },
    async start() {
      await rejoin();
      if (isClosed) return;
      stopBeating = every(clock, BEAT_EVERY_MS, beatWithoutWaiting);
      stopWatching = every(clock, WATCH_EVERY_MS, watch);
    },
    async retire() {
      isRetired = true;
      setMembers(members);
      await records.announceLeave(node);
    },
    async close() {
      if (isClosed) return;
      isClosed = true;
      stopBeating?.();
      stopWatching?.();
      leaseUntil = Number.NEGATIVE_INFINITY;
      setMayOwn(false);
      // A row that is still being written would stay behind as a living node's.
      await enlisting.catch(() => undefined);
      if (node !== '') await records.leave(node);
    },
  };
}
