import { type Clock, every } from '../../runtime/clock.ts';
import type { Log } from '../../runtime/log.ts';
import { createTally } from '../../runtime/tally.ts';
import type { LiveSession } from './live-session.ts';
import type { LiveTally } from './live-metrics.ts';

/** Each costs about 20 KiB and a file descriptor; a node with more serves none of them well. */
const SOCKET_LIMIT = 50_000;
/** Sockets before their hello: many fans behind one address reconnect at once after a restart. */
const UNIDENTIFIED_PER_ADDRESS = 5_000;
const UNIDENTIFIED_IN_ALL = 20_000;
/** How often every socket's deadlines are checked; one timer replaces several for each. */
const TICK_MS = 500;
const LOOK_MS = 1_000;
/** How often a slow socket is checked for having drained. */
const CATCH_UP_MS = 100;
/** The time in which a peer must answer the close of a restart. */
const FAREWELL_MS = 500;

/** The open sockets of this node. */
export interface LiveSockets {
  readonly size: number;
  /** Slow sockets. */
  readonly behind: number;
  readonly seatSubscriptions: number;
  /** Null when a socket from this address may open now, else the code of the refusal. */
  refusalOf(address: string): 'OVERLOADED' | 'RATE_LIMITED' | null;
  add(session: LiveSession): void;
  remove(session: LiveSession, code: number): void;
  /** Counts the socket for its user; false when the user has too many. */
  claim(session: LiveSession, userId: string): boolean;
  fellBehind(session: LiveSession): void;
  start(): void;
  /** Closes all sockets, and terminates those that do not answer. */
  close(): void;
}

export function createLiveSockets(deps: {
  readonly clock: Clock;
  readonly log: Log;
  readonly tally: LiveTally;
  /** 0: unlimited. */
  readonly socketsPerUser: number;
  /** Called about once a second. */
  readonly look: (nowMs: number) => void;
}): LiveSockets {
  const { clock, log, tally, socketsPerUser, look } = deps;
  const sessions = new Set<LiveSession>();
  const behind = new Set<LiveSession>();
  const ofUser = createTally();
  const unidentifiedOf = createTally();
  let unidentified = 0;
  let lookedAtMs = Number.NEGATIVE_INFINITY;
  let stopTicking: (() => void) | null = null;
  let isCatchingUp = false;
  let isClosed = false;

  function tick(): void {
    const nowMs = clock.monotonicMs();
    for (const session of sessions) {
      // One socket's bug must not affect the others.
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
  }

  /** Runs in a timer, where a throw would end the process. */
  function lookSafely(nowMs: number): void {
    try {
      look(nowMs);
    } catch (error) {
      log.error({ err: error }, 'the periodic check of live schedules failed');
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
    unidentified -= 1;
    unidentifiedOf.subtract(address);
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
      if (isClosed || sessions.size >= SOCKET_LIMIT || unidentified >= UNIDENTIFIED_IN_ALL) return 'OVERLOADED';
      return unidentifiedOf.of(address) >= UNIDENTIFIED_PER_ADDRESS ? 'RATE_LIMITED' : null;
    },

    add(session) {
      sessions.add(session);
      unidentified += 1;
      unidentifiedOf.add(session.address);
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
      if (stopTicking !== null || isClosed) return;
      tick();
      stopTicking = every(clock, TICK_MS, tick);
    },

    close() {
      if (isClosed) return;
      isClosed = true;
      stopTicking?.();
      for (const session of sessions) session.close(1012);
      clock.after(FAREWELL_MS, () => {
        for (const session of sessions) session.terminate();
      });
    },
  };
}
