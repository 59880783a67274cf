import type { Clock } from '../runtime/clock.ts';
import type { QueueRecords } from '../domain/queue-token.ts';
import type { LineStore, QueueTerms } from './line-store.ts';
import { LookPace } from './look-pace.ts';
import type { PolicyChanges } from './policy-changes.ts';
import type { RecordedChanges } from './recorded-changes.ts';
import type { Ends } from './ends.ts';
import type { KnownLine } from './lines.ts';

/** Tokens inside per comparison, some 50 ms of PostgreSQL's time; more of them are looked at in turns. */
const INSIDE_PER_LOOK = 5_000;
/** Of those who wait, in turns: nothing but a crash between PostgreSQL and the line store makes them differ. */
const WAITING_PER_LOOK = 1_000;

/** Recorded live tokens that are shown to the line store again, in turns: it may never have been told of one whose node died. */
const RECORDED_PER_LOOK = 200;

/**
 * Brings a line in step with what PostgreSQL says: tokens that a settlement or a node that is gone has ended, tokens whose
 * last holds ended by several payments at once, entries that were recorded and never reached the line store, and a policy that
 * was changed by a node that did not live to tell. Those inside are looked at less often where a look takes long.
 */
export interface Reconciler {
  compare(line: KnownLine): Promise<void>;
}

export function createReconciler(deps: {
  readonly clock: Pick<Clock, 'monotonicMs'>;
  readonly records: Pick<QueueRecords, 'review' | 'find' | 'listLive'>;
  readonly store: Pick<LineStore, 'range' | 'exclusive'>;
  readonly ends: Pick<Ends, 'add'>;
  readonly changes: Pick<RecordedChanges, 'apply'>;
  readonly policyChanges: Pick<PolicyChanges, 'note'>;
  readonly terms: (concertId: number) => Promise<QueueTerms | null>;
}): Reconciler {
  const { clock, records, store, ends, changes, policyChanges, terms } = deps;
  /** Where the next look begins, by key. */
  const begins = new Map<string, number>();
  /** Of the looks at those inside, by concert. */
  const paces = new Map<number, LookPace>();
  /** After which user the next look at the recorded tokens begins, by concert. */
  const lookedAtUsers = new Map<number, string>();

  async function nextOf(
    concertId: number,
    where: 'waiting' | 'inside',
    count: number,
    size: number,
  ): Promise<readonly string[]> {
    const key = `${where} ${concertId}`;
    const begin = begins.get(key) ?? 0;
    if (size === 0) return [];
    const tokenIds = await store.range(concertId, where, begin, begin + count - 1);
    if (tokenIds.length < count) begins.delete(key);
    else begins.set(key, begin + count);
    return tokenIds;
  }

  async function compareInside(line: KnownLine): Promise<void> {
    const pace = paces.get(line.concertId) ?? new LookPace();
    paces.set(line.concertId, pace);
    if (!pace.isDue(clock.monotonicMs())) return;
    const tokenIds = await nextOf(line.concertId, 'inside', INSIDE_PER_LOOK, line.summary?.active ?? 0);
    if (tokenIds.length === 0) return;
    const { ended, paidUp, tookMs } = await records.review(tokenIds);
    pace.note(clock.monotonicMs(), tookMs);
    await changes.apply(line, ended);
    for (const tokenId of paidUp) ends.add(line.concertId, tokenId, 'COMPLETED', null);
  }

  async function compareWaiting(line: KnownLine): Promise<void> {
    const tokenIds = await nextOf(line.concertId, 'waiting', WAITING_PER_LOOK, line.summary?.waiting ?? 0);
    if (tokenIds.length === 0) return;
    const rows = await records.find(tokenIds);
    await changes.apply(
      line,
      rows.filter((row) => row.status !== 'WAITING'),
    );
  }

  async function compareRecorded(line: KnownLine): Promise<void> {
    const { concertId } = line;
    const rows = await records.listLive(concertId, lookedAtUsers.get(concertId) ?? null, RECORDED_PER_LOOK);
    const last = rows.at(-1);
    if (last === undefined || rows.length < RECORDED_PER_LOOK) lookedAtUsers.delete(concertId);
    else lookedAtUsers.set(concertId, last.userId);
    await changes.apply(line, rows);
  }

  async function comparePolicy(line: KnownLine): Promise<void> {
    const { summary } = line;
    const agreed = await terms(line.concertId);
    if (agreed === null || summary === null) return;
    const { maxActive, batch, intervalMs, activeTtlMs } = agreed.policy;
    const isSame =
      !summary.isSuspended &&
      summary.maxActive === maxActive &&
      summary.batch === batch &&
      summary.intervalMs === intervalMs &&
      summary.activeTtlMs === activeTtlMs &&
      summary.closesAtMs === Math.floor(agreed.bookingClosesAtMs);
    if (!isSame) policyChanges.note(line.concertId);
  }

  return {
    async compare(line) {
      await compareInside(line);
      // Of an exclusive store this process alone writes the rest. A node that stands by may have changed the policy.
      if (store.exclusive === null) {
        await compareWaiting(line);
        await compareRecorded(line);
      }
      await comparePolicy(line);
    },
  };
}
