/**
 * Keeps one socket open to the live endpoint, and replaces it when it breaks.
 *
 * CLIENT-1. At most one socket is current; events of earlier sockets are ignored.
 * CLIENT-2. Frames are sent only between a socket's welcome and its end; `opened` is called at each welcome.
 * CLIENT-3. A socket that stays silent for 1.5 times the heartbeat interval that the service promised is closed and replaced.
 * CLIENT-4. A token that the service refused twice is not sent a third time.
 */
import type { ClientFrame, LiveCloseCode, ServerFrame } from '../../domain/live-frames.ts';
import type { ClientClock, SocketConstructor, SocketPort } from '../platform.ts';
import type { ServerTime } from '../server-time.ts';
import type { LiveLimits } from './limits.ts';
import type { LiveState } from './live-events.ts';
import { waitBeforeReconnect } from './reconnect-wait.ts';

export interface Connection {
  readonly state: LiveState;
  /** Returns whether the frame was sent; false outside of CLIENT-2. */
  send(frame: ClientFrame): boolean;
  /** The socket does not work as it should: closes it and opens another. */
  renew(): void;
  /** Asks for the token and sends a hello with it; with `onlyAnother` only when the token has changed. */
  greetAgain(onlyAnother: boolean): void;
  close(): void;
}

export interface ConnectionSettings {
  readonly url: string;
  readonly Socket: SocketConstructor;
  readonly token: () => string | Promise<string>;
  readonly clock: ClientClock;
  readonly random: () => number;
  readonly limits: LiveLimits;
  readonly serverTime: ServerTime;
  readonly opened: () => void;
  readonly lost: () => void;
  /** Receives every frame except the connection's own. */
  readonly onFrame: (frame: ServerFrame) => void;
  readonly stateChanged: (state: LiveState) => void;
  /** Calls `run` when the system reports that the network is back; returns a function that unsubscribes. */
  readonly onNetworkBack: (run: () => void) => () => void;
}

const CLOSED_BY_CALLER = 1000 satisfies LiveCloseCode;
const TOKEN_REFUSED = 4401 satisfies LiveCloseCode;
/** The service could not parse this client's frames, so a retry would fail as well. */
const MISTAKEN: readonly number[] = [4400, 1009] satisfies LiveCloseCode[];
const MISTAKES_MOST = 3;
/** The code that a close event carries when the other side sent none. */
const BROKEN = 1006;

/** After this many heartbeats of silence the client sends a ping; continued silence ends the socket. */
const PING_AFTER = 1.25;
const GIVE_UP_AFTER = 1.5;

interface LiveSocket {
  readonly socket: SocketPort;
  isOpen: boolean;
  /** Counts hellos. Only the latest is sent: an older one may carry an older token. */
  greetings: number;
  /** The token in its last hello. */
  token: string | null;
  /** A hello awaits its answer: until then, frames about a place still concern the previous token. */
  isGreeting: boolean;
  openedAtMs: number | null;
  heartbeatMs: number;
  lastFrameMs: number;
  hasPinged: boolean;
  cancelTimer: () => void;
}

