import type { ListedConcert, Page, QueueToken } from '../../src/client/answers.ts';
import { isProblem } from './failure-notice.ts';
import type { Counter } from './counter.ts';

export interface QueueDesk {
  /** Reads a concert and the kept token's place in its queue. */
  visit(concertId: number): Promise<void>;
  /** Enters the queue, or finds the fan's place in it. */
  join(concertId: number): Promise<void>;
  leave(concertId: number): Promise<void>;
  /** Reads the token's place; null outside of the queue. */
  readPlace(concertId: number): Promise<QueueToken | null>;
  /** Reads the places of all kept tokens: the service ends a token after a while without requests, whatever page is open. */
  readPlaces(): Promise<void>;
  /** Reads the concerts on sale, and now and then those that open later. */
  readConcerts(): Promise<void>;
  /** Reads a concert from the lists, which cost the service next to nothing, or by itself where they do not have it. */
  readListed(concertId: number): Promise<void>;
  /** Reads the figures of a queue, to show them before joining. */
  readConcert(concertId: number): Promise<void>;
}

export function createQueueDesk({ client, kept, store, fan, shopper, attempt, tell, go }: Counter): QueueDesk {
  let upcomingReadAtMs = Number.NEGATIVE_INFINITY;

  async function readPlace(concertId: number): Promise<QueueToken | null> {
    const place = await askPlace(concertId);
    store.dispatch({ type: 'place-read', concertId, place });
    return place;
  }

  async function askPlace(concertId: number): Promise<QueueToken | null> {
    const holder = shopper(concertId) ?? formerShopper(concertId);
    if (holder === null) return null;
    try {
      return await holder.status();
    } catch (error) {
      if (!isProblem(error, 'UNAUTHENTICATED', 'QUEUE_TOKEN_NOT_FOUND')) throw error;
      kept.keepQueueToken(concertId, null);
      return null;
    }
  }

  /** The holder of the token in view that another tab has dropped: only the service knows how it ended. */
  function formerShopper(concertId: number): ReturnType<Counter['shopper']> {
    const { visit } = store.state;
    if (visit?.concertId !== concertId || visit.place === null || visit.place === 'unknown') return null;
    return fan() === null ? null : client.inQueue(visit.place.token);
  }

  async function readConcert(concertId: number): Promise<void> {
    try {
      store.dispatch({ type: 'concert-read', concert: await client.concerts.find(concertId) });
    } catch (error) {
      if (!isProblem(error, 'CONCERT_NOT_FOUND', 'VALIDATION_FAILED')) throw error;
      store.dispatch({ type: 'concert-missing', concertId });
    }
  }

  async function readConcerts(): Promise<void> {
    const isUpcomingDue = store.state.nowMs - upcomingReadAtMs >= UPCOMING_REFRESH_MS;
    const reads = [
      readAll(client.concerts.available).then((concerts) => store.dispatch({ type: 'concerts-read', concerts })),
    ];
    if (isUpcomingDue) {
      upcomingReadAtMs = store.state.nowMs;
      reads.push(
        readAll(client.concerts.upcoming).then((concerts) => store.dispatch({ type: 'upcoming-read', concerts })),
      );
    }
    await Promise.all(reads);
  }

  return {
    readPlace,
    readConcert,
    readConcerts,
    async readListed(concertId) {
      await readConcerts();
      const { concerts, upcoming } = store.state;
      const isListed = [...(concerts ?? []), ...upcoming].some((concert) => concert.concertId === concertId);
      if (!isListed) await readConcert(concertId);
    },
    async visit(concertId) {
      try {
        await Promise.all([readConcert(concertId), readPlace(concertId)]);
      } catch (error) {
        tell(error);
      }
    },
    async join(concertId) {
      await attempt('join', async () => {
        const place = await fan()?.enterQueue(concertId);
        if (place === undefined) return;
        kept.keepQueueToken(concertId, place.token);
        go({ name: 'concert', concertId });
        store.dispatch({ type: 'place-read', concertId, place });
      });
    },
    async leave(concertId) {
      const isDone = await attempt('leave', async () => {
        await shopper(concertId)?.leave();
        kept.keepQueueToken(concertId, null);
      });
      store.dispatch({ type: 'dialog-closed' });
      if (!isDone) return;
      store.dispatch({ type: 'place-read', concertId, place: null });
      store.dispatch({ type: 'holds-read', concertId, holds: [] });
      go({ name: 'concerts' });
      store.dispatch({ type: 'noticed', notice: { kind: 'left' } });
    },
    async readPlaces() {
      const places = await Promise.all(
        kept.queues().map(async (concertId) => {
          const place = await askPlace(concertId);
          if (place !== null && place.endedAt !== null) kept.keepQueueToken(concertId, null);
          return place;
        }),
      );
      const living = places.flatMap((place) => (place?.endedAt === null ? [place] : []));
      const unnamed = living.filter(({ concertId }) => !store.state.concertById.has(concertId));
      await Promise.all(unnamed.map(({ concertId }) => readConcert(concertId)));
      store.dispatch({ type: 'places-read', places: living });
    },
  };
}

/** The largest page of a list. */
const CONCERTS_PER_PAGE = 100;
/** The page counts down to an opening by itself; only new concerts have to be learned. */
const UPCOMING_REFRESH_MS = 60_000;

async function readAll(list: Counter['client']['concerts']['available']): Promise<readonly ListedConcert[]> {
  const all: ListedConcert[] = [];
  for (let cursor: string | null = ''; cursor !== null; ) {
    const page: Page<ListedConcert> = await list({
      limit: CONCERTS_PER_PAGE,
      ...(cursor === '' ? {} : { cursor }),
    });
    all.push(...page.items);
    cursor = page.nextCursor;
  }
  return all;
}
