import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import type { Cluster } from '../../harness/cluster/cluster.ts';
import type { ClusterNode } from '../../harness/cluster/cluster-node.ts';
import type { Caller } from '../history/caller.ts';
import type { Random } from '../../harness/random.ts';
import type { Fan, Venue } from './venue.ts';

/**
 * Tempts a node that is cut off from the others to speak for schedules that it loses meanwhile. It uses quiet schedules, where no
 * other change would reveal the loss. A read at another node makes that node take each schedule over without a write.
 *
 * A node must not answer after its lease: the new owner holds a seat, then the old one is asked for its map and for
 * that seat. An answer from its memory is older than the hold at the new owner.
 * A node must not write after its epoch: the old owner accepts a hold before the cut, and the hold is still on its way to the database.
 * If it is written late, under an old epoch, the new owner does not know it; its holder finds it in the list of
 * reservations, and then looks at the map.
 */
export interface Temptation {
  /** Called before the node is cut off: looks up the schedules that it owns. */
  choose(): Promise<void>;
  /** Called when the node is cut off. Resolves when others have taken the schedules over. */
  prepare(): Promise<void>;
  /** Called when the node continues. Resolves when every request has its answer. */
  conclude(): Promise<void>;
}

/** The number of schedules of one node that are used. */
const SCHEDULES_MOST = 8;
/** A node is declared dead after 2.5 s of silence; a busy machine takes longer to notice. */
const TAKE_OVER_LIMIT_MS = 5_000;
const ASK_EVERY_MS = 150;
/** Each of these requests waits on a connection of its own while the node is stopped. */
const QUESTIONS = 3;
/** So many looks take longer than an owner takes to learn of its own write. */
const LOOKS_AFTER = 8;
const LOOK_AGAIN_MS = 500;

export function createTemptation(deps: {
  readonly cluster: Cluster;
  readonly caller: Caller;
  readonly venue: Venue;
  readonly random: Random;
  readonly node: ClusterNode;
  readonly onBroken: (error: unknown) => void;
}): Temptation {
  const { cluster, caller, venue, random, node, onBroken } = deps;
  const others = cluster.nodes.filter((other) => other !== node && other.state === 'running');
  const afterwards: (() => Promise<void>)[] = [];
  const asked: Promise<unknown>[] = [];
  let chosen: readonly Owned[] = [];

  function anybody(): Fan | undefined {
    const shoppers = venue.fans.filter(({ queueToken }) => queueToken !== null);
    return shoppers[random.below(shoppers.length)];
  }

  /** Reads a map at another node until the answer has a newer epoch; resolves with whether it has. */
  async function takeOver(place: ClusterNode, looker: Fan, { scheduleId, epoch }: Owned): Promise<boolean> {
    const deadlineMs = performance.now() + TAKE_OVER_LIMIT_MS;
    while (performance.now() < deadlineMs) {
      const { matter } = (await caller.map(place, looker, scheduleId)).operation;
      if (matter.kind === 'map' && matter.view !== null && matter.view.epoch > epoch) return true;
      await pause(ASK_EVERY_MS);
    }
    return false;
  }

  async function temptToAnswer(owned: Owned, place: ClusterNode): Promise<void> {
    const { scheduleId } = owned;
    const [shopper, rival] = [anybody(), anybody()];
    if (shopper === undefined || rival === undefined) return;
    if (!(await takeOver(place, shopper, owned))) return;
    const seatNumber = 1 + random.below(venue.seats);
    const { operation } = await caller.hold(place, rival, scheduleId, [seatNumber]);
    if (operation.effect !== 'done') return;
    for (let question = 0; question < QUESTIONS; question += 1) {
      asked.push(caller.map(node, shopper, scheduleId).catch(onBroken));
    }
    asked.push(caller.hold(node, shopper, scheduleId, [seatNumber]).catch(onBroken));
  }

  async function temptToWrite(owned: Owned, place: ClusterNode): Promise<void> {
    const { scheduleId } = owned;
    const [shopper, looker] = [anybody(), anybody()];
    if (shopper === undefined || looker === undefined) return;
    // The hold has no key, which the node would have to look up first.
    asked.push(caller.hold(node, shopper, scheduleId, [1 + random.below(venue.seats)]).catch(onBroken));
    if (!(await takeOver(place, looker, owned))) return;
    afterwards.push(async () => {
      await pause(ASK_EVERY_MS);
      await caller.list(place, shopper, scheduleId);
      for (let look = 0; look < LOOKS_AFTER; look += 1) {
        await pause(LOOK_AGAIN_MS);
        await Promise.all(others.map((other) => caller.map(other, looker, scheduleId)));
      }
    });
  }

  return {
    async choose() {
      const owned = await ownedBy(cluster.databaseUrl, node.name, venue.quiet);
      chosen = random.shuffle(owned).slice(0, SCHEDULES_MOST);
    },
    async prepare() {
      const tempting = chosen.map((schedule, index) => {
        const place = others[index % others.length];
        if (place === undefined) return Promise.resolve();
        return (index % 2 === 0 ? temptToAnswer : temptToWrite)(schedule, place).catch(onBroken);
      });
      await Promise.all(tempting);
    },
    async conclude() {
      await Promise.all(afterwards.map((look) => look().catch(onBroken)));
      await Promise.all(asked);
    },
  };
}

interface Owned {
  readonly scheduleId: number;
  readonly epoch: number;
}

/** The schedules whose head row names the node; none while the database is down. */
async function ownedBy(databaseUrl: string, node: string, scheduleIds: readonly number[]): Promise<Owned[]> {
  const client = new pg.Client({ connectionString: databaseUrl, connectionTimeoutMillis: 1_000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
    const { rows } = await client.query<{ id: string; epoch: string }>(
      `SELECT schedule_id::text AS id, epoch::text FROM schedule_heads WHERE split_part(owner, ':', 1) = $1 AND schedule_id = ANY($2)`,
      [node, scheduleIds],
    );
    return rows.map(({ id, epoch }) => ({ scheduleId: Number(id), epoch: Number(epoch) }));
  } catch {
    return [];
  } finally {
    await client.end().catch(() => undefined);
  }
}
