import type { LiveClient } from '../../src/client/live/live-client.ts';
import type { LivePlace, LiveSeatMap, LiveState } from '../../src/client/live/live-events.ts';
import type { ClientClock } from '../../src/client/platform.ts';
import type { Connection } from '../state/page-state.ts';

/** The data to keep up to date. */
export interface Attention {
  /** The concert whose queue token to watch; null: none. */
  readonly concertId: number | null;
  readonly scheduleId: number | null;
}

export interface LiveLinkPorts {
  readonly clock: Pick<ClientClock, 'after'>;
  /** Opens a connection whose hello carries the token that `token` returns. */
  open(token: () => string): LiveClient;
  /** The queue token if there is one, else the access token; null when there is neither. */
  token(concertId: number | null): string | null;
  onPlace(concertId: number, place: LivePlace): void;
  onMap(map: LiveSeatMap): void;
  onConnection(connection: Connection): void;
  /** Requests everything in `attention` once; returns the wait before the next request, in milliseconds. */
  poll(attention: Attention): Promise<number>;
}

export interface LiveLink {
  attend(attention: Attention): void;
  /** The service's clock, if a live connection has reported it; else null. */
  serverNow(): number | null;
}

/** A break may last this long before the page starts to poll. */
const PATIENCE_MS = 4_000;
/** How long the page says that the connection is back. */
const RESTORED_MS = 4_000;
const UNANSWERED_POLL_MS = 5_000;

/**
 * Keeps one live connection for the data in view: it opens when there is some and closes when there is none. Without a
 * connection the page polls, so that it works where WebSockets are blocked.
 */
export function createLiveLink(ports: LiveLinkPorts): LiveLink {
  let attention: Attention = { concertId: null, scheduleId: null };
  let live: LiveClient | null = null;
  let token: string | null = null;
  let stops: (() => void)[] = [];
  /** The current round of polling; null when there is none. Answers to earlier rounds are ignored. */
  let asking: { cancel: () => void } | null = null;
  let cancelCalming = (): void => undefined;
  let wasOpen = false;

  function close(): void {
    for (const stop of stops) stop();
    stops = [];
    stopAsking();
    cancelCalming();
    // The connection's own closing needs no report.
    const gone = live;
    live = null;
    gone?.close();
    wasOpen = false;
    ports.onConnection('none');
  }

  function stopAsking(): void {
    asking?.cancel();
    asking = null;
  }

  function startAsking(delayMs: number): void {
    const round = { cancel: (): void => undefined };
    asking = round;

    async function ask(): Promise<void> {
      let nextMs = UNANSWERED_POLL_MS;
      let isAnswered = false;
      try {
        nextMs = await ports.poll(attention);
        isAnswered = true;
      } catch {
        // A failed poll shows as a missing connection; the next round retries.
      }
      if (asking !== round) return;
      ports.onConnection(isAnswered ? 'polling' : 'reconnecting');
      round.cancel = ports.clock.after(nextMs, () => void ask());
    }

    round.cancel = ports.clock.after(delayMs, () => void ask());
  }

  function follow(state: LiveState): void {
    cancelCalming();
    if (live === null) return;
    switch (state.type) {
      case 'open':
        stopAsking();
        ports.onConnection(wasOpen ? 'restored' : 'live');
        if (wasOpen) cancelCalming = ports.clock.after(RESTORED_MS, () => ports.onConnection('live'));
        wasOpen = true;
        return;
      case 'connecting':
      case 'reconnecting':
      case 'closed':
        if (asking !== null) return;
        startAsking(state.type === 'closed' ? 0 : PATIENCE_MS);
        ports.onConnection(wasOpen ? 'reconnecting' : 'connecting');
    }
  }

  function subscribe(client: LiveClient): void {
    for (const stop of stops) stop();
    stops = [];
    const { concertId, scheduleId } = attention;
    if (concertId !== null) {
      stops.push(
        client.queue((event) => {
          if (event.type === 'place') ports.onPlace(concertId, event);
        }),
      );
    }
    if (scheduleId !== null) {
      stops.push(
        client.seats(scheduleId, (event) => {
          if (event.type === 'map') ports.onMap(event);
        }),
      );
    }
  }

  return {
    attend(next) {
      const nextToken = ports.token(next.concertId);
      const isSame = next.concertId === attention.concertId && next.scheduleId === attention.scheduleId;
      if (isSame && nextToken === token) return;
      attention = next;
      token = nextToken;
      if ((next.concertId === null && next.scheduleId === null) || nextToken === null) {
        if (live !== null) close();
        return;
      }
      if (live === null) {
        live = ports.open(() => ports.token(attention.concertId) ?? '');
        subscribe(live);
        live.onState(follow);
      } else {
        live.replaceToken();
        subscribe(live);
      }
    },
    serverNow: () => (live !== null && wasOpen ? live.serverNow() : null),
  };
}
