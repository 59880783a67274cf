import { Type } from 'typebox';
import { type Clock, every } from '../../runtime/clock.ts';
import type { Broadcast } from './broadcast.ts';
import { createMessageReader } from './message-reader.ts';

const CHANNEL = 'concerts';
/** One row for each concert that is asked for. */
const ALL_CHANGED_EVERY_MS = 60_000;

/** Null: any concert. */
const schema = Type.Object(
  { concertId: Type.Union([Type.Null(), Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER })]) },
  { additionalProperties: false },
);
const readNews = createMessageReader(schema);

export interface ConcertNews {
  changed(concertId: number): void;
  start(): void;
  close(): void;
}

/**
 * Tells other nodes that a concert was changed, so that they read it again. A node that may have missed news takes every
 * concert for changed: when it hears again, when a node that could not tell for a while says so, and, because a node may
 * end before it can, once a minute.
 */
export function createConcertNews(deps: {
  readonly broadcast: Broadcast;
  readonly clock: Clock;
  /** Another node has changed it; null: any may have been changed. */
  readonly onChanged: (concertId: number | null) => void;
}): ConcertNews {
  const { broadcast, clock, onChanged } = deps;
  let stopHearing: (() => void) | null = null;
  let cancel: (() => void) | null = null;

  function tell(concertId: number | null): void {
    broadcast.send(CHANNEL, JSON.stringify({ concertId }));
  }

  broadcast.whenConnected(() => {
    onChanged(null);
    tell(null);
  });

  return {
    changed: tell,

    start() {
      if (cancel !== null) return;
      cancel = every(clock, ALL_CHANGED_EVERY_MS, () => onChanged(null));
      stopHearing = broadcast.listen(CHANNEL, {
        heard(_node, text) {
          const news = readNews(text);
          if (news !== null) onChanged(news.concertId);
          return news !== null;
        },
      });
    },

    close() {
      cancel?.();
      cancel = null;
      stopHearing?.();
    },
  };
}
