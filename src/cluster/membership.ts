import { Fault } from '../domain/errors.ts';
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
 * MEMBERS-1. A node is NODE_ID:incarnation. A dead node never revives: it drops everything and joins under a new incarnation.
 * MEMBERS-2. The lease lasts for 2 s of the monotonic clock from the sending of the beat. A process that was paused finds it
 *     expired.
 * MEMBERS-3. This node declares another node dead only if that node's beat has not changed for longer than a lease can last, by
 *     this node's monotonic clock, and if all reads in between succeeded in time. No wall clock and no other store decides.
 * MEMBERS-4. If nodes share no store except the database, only one of them may own schedules: the living node that joined
 *     first.
 * MEMBERS-5. A leaving node stays alive and answers. It gets no more schedules while another node stays.
 * MEMBERS-6. Nodes without a common secret are never members together: the one that joined later gives up.
 * MEMBERS-7. A node on the wrong side of a cut between nodes lives on, owns nothing and answers nothing (see `Separation`).
 */

const BEAT_EVERY_MS = 500;
/** A wedged lane may hold up the first beat; the next one uses the other lane. */
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
  /** The last write of this node's row. */
  let enlisting: Promise<void> = Promise.resolve();

  async function join(): Promise<void> {
    // A new process replaces all earlier ones of its name. A node that joins again replaces only its own former incarnation.
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
    // The join under way ends first; the next beat finds the death again.
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

  /** MEMBERS-7. Leaving nodes do not count: they close their links and pass their schedules on. */
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

  /** Every command asks for the owners, so they are computed here, once for each look. */
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
    // MEMBERS-6. Two nodes that start at once may not see each other before both have joined.
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
    // Notifies the other nodes of a cut, and of its end, before the next beat is due.
    if (hasChanged || reach.isOutdated()) beatWithoutWaiting();
    // Without it, other nodes would go on handing schedules to this one.
    if (isRetired && members.some((row) => row.node === node && !row.isLeaving)) await records.announceLeave(node);
  }

  function watch(): Promise<void> {
    return watchOnce().catch((error: unknown) => log.debug({ err: error }, 'membership could not reach the database'));
  }

  /** A beat that a wedged lane holds up must not delay the next one, which uses the other lane. */
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
        // /readyz is public, and a node's name contains that of its host, so the answer names no node.
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
      // Otherwise a write in flight would leave the row of a living node behind.
      await enlisting.catch(() => undefined);
      if (node === '') return;
      await records.leave(node).catch((error: unknown) => {
        if (!(error instanceof Fault)) throw error;
        log.warn({ err: error, node }, 'this node could not record that it leaves; other nodes will find it silent');
      });
    },
  };
}