/** Opens the first socket at once. */
export function createConnection(settings: ConnectionSettings): Connection {
  const { url, Socket, clock, random, limits, serverTime } = settings;
  let state: LiveState = { type: 'connecting' };
  let current: LiveSocket | null = null;
  let cancelRetry = (): void => undefined;
  let attempts = 0;
  let mistakes = 0;
  let refusedToken: string | null = null;

  function change(next: LiveState): void {
    state = next;
    settings.stateChanged(next);
  }

  function connect(): void {
    cancelRetry();
    let socket: SocketPort;
    try {
      socket = new Socket(url);
    } catch {
      // A page's policy forbade the socket, or the system has none left: retry later.
      retryAfter(BROKEN);
      return;
    }
    const own: LiveSocket = {
      socket,
      isOpen: false,
      greetings: 0,
      token: null,
      isGreeting: false,
      openedAtMs: null,
      heartbeatMs: Number.POSITIVE_INFINITY,
      lastFrameMs: clock.monotonicMs(),
      hasPinged: false,
      cancelTimer: clock.after(limits.welcomeMs, () => giveUp(own, BROKEN)),
    };
    current = own;
    socket.addEventListener('open', () => {
      own.isOpen = true;
      void greet(own, false);
    });
    socket.addEventListener('message', ({ data }) => {
      if (current === own) receive(own, data);
    });
    socket.addEventListener('close', ({ code }) => giveUp(own, code));
    // A page gets no reason for the error; the close event that follows carries all there is.
    socket.addEventListener('error', () => undefined);
  }

  async function greet(own: LiveSocket, onlyAnother: boolean): Promise<void> {
    own.greetings += 1;
    const greeting = own.greetings;
    let token: string;
    try {
      token = await settings.token();
    } catch {
      giveUp(own, BROKEN);
      return;
    }
    if (current !== own || greeting !== own.greetings || (onlyAnother && token === own.token)) return;
    own.token = token;
    own.isGreeting = true;
    transmit(own, { type: 'hello', token });
  }

  function transmit(own: LiveSocket, frame: ClientFrame): void {
    try {
      own.socket.send(JSON.stringify(frame));
    } catch {
      giveUp(own, BROKEN);
    }
  }

  function receive(own: LiveSocket, data: unknown): void {
    const frame = parseFrame(data);
    if (frame === null) {
      giveUp(own, BROKEN);
      return;
    }
    own.lastFrameMs = clock.monotonicMs();
    own.hasPinged = false;
    switch (frame.type) {
      case 'welcome':
        serverTime.note(frame.serverTime);
        own.isGreeting = false;
        own.heartbeatMs = frame.heartbeatMs;
        own.openedAtMs ??= clock.monotonicMs();
        watchSilence(own);
        if (state.type !== 'open') change({ type: 'open' });
        settings.opened();
        break;
      case 'heartbeat':
        serverTime.note(frame.serverTime);
        break;
      case 'pong':
        break;
      case 'queue':
        if (!own.isGreeting) settings.onFrame(frame);
        break;
      default:
        settings.onFrame(frame);
    }
  }

  function watchSilence(own: LiveSocket): void {
    own.cancelTimer();
    if (current !== own) return;
    const silentMs = clock.monotonicMs() - own.lastFrameMs;
    const giveUpMs = own.heartbeatMs * GIVE_UP_AFTER;
    if (silentMs >= giveUpMs) {
      giveUp(own, BROKEN);
      return;
    }
    const pingMs = own.heartbeatMs * PING_AFTER;
    if (silentMs >= pingMs && !own.hasPinged) {
      own.hasPinged = true;
      transmit(own, { type: 'ping' });
      if (current !== own) return;
    }
    own.cancelTimer = clock.after((silentMs < pingMs ? pingMs : giveUpMs) - silentMs, () => watchSilence(own));
  }

  /** Drops `own` and schedules another connection, unless a retry cannot help. */
  function giveUp(own: LiveSocket, code: number): void {
    if (current !== own) return;
    drop(own);
    settings.lost();
    if (own.openedAtMs !== null) {
      const lastedMs = clock.monotonicMs() - own.openedAtMs;
      if (lastedMs >= limits.steadyMs) {
        attempts = 0;
        mistakes = 0;
      }
      // The service answered, so this is no outage, however often connections break.
      attempts = Math.min(attempts, limits.restartAttempts - 1);
    }
    if (MISTAKEN.includes(code)) mistakes += 1;
    const isRefused = code === TOKEN_REFUSED && own.token !== null;
    const isRefusedAgain = isRefused && own.token === refusedToken;
    if (isRefused) refusedToken = own.token;
    if (isRefusedAgain || mistakes >= MISTAKES_MOST) change({ type: 'closed', code });
    else retryAfter(code);
  }

  function drop(own: LiveSocket): void {
    current = null;
    own.cancelTimer();
    try {
      own.socket.close(CLOSED_BY_CALLER);
    } catch {
      // Closing a socket that never opened may throw; the client has already dropped it.
    }
  }

  function retryAfter(code: number): void {
    attempts += 1;
    const retryInMs = waitBeforeReconnect(attempts, code, random, limits);
    cancelRetry = clock.after(retryInMs, connect);
    change({ type: 'reconnecting', attempt: attempts, retryInMs });
  }

  const forgetNetwork = settings.onNetworkBack(() => {
    if (state.type === 'reconnecting' && current === null) {
      connect();
    } else if (current !== null && state.type === 'open') {
      const own = current;
      const askedAtMs = clock.monotonicMs();
      transmit(own, { type: 'ping' });
      if (current !== own) return;
      own.cancelTimer();
      own.cancelTimer = clock.after(limits.probeMs, () => {
        if (own.lastFrameMs < askedAtMs) giveUp(own, BROKEN);
        else watchSilence(own);
      });
    }
  });

  connect();
  return {
    get state() {
      return state;
    },
    send(frame) {
      if (current === null || current.openedAtMs === null) return false;
      transmit(current, frame);
      return current !== null;
    },
    renew() {
      if (current !== null) giveUp(current, BROKEN);
    },
    greetAgain(onlyAnother) {
      if (current !== null) {
        if (current.isOpen) void greet(current, onlyAnother);
      } else if (state.type === 'closed' && state.code !== CLOSED_BY_CALLER && !onlyAnother) {
        refusedToken = null;
        mistakes = 0;
        attempts = 0;
        change({ type: 'connecting' });
        connect();
      }
    },
    close() {
      forgetNetwork();
      cancelRetry();
      if (current !== null) drop(current);
      if (state.type !== 'closed') change({ type: 'closed', code: CLOSED_BY_CALLER });
    },
  };
}

/** Returns null for data that is no frame. Unknown kinds of frames pass, so that callers can ignore them. */
function parseFrame(data: unknown): ServerFrame | null {
  if (typeof data !== 'string') return null;
  try {
    const frame: unknown = JSON.parse(data);
    return isFrame(frame) ? frame : null;
  } catch {
    return null;
  }
}

function isFrame(value: unknown): value is ServerFrame {
  return typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string';
}
