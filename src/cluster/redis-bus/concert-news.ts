import { Type } from 'typebox';
import { type Clock, every } from '../../runtime/clock.ts';
import type { Broadcast } from './broadcast.ts';
import { createMessageReader } from './message-reader.ts';

const CHANNEL = 'concerts';
/** Afterwards each requested concert costs one row. */
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
 * Notifies other nodes of changed concerts, so that they read them again. A node that may have missed a message treats every
 * concert as changed: when its own connections are up again, when another node reports that its connections were down, and
 * once a minute, because a node may end before it can report.
 */
export function createConcertNews(deps: {
  readonly broadcast: Broadcast;
  readonly clock: Clock;
  /** Another node has changed the concert; null: it may have changed any concert. */
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
