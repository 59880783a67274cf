import type { Clock } from '../runtime/clock.ts';
import type { Log } from '../runtime/log.ts';

/*
 * Keeps the embedded server running under a live service.
 *
 * States:
 *   `watching`    until the server ends.
 *   `restarting`  until a restart succeeds, or fails for the third time in a row.
 *   `given up`    final; the owner of the process is notified once.
 *   `closed`      final.
 *
 * KEEP-1. A restart fails when the server does not come up, or ends within a minute. The first restart is immediate; later
 *     ones back off.
 * KEEP-2. A closed supervisor starts nothing, and `close` waits for a restart in progress.
 */

const FAILURES_ALLOWED = 3;
/** A server that has run this long started well; its end counts as a new failure. */
const STEADY_AFTER_MS = 60_000;
/** The pause before the second restart; it doubles with each further one. */
const FIRST_PAUSE_MS = 1_000;

export interface EmbeddedSupervisor {
  /** The server, or the session that watches it, has ended. */
  serverEnded(): void;
  /** Idempotent. */
  close(): Promise<void>;
}

interface SupervisorDependencies {
  readonly clock: Clock;
  readonly log: Log;
  /** Starts the server again, or finds it running; rejects when that fails or was cancelled. */
  readonly restart: () => Promise<void>;
  /** Called once, when the server cannot be kept running. */
  readonly onGivenUp: (error: Error) => void;
}

export function createEmbeddedSupervisor(deps: SupervisorDependencies): EmbeddedSupervisor {
  const { clock, log } = deps;
  let state: 'watching' | 'restarting' | 'given up' | 'closed' = 'watching';
  let failures = 0;
  let restartedAt = Number.NEGATIVE_INFINITY;
  let restarting = Promise.resolve();
  let endPause: () => void = () => undefined;

  function serverEnded(): void {
    if (state !== 'watching') return;
    state = 'restarting';
    failures = clock.monotonicMs() - restartedAt < STEADY_AFTER_MS ? failures + 1 : 0;
    log.error({ failures }, 'the embedded PostgreSQL has ended; starting it again');
    restarting = keepRestarting();
  }

  async function keepRestarting(): Promise<void> {
    let cause: unknown;
    while (failures < FAILURES_ALLOWED) {
      if (failures > 0) await pause(FIRST_PAUSE_MS * 2 ** (failures - 1));
      if (state !== 'restarting') return;
      try {
        await deps.restart();
        restartedAt = clock.monotonicMs();
        if (isStill('restarting')) state = 'watching';
        log.info({}, 'the embedded PostgreSQL runs again');
        return;
      } catch (error) {
        if (!isStill('restarting')) return;
        cause = error;
        failures += 1;
        log.error({ err: error, failures }, 'the embedded PostgreSQL could not be started again');
      }
    }
    state = 'given up';
    deps.onGivenUp(new Error('the embedded PostgreSQL cannot be kept running', { cause }));
  }

  /** TypeScript assumes that `state` keeps its value over an await. */
  function isStill(expected: typeof state): boolean {
    return state === expected;
  }

  function pause(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = clock.after(delayMs, resolve);
      endPause = () => {
        cancel();
        resolve();
      };
    });
  }

  return {
    serverEnded,
    async close() {
      state = 'closed';
      endPause();
      await restarting;
    },
  };
}
