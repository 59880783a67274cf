import type { Clock } from '../../runtime/clock.ts';
import type { Log } from '../../runtime/log.ts';
import type { LiveSession } from './live-session.ts';
import type { LiveTally } from './live-metrics.ts';

/** Each costs about 20 KiB and a file descriptor; a node that has more serves none of them well. */
const SOCKET_LIMIT = 50_000;
/** Sockets that have not said who they are: a page full of fans behind one address reconnects at once after a restart. */
const STRANGERS_PER_ADDRESS = 5_000;
const STRANGERS_IN_ALL = 20_000;
/** How often every socket is looked at, for its deadlines; one timer instead of several for each. */
const TICK_MS = 500;
const LOOK_MS = 1_000;
/** How often a socket that is behind is asked whether it has drained. */
const CATCH_UP_MS = 100;
/** A peer has this long to answer the close of a restart. */
const FAREWELL_MS = 500;

/** The open sockets of this node. */
export interface LiveSockets {
  readonly size: number;
  /** Those that do not keep up. */
  readonly behind: number;
  readonly seatSubscriptions: number;
  /** Whether a socket from this address may be opened now; the code of the refusal else. */
  refusalOf(address: string): 'OVERLOADED' | 'RATE_LIMITED' | null;
  add(session: LiveSession): void;
  remove(session: LiveSession, code: number): void;
  /** Counts the socket among its user's; false when there are as many as there may be. */
  claim(session: LiveSession, userId: string): boolean;
  fellBehind(session: LiveSession): void;
  start(): void;
  /** Says goodbye to everybody, and cuts off who does not answer. */
  close(): void;
}

export function createLiveSockets(deps: {
  readonly clock: Clock;
  readonly log: Log;
  readonly tally: LiveTally;
  /** 0: any number. */
  readonly socketsPerUser: number;
  /** Called about once a second. */
  readonly look: (nowMs: number) => void;
}): LiveSockets {
  const { clock, log, tally, socketsPerUser, look } = deps;
  const sessions = new Set<LiveSession>();
  const behind = new Set<LiveSession>();
  const ofUser = createTally();
  const strangersOf = createTally();
  let strangers = 0;
  let lookedAtMs = Number.NEGATIVE_INFINITY;
  let cancelTick: (() => void) | null = null;
  let isCatchingUp = false;
  let isClosed = false;

  function tick(): void {
    const nowMs = clock.monotonicMs();
    for (const session of sessions) {
      // One socket's bug is not the others'.
      try {
        session.tick(nowMs);
      } catch (error) {
        session.fail(error);
      }
    }
    if (nowMs - lookedAtMs >= LOOK_MS - TICK_MS / 2) {
      lookedAtMs = nowMs;
      lookSafely(nowMs);
    }
    if (!isClosed) cancelTick = clock.after(TICK_MS, tick);
  }

  /** Runs in a timer, where a throw would end the process. */
  function lookSafely(nowMs: number): void {
    try {
      look(nowMs);
    } catch (error) {
      log.error({ err: error }, 'the live schedules could not be looked at');
    }
  }

  function catchUp(): void {
    for (const session of behind) {
      try {
        if (session.catchUp()) behind.delete(session);
      } catch (error) {
        behind.delete(session);
        session.fail(error);
      }
    }
    isCatchingUp = behind.size > 0;
    if (isCatchingUp) clock.after(CATCH_UP_MS, catchUp);
  }

  function forgetStranger(address: string): void {
    strangers -= 1;
    strangersOf.subtract(address);
  }

  return {
    get size() {
      return sessions.size;
    },

    get behind() {
      return behind.size;
    },

    get seatSubscriptions() {
      let count = 0;
      for (const session of sessions) count += session.seatSubscriptions;
      return count;
    },

    refusalOf(address) {
      if (isClosed || sessions.size >= SOCKET_LIMIT || strangers >= STRANGERS_IN_ALL) return 'OVERLOADED';
      return strangersOf.of(address) >= STRANGERS_PER_ADDRESS ? 'RATE_LIMITED' : null;
    },

    add(session) {
      sessions.add(session);
      strangers += 1;
      strangersOf.add(session.address);
    },

    remove(session, code) {
      if (!sessions.delete(session)) return;
      behind.delete(session);
      if (session.userId === null) forgetStranger(session.address);
      else ofUser.subtract(session.userId);
      tally.countClose(session.closeCode ?? code);
    },

    claim(session, userId) {
      if (session.userId === userId) return true;
      if (socketsPerUser > 0 && ofUser.of(userId) >= socketsPerUser) return false;
      if (session.userId === null) forgetStranger(session.address);
      else ofUser.subtract(session.userId);
      session.userId = userId;
      ofUser.add(userId);
      return true;
    },

    fellBehind(session) {
      behind.add(session);
      if (isCatchingUp) return;
      isCatchingUp = true;
      clock.after(CATCH_UP_MS, catchUp);
    },

    start() {
      if (cancelTick === null) tick();
    },

    close() {
      if (isClosed) return;
      isClosed = true;
      cancelTick?.();
      for (const session of sessions) session.close(1012);
      clock.after(FAREWELL_MS, () => {
        for (const session of sessions) session.terminate();
      });
    },
  };
}

/** How many there are of each. */
function createTally() {
  const counts = new Map<string, number>();
  return {
    of: (key: string) => counts.get(key) ?? 0,
    add: (key: string) => counts.set(key, (counts.get(key) ?? 0) + 1),
    subtract(key: string) {
      const count = (counts.get(key) ?? 0) - 1;
      if (count > 0) counts.set(key, count);
      else counts.delete(key);
    },
  };
}
