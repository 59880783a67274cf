import { Server as ConnectionServer } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { FastifyInstance } from 'fastify';
import { type Clock, pause } from '../../runtime/clock.ts';

/** During this time answers close their connections; callers learn of the end from an answer, not from a reset. */
const FAREWELL_MS = 250;
/** Time for callers that have just connected to send a request. */
const LATECOMERS_MS = 100;
/** The longest turn that counts as quiet: at first, and its growth for each millisecond of the wait. */
const QUIET_TURN_MS = 0.2;
const QUIET_TURN_MS_PER_MS = 0.01;
/** After this long the server closes even if new connections still arrive. */
const MOST_WAIT_MS = 1_000;
/** A request in flight leaves an open connection behind, which its caller may never use again. */
const SWEEP_EVERY_MS = 100;
/**
 * A request has 5 s to arrive and is then refused at once. A command may take 1.5 s until its owner is found and 6 s more until
 * the other node answers; less would cut off callers whose answer is on its way. Once a server closes, Node no longer enforces
 * its own limits on slow callers.
 */
const LAST_CALL_MS = 7_600;

export interface Closing {
  /** Whether the server is about to close. */
  hasBegun(): boolean;
  /** Whether the farewell is over and no caller can have connected recently: requests that still arrive may be refused. */
  isPastFarewell(): boolean;
}

/**
 * Closes the server without cutting callers off, in bounded time: first every answer closes its connection, then the server
 * stops listening, then idle connections end, and finally all others. While `isDraining`, and until idle connections end,
 * requests are still served: a balancer that has not noticed yet would pass a refusal on to its caller, although other nodes
 * could have served it.
 */
export function closeGracefully(app: FastifyInstance, clock: Clock, isDraining: () => boolean): Closing {
  let hasBegun = false;
  let isPastFarewell = false;

  /**
   * Resolves just after a turn of the loop without a new connection. Then no caller waits to be accepted, whom the end of
   * listening would reset, and everything sent has been read, which closing its connection would discard. Only short turns
   * count, since more arrives during a long one; the limit grows with the wait.
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
    await pause(clock, FAREWELL_MS);
    await quietTurn();
    // The server's own `close` also ends idle connections, including those whose first request is being sent.
    ConnectionServer.prototype.close.call(app.server);
    await pause(clock, LATECOMERS_MS);
    await quietTurn();
  }

  // Decided when the answer leaves: a request that arrived before the farewell is answered during it.
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
