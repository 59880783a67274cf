import type pg from 'pg';
import { createRing } from '../../src/cluster/ring.ts';
import { waitFor } from '../../harness/wait-for.ts';

/** The nodes of a cluster and the owners of the schedules, read from its database. */
export interface Heads {
  /** Nodes that share the schedules, by incarnation, in the order of joining. */
  living(): Promise<readonly string[]>;
  /** Waits until exactly `count` nodes share the schedules; resolves with their names. */
  untilLiving(count: number): Promise<readonly string[]>;
  /** NODE_ID of the owner of each schedule that has one, alive or not. */
  owners(scheduleIds: readonly number[]): Promise<ReadonlyMap<number, string>>;
  /** Waits until `count` nodes are alive and each of these schedules is owned where the ring places it. */
  untilPlaced(count: number, scheduleIds: readonly number[]): Promise<void>;
}

/** The others notice a killed node after 2.5 s; a start on a busy machine takes longer. */
const LIMIT_MS = 20_000;

export function readHeads(pool: pg.Pool): Heads {
  async function living(): Promise<readonly string[]> {
    const { rows } = await pool.query<{ node: string }>(
      'SELECT node FROM nodes WHERE dead_at IS NULL AND leaving_at IS NULL ORDER BY joined_no',
    );
    return rows.map(({ node }) => node);
  }

  async function incarnations(scheduleIds: readonly number[]): Promise<[number, string][]> {
    const { rows } = await pool.query<{ schedule_id: string; owner: string }>(
      'SELECT schedule_id, owner FROM schedule_heads WHERE schedule_id = ANY($1) AND owner IS NOT NULL',
      [scheduleIds],
    );
    return rows.map(({ schedule_id: scheduleId, owner }) => [Number(scheduleId), owner]);
  }

  async function arePlaced(count: number, scheduleIds: readonly number[]): Promise<boolean> {
    const names = await living();
    if (names.length !== count) return false;
    const ring = createRing(names);
    const owned = await incarnations(scheduleIds);
    return owned.length === scheduleIds.length && owned.every(([id, owner]) => ring.ownerOf(id) === owner);
  }

  return {
    living,
    async untilLiving(count) {
      let names: readonly string[] = [];
      await waitFor(
        async () => {
          names = await living();
          return names.length === count;
        },
        { deadlineMs: LIMIT_MS, what: `${count} nodes to share the schedules` },
      );
      return names;
    },
    async owners(scheduleIds) {
      const owned = await incarnations(scheduleIds);
      return new Map(owned.map(([id, owner]) => [id, nodeIdOf(owner)]));
    },
    async untilPlaced(count, scheduleIds) {
      await waitFor(() => arePlaced(count, scheduleIds), {
        deadlineMs: LIMIT_MS,
        what: `every schedule to be where it is placed among ${count} nodes`,
      });
    },
  };
}

/** NODE_ID of `NODE_ID:incarnation`. */
export function nodeIdOf(node: string): string {
  return node.split(':', 1).join('');
}
