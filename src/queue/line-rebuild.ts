/**
 * Rebuilds a line that the line store has lost, or never had, from its rows in PostgreSQL.
 *
 * REBUILD-1. The generation is raised first, and the rows are read in later statements: what was recorded under an older one is in what
 *     is read, or refused for ever.
 * REBUILD-2. One node at a time, by a claim in the store; should two believe to have it, the higher generation wins, and the other adds
 *     nothing any more.
 * REBUILD-3. A line is open only when all of it is there. Whatever empties the store meanwhile begins the rebuilding anew.
 */
import { type Clock, type DatabaseClock, pause } from '../runtime/clock.ts';
import { Fault } from '../domain/errors.ts';
import type { Log } from '../runtime/log.ts';
import type { QueueRecords } from '../domain/queue-token.ts';
import type { Taken } from './take-over.ts';
import { type LineStore, LOST, type QueueTerms } from './line-store.ts';

/** Rows per statement and per step of the store: Redis does nothing else for some 5 ms. */
const ROWS_PER_STEP = 1_000;
/** How long a claim lasts beyond its last step. Longer than a step takes, short enough to wait for after a crash. */
const CLAIM_MS = 3_000;
const LOOK_EVERY_MS = 50;
/** A million rows take about half of this. */
const LONGEST_REBUILD_MS = 60_000;

export interface LineRebuild {
  /**
   * Returns when the store holds the line under a generation above `beyond`, rebuilt by this node or another one. Throws Faults.
   */
  rebuild(concertId: number, beyond: number, terms: QueueTerms): Promise<void>;
}

export function createLineRebuild(deps: {
  readonly records: QueueRecords;
  /** Takes the line over, in PostgreSQL. */
  readonly takeOver: (concertId: number) => Promise<Taken>;
  readonly store: LineStore;
  readonly databaseClock: DatabaseClock;
  /** That of the machine. */
  readonly clock: Clock;
  readonly log: Log;
}): LineRebuild {
  const { records, takeOver, store, databaseClock, clock, log } = deps;
  const claims = new Map<number, number>();

  /** A claim of an attempt that failed is still this node's. */
  async function claim(concertId: number): Promise<boolean> {
    const nowMs = clock.monotonicMs();
    if ((claims.get(concertId) ?? 0) > nowMs) return true;
    if (!(await store.claimRebuild(concertId, CLAIM_MS))) return false;
    claims.set(concertId, nowMs + CLAIM_MS);
    return true;
  }

  async function restoreRows(concertId: number, generation: number): Promise<boolean> {
    let { rows, isAll } = await records.listFirstLive(concertId);
    for (;;) {
      if (!(await store.restore(concertId, generation, rows, CLAIM_MS))) return false;
      const last = rows.at(-1);
      if (isAll || last === undefined) return true;
      rows = await records.listLive(concertId, last.userId, ROWS_PER_STEP);
      isAll = rows.length < ROWS_PER_STEP;
    }
  }

  async function isRebuilt(concertId: number, beyond: number): Promise<boolean> {
    const looked = await store.look(concertId, [], false);
    return looked !== LOST && looked.summary.generation > beyond;
  }

  /** False when the next caller must start it again. */
  async function attempt(concertId: number, terms: QueueTerms): Promise<boolean> {
    const { generation, nextNo } = await takeOver(concertId);
    const ticket = await store.begin(concertId, generation);
    if (ticket === null || !(await restoreRows(concertId, generation))) return false;
    const sinceMs = Math.floor(databaseClock.lowerMs()) - terms.policy.intervalMs;
    const admissions = await records.listAdmissions(concertId, sinceMs, terms.policy.batch);
    if (!(await store.finish(concertId, generation, ticket, terms, admissions, nextNo))) return false;
    log.info({ concertId, generation }, 'a line was rebuilt from its rows');
    return true;
  }

  return {
    async rebuild(concertId, beyond, terms) {
      const deadlineMs = clock.monotonicMs() + LONGEST_REBUILD_MS;
      while (clock.monotonicMs() < deadlineMs) {
        if (await isRebuilt(concertId, beyond)) return;
        if (!(await claim(concertId))) {
          await pause(clock, LOOK_EVERY_MS);
          continue;
        }
        // Another node may have finished, and given its claim up, since the look.
        if (await isRebuilt(concertId, beyond)) {
          claims.delete(concertId);
          return;
        }
        const isDone = await attempt(concertId, terms);
        claims.delete(concertId);
        if (isDone) return;
        await pause(clock, LOOK_EVERY_MS);
      }
      throw new Fault('QUEUE_UNAVAILABLE', 'none');
    },
  };
}
