import type { LiveClient, LivePlace, LiveSeatMap, LiveState } from '../../src/client/live/live-client.ts';
import type { Connection } from '../state/page-state.ts';

/** What is to be kept fresh. */
export interface Attention {
  /** The concert in whose queue one stands or shops; null: no place is watched. */
  readonly concertId: number | null;
  readonly scheduleId: number | null;
}

export interface LiveLinkPorts {
  /** Opens a connection that says hello with what `token` gives. */
  open(token: () => string): LiveClient;
  /** The queue token where there is one, else the access token; null: nobody is known. */
  token(concertId: number | null): string | null;
  onPlace(concertId: number, place: LivePlace): void;
  onMap(map: LiveSeatMap): void;
  onConnection(connection: Connection): void;
  /** Asks once for all that there is attention for; gives how long to wait before the next time, in milliseconds. */
  poll(attention: Attention): Promise<number>;
}

export interface LiveLink {
  attend(attention: Attention): void;
  /** Says hello anew: the token is another one now. */
  renew(): void;
  /** The service's clock where a live connection has told it; null before. */
  serverNow(): number | null;
}

/** So long a break may last before the page asks by itself. */
const PATIENCE_MS = 4_000;
/** So long it says that the connection is back. */
const RESTORED_MS = 4_000;
const UNANSWERED_POLL_MS = 5_000;

/**
 * One live connection for what is looked at now, opened when something is and closed when nothing is. While it does not come
 * about, the page polls, so that it works where WebSockets are blocked.
 */
export function createLiveLink(ports: LiveLinkPorts): LiveLink {
  let attention: Attention = { concertId: null, scheduleId: null };
  let live: LiveClient | null = null;
  let token: string | null = null;
  let stops: (() => void)[] = [];
  let polling: ReturnType<typeof setTimeout> | undefined;
  let calming: ReturnType<typeof setTimeout> | undefined;
  let wasOpen = false;

  function close(): void {
    for (const stop of stops) stop();
    stops = [];
    stopPolling();
    clearTimeout(calming);
    // What it says of its own end is not news.
    const gone = live;
    live = null;
    gone?.close();
    wasOpen = false;
    ports.onConnection('none');
  }

  function stopPolling(): void {
    clearTimeout(polling);
    polling = undefined;
  }

  function pollIn(delayMs: number): void {
    polling = setTimeout(() => {
      const asked = attention;
      ports
        .poll(asked)
        .then(
          (nextMs) => {
            if (polling !== undefined) ports.onConnection('polling');
            return nextMs;
          },
          () => UNANSWERED_POLL_MS,
        )
        .then((nextMs) => {
          if (polling !== undefined) pollIn(nextMs);
        })
        .catch(reportError);
    }, delayMs);
  }

  function follow(state: LiveState): void {
    clearTimeout(calming);
    if (live === null) return;
    switch (state.type) {
      case 'connecting':
        if (polling === undefined) pollIn(PATIENCE_MS);
        ports.onConnection(wasOpen ? 'reconnecting' : 'connecting');
        return;
      case 'open':
        stopPolling();
        ports.onConnection(wasOpen ? 'restored' : 'live');
        if (wasOpen) calming = setTimeout(() => ports.onConnection('live'), RESTORED_MS);
        wasOpen = true;
        return;
      case 'reconnecting':
        if (polling === undefined) {
          pollIn(PATIENCE_MS);
          ports.onConnection(wasOpen ? 'reconnecting' : 'connecting');
        }
        return;
      case 'closed':
        if (polling === undefined) pollIn(0);
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
    renew: () => live?.replaceToken(),
    serverNow: () => (live !== null && wasOpen ? live.serverNow() : null),
  };
}
