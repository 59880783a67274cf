import type { AnswerFigures } from '../runtime/answer-watch.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Log } from '../runtime/log.ts';
import { createInProcessSeatBus, type SeatBus } from './in-process-seat-bus.ts';
import { type BroadcastCounts, createRedisBroadcast } from './redis-bus/broadcast.ts';
import { createConcertNews } from './redis-bus/concert-news.ts';
import { createRedisSeatBus } from './redis-seat-bus.ts';

/** What nodes tell each other unasked. Any of it may be lost, and whoever it concerns makes up for that. */
export interface Announcements {
  readonly seats: SeatBus;
  /** Tells other nodes that this one has changed a concert. */
  concertChanged(concertId: number): void;
  /** Null where there is nobody to tell. */
  counts(): BroadcastCounts | null;
  /** How long it waited for Redis; null where there is none. */
  figures(): AnswerFigures | null;
  start(): Promise<void>;
  close(): Promise<void>;
}

/** With Redis among all its nodes, else within this process. */
export function createAnnouncements(deps: {
  readonly redisUrl: string | undefined;
  /** Of this process: nobody else's, ever. */
  readonly nodeName: string;
  readonly clock: Clock;
  readonly log: Log;
  /** Another node has begun to watch; its owner, if it is here, announces where the schedule stands. */
  readonly onNewInterest: (scheduleId: number) => void;
  /** Another node has changed a concert; null: any may have been changed. */
  readonly onConcertChanged: (concertId: number | null) => void;
}): Announcements {
  const { redisUrl } = deps;
  if (redisUrl === undefined) {
    return {
      seats: createInProcessSeatBus(deps),
      concertChanged: () => undefined,
      counts: () => null,
      figures: () => null,
      start: () => Promise.resolve(),
      close: () => Promise.resolve(),
    };
  }
  const broadcast = createRedisBroadcast({ ...deps, url: redisUrl });
  const seats = createRedisSeatBus({ ...deps, broadcast });
  const concerts = createConcertNews({ ...deps, broadcast, onChanged: deps.onConcertChanged });
  return {
    seats,
    concertChanged: (concertId) => concerts.changed(concertId),
    counts: () => broadcast.counts(),
    figures: () => broadcast.figures(),
    async start() {
      seats.start();
      concerts.start();
      await broadcast.start();
    },
    async close() {
      seats.close();
      concerts.close();
      await broadcast.close();
    },
  };
}
