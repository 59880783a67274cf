/**
 * One socket after the other to the live endpoint.
 *
 * CLIENT-1. At most one socket at a time counts; whatever an earlier one still says is not heard.
 * CLIENT-2. Frames are sent only between a welcome and the end of its socket; `opened` is called at each welcome.
 * CLIENT-3. A socket that is silent for half as long again as the service promised a frame is given up.
 * CLIENT-4. A token that was refused twice is not sent a third time.
 */
import type { ClientFrame, LiveCloseCode, ServerFrame } from '../../domain/live-frames.ts';
import type { ClientClock, SocketConstructor, SocketPort } from '../platform.ts';
import type { ServerTime } from '../server-time.ts';
import type { LiveLimits } from './limits.ts';
import type { LiveState } from './live-events.ts';
import { waitBeforeReconnect } from './reconnect-wait.ts';

export interface Connection {
  readonly state: LiveState;
  /** Whether it was sent; false outside of CLIENT-2. */
  send(frame: ClientFrame): boolean;
  /** The socket does not do what it should: gives it up and opens another. */
  renew(): void;
  /** Asks for the token and says hello with it; with `onlyAnother` only if it is another one than before. */
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
  /** Every frame but those of the connection itself. */
  readonly heard: (frame: ServerFrame) => void;
  readonly stateChanged: (state: LiveState) => void;
  /** Calls back when the network is said to be there again; returns how to stop. */
  readonly onNetworkBack: (run: () => void) => () => void;
}

const CLOSED_BY_CALLER = 1000 satisfies LiveCloseCode;
const TOKEN_REFUSED = 4401 satisfies LiveCloseCode;
/** The service understood nothing of what this client says, and will not the next time. */
const MISTAKEN: readonly number[] = [4400, 1009] satisfies LiveCloseCode[];
const MISTAKES_MOST = 3;
/** As a close event has it that came without one from the other side. */
const BROKEN = 1006;

/** Silence is broken by a ping first, and ends the socket then. In heartbeats. */
const PING_AFTER = 1.25;
const GIVE_UP_AFTER = 1.5;

interface Line {
  readonly socket: SocketPort;
  isOpen: boolean;
  /** Counts hellos, of which only the latest is sent: an older one may have been given an older token. */
  greetings: number;
  /** What its last hello said. */
  token: string | null;
  /** A hello is not answered yet: what is told of a place is still that of the token before. */
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
  let line: Line | null = null;
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
      // A page's policy, or a system out of sockets: later it may go.
      retryAfter(BROKEN);
      return;
    }
    const own: Line = {
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
    line = own;
    socket.addEventListener('open', () => {
      own.isOpen = true;
      void greet(own, false);
    });
    socket.addEventListener('message', ({ data }) => {
      if (line === own) hear(own, data);
    });
    socket.addEventListener('close', ({ code }) => giveUp(own, code));
    // What went wrong is not told to a page; the close that follows says all there is.
    socket.addEventListener('error', () => undefined);
  }

  async function greet(own: Line, onlyAnother: boolean): Promise<void> {
    own.greetings += 1;
    const greeting = own.greetings;
    let token: string;
    try {
      token = await settings.token();
    } catch {
      giveUp(own, BROKEN);
      return;
    }
    if (line !== own || greeting !== own.greetings || (onlyAnother && token === own.token)) return;
    own.token = token;
    own.isGreeting = true;
    transmit(own, { type: 'hello', token });
  }

  function transmit(own: Line, frame: ClientFrame): void {
    try {
      own.socket.send(JSON.stringify(frame));
    } catch {
      giveUp(own, BROKEN);
    }
  }

  function hear(own: Line, data: unknown): void {
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
        if (!own.isGreeting) settings.heard(frame);
        break;
      default:
        settings.heard(frame);
    }
  }

  function watchSilence(own: Line): void {
    own.cancelTimer();
    if (line !== own) return;
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
      if (line !== own) return;
    }
    own.cancelTimer = clock.after((silentMs < pingMs ? pingMs : giveUpMs) - silentMs, () => watchSilence(own));
  }

  /** Nothing is heard of `own` any more; another one is opened later, unless there is no sense in it. */
  function giveUp(own: Line, code: number): void {
    if (line !== own) return;
    drop(own);
    settings.lost();
    if (own.openedAtMs !== null) {
      const lastedMs = clock.monotonicMs() - own.openedAtMs;
      if (lastedMs >= limits.steadyMs) {
        attempts = 0;
        mistakes = 0;
      }
      // The service was there: whatever breaks connections again and again, it is no outage.
      attempts = Math.min(attempts, limits.restartAttempts - 1);
    }
    if (MISTAKEN.includes(code)) mistakes += 1;
    const isRefused = code === TOKEN_REFUSED && own.token !== null;
    const isRefusedAgain = isRefused && own.token === refusedToken;
    if (isRefused) refusedToken = own.token;
    if (isRefusedAgain || mistakes >= MISTAKES_MOST) change({ type: 'closed', code });
    else retryAfter(code);
  }

  function drop(own: Line): void {
    line = null;
    own.cancelTimer();
    try {
      own.socket.close(CLOSED_BY_CALLER);
    } catch {
      // Closing what never opened may throw; it is gone all the same.
    }
  }

  function retryAfter(code: number): void {
    attempts += 1;
    const retryInMs = waitBeforeReconnect(attempts, code, random, limits);
    cancelRetry = clock.after(retryInMs, connect);
    change({ type: 'reconnecting', attempt: attempts, retryInMs });
  }

  const forgetNetwork = settings.onNetworkBack(() => {
    if (state.type === 'reconnecting' && line === null) {
      connect();
    } else if (line !== null && state.type === 'open') {
      const own = line;
      const askedAtMs = clock.monotonicMs();
      transmit(own, { type: 'ping' });
      if (line !== own) return;
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
      if (line === null || line.openedAtMs === null) return false;
      transmit(line, frame);
      return line !== null;
    },
    renew() {
      if (line !== null) giveUp(line, BROKEN);
    },
    greetAgain(onlyAnother) {
      if (line !== null) {
        if (line.isOpen) void greet(line, onlyAnother);
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
      if (line !== null) drop(line);
      if (state.type !== 'closed') change({ type: 'closed', code: CLOSED_BY_CALLER });
    },
  };
}

/** Null for what no service of ours sends. Kinds of frames that are not known yet are let through, to be ignored. */
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
