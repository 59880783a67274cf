import type { FastifyInstance } from 'fastify';
import type { Clock } from '../clock.ts';

/** Answers close their connections from now on; a caller who is about to send again learns it by one, not by a reset. */
const FAREWELL_MS = 250;
/** A request that was under way leaves an open connection behind, which its caller may never use again. */
const SWEEP_EVERY_MS = 100;
/**
 * A request has 5 s to arrive and is refused at once then. One that had arrived is answered within 5 s where this node owns the
 * schedule. Taken to another node it may need 7.5 s, when it is long until an owner is found and that one's database is slow too;
 * such a caller is cut off here, and asks again with the same key. Node watches its own limits of slow callers no longer once a
 * server closes.
 */
const LAST_CALL_MS = 6_000;

/**
 * Lets the server close without cutting callers off, in bounded time: first every answer says goodbye, then idle connections
 * end, at last all of them. Returns whether closing has begun; whoever answers from then on need not do the work.
 * While `isDraining`, answers say goodbye too, and the work is done.
 */
export function closeGracefully(app: FastifyInstance, clock: Clock, isDraining: () => boolean): () => boolean {
  let isClosing = false;
  app.addHook('onRequest', (_request, reply, done) => {
    if (isDraining()) reply.header('connection', 'close');
    done();
  });
  app.addHook('preClose', async () => {
    isClosing = true;
    if (!app.server.listening) return;
    await new Promise<void>((resolve) => {
      clock.after(FAREWELL_MS, resolve);
    });
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
  return () => isClosing;
}
