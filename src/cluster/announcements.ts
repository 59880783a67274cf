import type { AnswerFigures } from '../runtime/answer-watch.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Log } from '../runtime/log.ts';
import { createInProcessSeatBus, type SeatBus } from './in-process-seat-bus.ts';
import { type BroadcastCounts, createRedisBroadcast } from './redis-bus/broadcast.ts';
import { createConcertNews } from './redis-bus/concert-news.ts';
import { createRedisSeatBus } from './redis-seat-bus.ts';

/** The messages that nodes send each other without a request. Any of them may be lost, and its receivers make up for that. */
export interface Announcements {
  readonly seats: SeatBus;
  /** Notifies other nodes that this one has changed a concert. */
  concertChanged(concertId: number): void;
  /** Null without Redis. */
  counts(): BroadcastCounts | null;
  /** How long the node waited for Redis; null without Redis. */
  figures(): AnswerFigures | null;
  start(): Promise<void>;
  close(): Promise<void>;
}

/** With Redis, messages reach all its nodes; without it, this process alone. */
export function createAnnouncements(deps: {
  readonly redisUrl: string | undefined;
  /** The name of this process, which no other process ever has. */
  readonly nodeName: string;
  readonly clock: Clock;
  readonly log: Log;
  /** Another node has begun to watch. If this node owns the schedule, it announces the head. */
  readonly onNewInterest: (scheduleId: number) => void;
  /** Another node has changed a concert; null: it may have changed any concert. */
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
