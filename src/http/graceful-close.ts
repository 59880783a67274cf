import { Server as ConnectionServer } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { FastifyInstance } from 'fastify';
import type { Clock } from '../clock.ts';

/** Answers close their connections from now on; a caller who is about to send again learns it by one, not by a reset. */
const FAREWELL_MS = 250;
/** Who has connected just before is given the time to send a request. */
const LATECOMERS_MS = 100;
/** The system resets connections that it has made and nobody has accepted. A turn that is over so soon leaves hardly any. */
const QUIET_TURN_MS = 0.2;
const MOST_TURNS = 100;
/** A request that was under way leaves an open connection behind, which its caller may never use again. */
const SWEEP_EVERY_MS = 100;
/**
 * A request has 5 s to arrive and is refused at once then. A command may take 1.5 s until its owner is found and 6 s more until
 * the other node answers; less would cut callers off whose answer is on its way. Node watches its own limits of slow callers no
 * longer once a server closes.
 */
const LAST_CALL_MS = 7_600;

export interface Closing {
  /** Whether the server is about to close. */
  hasBegun(): boolean;
  /** Whether nobody can have connected within the last moments: what still comes need not be done. */
  isPastFarewell(): boolean;
}

/**
 * Lets the server close without cutting callers off, in bounded time: first every answer says goodbye, then no connection is
 * taken any more, then idle ones end, at last all of them. While `isDraining` and until idle connections end, the work is done:
 * a balancer that has not noticed would pass a refusal on to its caller, though other nodes could have served them.
 */
export function closeGracefully(app: FastifyInstance, clock: Clock, isDraining: () => boolean): Closing {
  let hasBegun = false;
  let isPastFarewell = false;
  const pause = (ms: number): Promise<void> => new Promise((resolve) => void clock.after(ms, resolve));

  /** Resolves just after connections were accepted, unless the process is too busy for that. */
  async function quietTurn(): Promise<void> {
    for (let turn = 0; turn < MOST_TURNS; turn += 1) {
      const beganAtMs = clock.monotonicMs();
      await nextTurn();
      if (clock.monotonicMs() - beganAtMs <= QUIET_TURN_MS) return;
    }
  }

  async function sayFarewell(): Promise<void> {
    await pause(FAREWELL_MS);
    await quietTurn();
    // The server's own `close` ends idle connections too, those whose first request is being sent among them.
    ConnectionServer.prototype.close.call(app.server);
    await pause(LATECOMERS_MS);
  }

  app.addHook('onRequest', (_request, reply, done) => {
    if (isDraining() || hasBegun) reply.header('connection', 'close');
    done();
  });
  app.addHook('preClose', async () => {
    hasBegun = true;
    const wasListening = app.server.listening;
    if (wasListening) await sayFarewell();
    isPastFarewell = true;
    if (!wasListening) return;
    let cancelSweep = (): void => {};
    const sweep = (): void => {
      app.server.closeIdleConnections();
      cancelSweep = clock.after(SWEEP_EVERY_MS, sweep);
    };
    sweep();
    const cancelLastCall = clock.after(LAST_CALL_MS, () => app.server.closeAllConnections());
    app.server.once('close', () => {
      cancelSweep();
      cancelLastCall();
    });
  });
  return {
    hasBegun: () => hasBegun,
    isPastFarewell: () => isPastFarewell,
  };
}
