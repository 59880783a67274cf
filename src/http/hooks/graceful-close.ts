import { Server as ConnectionServer } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { FastifyInstance } from 'fastify';
import type { Clock } from '../../runtime/clock.ts';

/** Answers close their connections from now on; a caller who is about to send again learns it by one, not by a reset. */
const FAREWELL_MS = 250;
/** Who has connected just before is given the time to send a request. */
const LATECOMERS_MS = 100;
/** How long a turn may be that counts as quiet, at first and for each millisecond that none was. */
const QUIET_TURN_MS = 0.2;
const QUIET_TURN_MS_PER_MS = 0.01;
/** A crowd that never leaves a turn without newcomers is cut off at last. */
const MOST_WAIT_MS = 1_000;
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

  /**
   * Resolves just after a turn of the loop in which nobody connected: nobody waits to be accepted, whom the end of listening would
   * reset, and whatever had been sent was read, which the end of its connection would throw away. Turns are looked at while they
   * are short, since more arrives in a long one; the longer that takes, the longer they may be.
   */
  async function quietTurn(): Promise<void> {
    let arrivals = 0;
    const count = (): void => void (arrivals += 1);
    app.server.on('connection', count);
    const beganAtMs = clock.monotonicMs();
    for (let isQuiet = false; !isQuiet; ) {
      const arrived = arrivals;
      const turnAtMs = clock.monotonicMs();
      await nextTurn();
      const nowMs = clock.monotonicMs();
      const waitedMs = nowMs - beganAtMs;
      const isShort = nowMs - turnAtMs <= QUIET_TURN_MS + waitedMs * QUIET_TURN_MS_PER_MS;
      isQuiet = (arrivals === arrived && isShort) || waitedMs >= MOST_WAIT_MS;
    }
    app.server.off('connection', count);
  }

  async function sayFarewell(): Promise<void> {
    await pause(FAREWELL_MS);
    await quietTurn();
    // The server's own `close` ends idle connections too, those whose first request is being sent among them.
    ConnectionServer.prototype.close.call(app.server);
    await pause(LATECOMERS_MS);
    await quietTurn();
  }

  // Judged when the answer leaves: a request that arrived before the farewell is answered in it.
  app.addHook('onSend', (_request, reply, _payload, done) => {
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
    let isClosed = false;
    const sweep = (): void => {
      app.server.closeIdleConnections();
      if (!isClosed) cancelSweep = clock.after(SWEEP_EVERY_MS, () => void quietTurn().then(sweep));
    };
    sweep();
    const cancelLastCall = clock.after(LAST_CALL_MS, () => app.server.closeAllConnections());
    app.server.once('close', () => {
      isClosed = true;
      cancelSweep();
      cancelLastCall();
    });
  });
  return {
    hasBegun: () => hasBegun,
    isPastFarewell: () => isPastFarewell,
  };
}
