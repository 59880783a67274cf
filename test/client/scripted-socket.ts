import type { Test } from 'tap';
import { createFrontrowClient } from '../../src/client/frontrow-client.ts';
import type { LiveClient } from '../../src/client/live/live-client.ts';
import type { SocketPort } from '../../src/client/platform.ts';
import type { ClientFrame, SeatChange, ServerFrame } from '../../src/domain/live-frames.ts';
import { createManualClock, type ManualClock } from '../fixtures/manual-clock.ts';

export const SERVER_TIME = '2026-11-20T10:00:00.000Z';
export const HEARTBEAT_MS = 30_000;

/** A socket whose other end is the test. */
export class ScriptedSocket implements SocketPort {
  readonly url: string;
  readonly sent: ClientFrame[] = [];
  closedByClient = false;
  readonly #listeners = new Map<string, ((event: never) => void)[]>();

  constructor(url: string) {
    this.url = url;
  }

  addEventListener(type: string, listener: (event: never) => void): void {
    this.#listeners.set(type, [...(this.#listeners.get(type) ?? []), listener]);
  }

  send(text: string): void {
    this.sent.push(JSON.parse(text) as ClientFrame);
  }

  close(): void {
    this.closedByClient = true;
  }

  fire(type: 'open' | 'message' | 'close' | 'error', event: object = {}): void {
    for (const listener of this.#listeners.get(type) ?? []) listener(event as never);
  }

  say(frame: ServerFrame): void {
    this.fire('message', { data: JSON.stringify(frame) });
  }

  welcome(): void {
    this.say({ type: 'welcome', serverTime: SERVER_TIME, heartbeatMs: HEARTBEAT_MS });
  }

  snapshot(seq: number, statuses: readonly SeatChange['status'][], scheduleId = 7): void {
    const seats = statuses.map((status, index) => ({ seatNumber: index + 1, price: 1_000, status }));
    this.say({ type: 'snapshot', channel: 'seats', scheduleId, epoch: 1, seq, seats });
  }

  delta(fromSeq: number, seq: number, changes: readonly SeatChange[], scheduleId = 7): void {
    this.say({ type: 'delta', channel: 'seats', scheduleId, epoch: 1, fromSeq, seq, changes });
  }

  close4(code: number): void {
    this.fire('close', { code });
  }
}

export interface Stage {
  readonly live: LiveClient;
  readonly clock: ManualClock;
  readonly sockets: readonly ScriptedSocket[];
  /** The newest socket. */
  readonly socket: ScriptedSocket;
  readonly errors: readonly unknown[];
  /** Opens the newest socket, lets the token be asked for, and welcomes. */
  open(): Promise<ScriptedSocket>;
  /** Lets time pass until another socket is opened. */
  reconnect(): void;
  token: string;
}

/** So much time passes at a time while another socket is awaited: no deadline of the next one must be jumped over. */
const STEP_MS = 50;

/** A live client on scripted sockets under a clock that stands still; `random` is the dice. */
export function createStage(
  t: Test,
  { random = () => 0.5, askToken }: { random?: () => number; askToken?: () => Promise<string> } = {},
): Stage {
  const clock = createManualClock();
  const sockets: ScriptedSocket[] = [];
  const errors: unknown[] = [];
  class Socket extends ScriptedSocket {
    constructor(url: string) {
      super(url);
      sockets.push(this);
    }
  }
  const client = createFrontrowClient({
    baseUrl: 'http://service.test',
    WebSocket: Socket,
    clock: { ...clock, epochMs: () => 0 },
    random,
    onListenerError: (error) => void errors.push(error),
  });
  const stage = { token: 'a-token' };
  const live = client.live({ token: askToken ?? (() => stage.token) });
  t.teardown(() => live.close());
  const newest = (): ScriptedSocket => {
    const socket = sockets.at(-1);
    if (socket === undefined) throw new Error('no socket was opened');
    return socket;
  };
  return {
    live,
    clock,
    sockets,
    errors,
    get socket() {
      return newest();
    },
    get token() {
      return stage.token;
    },
    set token(token) {
      stage.token = token;
    },
    reconnect() {
      const before = sockets.length;
      while (sockets.length === before && live.state.type === 'reconnecting') clock.advance(STEP_MS);
    },
    async open() {
      const socket = newest();
      socket.fire('open');
      await settle();
      socket.welcome();
      await settle();
      return socket;
    },
  };
}

/** Lets everything happen that only waits for the end of this turn. */
export function settle(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
