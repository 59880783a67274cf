/**
 * Pages of concerts as text that all callers share. Ten thousand visitors of the first page ask for it a thousand times a second.
 *
 * LISTING-1. A page is at most LONGEST_AGE_MS older than its answer: its seats and queues are those of then.
 * LISTING-2. A page never predates a change of the catalogue that this node made, or was notified of, before the request.
 * LISTING-3. One page is read once at a time, however many callers wait for it.
 */
import type { PageRequest } from '../../domain/page.ts';
import { createBoundedMap } from '../../runtime/bounded-map.ts';
import type { Clock } from '../../runtime/clock.ts';
import { type ConstantAnswer, createConstantAnswer } from './constant-answer.ts';

/** Shared caches may keep it as briefly as this node does, and serve it while they ask again. */
export const LISTING_CACHE_CONTROL = 'public, max-age=1, stale-while-revalidate=2';

const SHORTEST_AGE_MS = 1_000;
const LONGEST_AGE_MS = 3_000;
/** How often the time of a read is left to others before the next one: the reads take a twentieth of a connection at most. */
const RESTS_PER_READ = 20;
/** A page of 100 concerts has about 100 KiB of text. */
const PAGES_REMEMBERED = 100;

interface Kept {
  readonly changes: number;
  answer: Promise<ConstantAnswer> | null;
  /** When it is to be read again, by the monotonic clock; infinite while it is being read. */
  staleAtMs: number;
}

export interface ListingCache {
  /** The page as an answer. Throws what `read` throws; a failure is not remembered. */
  get(name: string, page: PageRequest, read: () => Promise<object>): Promise<ConstantAnswer>;
}

/** `changes` counts the changes of the catalogue. */
export function createListingCache({
  clock,
  changes,
}: {
  readonly clock: Clock;
  readonly changes: () => number;
}): ListingCache {
  const pages = createBoundedMap<string, Kept | null>(PAGES_REMEMBERED);

  async function load(key: string, kept: Kept, read: () => Promise<object>): Promise<ConstantAnswer> {
    const beganAtMs = clock.monotonicMs();
    try {
      const text = JSON.stringify(await read());
      const restMs = (clock.monotonicMs() - beganAtMs) * RESTS_PER_READ;
      const answer = await createConstantAnswer('application/json; charset=utf-8', text);
      kept.staleAtMs = beganAtMs + Math.min(LONGEST_AGE_MS, Math.max(SHORTEST_AGE_MS, restMs));
      return answer;
    } catch (error) {
      if (pages.get(key) === kept) pages.set(key, null);
      throw error;
    }
  }

  return {
    get(name, { limit, after }, read) {
      const key = `${name} ${limit} ${after}`;
      const known = pages.get(key);
      if (known?.answer != null && known.changes === changes() && clock.monotonicMs() < known.staleAtMs)
        return known.answer;
      const kept: Kept = { changes: changes(), answer: null, staleAtMs: Number.POSITIVE_INFINITY };
      pages.set(key, kept);
      kept.answer = load(key, kept, read);
      return kept.answer;
    },
  };
}
