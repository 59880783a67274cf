import type { LiveClient } from '../../src/client/live/live-client.ts';
import type { LivePlace, LiveSeatMap, LiveState } from '../../src/client/live/live-events.ts';
import type { ClientClock } from '../../src/client/platform.ts';
import type { Connection } from '../state/page-state.ts';

/** What is to be kept fresh. */
export interface Attention {
  /** The concert in whose queue one stands or shops; null: no place is watched. */
  readonly concertId: number | null;
  readonly scheduleId: number | null;
}

export interface LiveLinkPorts {
  readonly clock: Pick<ClientClock, 'after'>;
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
  /** The round of asking that goes on; null while none does. An answer to an earlier one changes nothing. */
  let asking: { cancel: () => void } | null = null;
  let cancelCalming = (): void => undefined;
  let wasOpen = false;

  function close(): void {
    for (const stop of stops) stop();
    stops = [];
    stopAsking();
    cancelCalming();
    // What it says of its own end is not news.
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
        // What cannot be asked is told as a connection that is away; the next round tries again.
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
