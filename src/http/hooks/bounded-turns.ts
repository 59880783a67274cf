import type { FastifyInstance } from 'fastify';
import type { Clock } from '../../runtime/clock.ts';

/** What a turn may take while nobody waits: sixty-four who hold seats in the same moment are flushed together. */
const TURN_MS = 5;
/** What it may take while somebody does. One new connection is taken up in each turn, so this is who may come in meanwhile. */
const TURN_WHILE_WAITING_MS = 1;
/** Of a request that waits for nobody: from the end of its body to its handler, through the guards, to its answer. */
const HOPS = 4;

/** Calls `run` when ticks and promises have had their way by turns, so many times. */
function whenQuiet(run: () => void, hops: number): void {
  if (hops === 0) run();
  else process.nextTick(() => queueMicrotask(() => whenQuiet(run, hops - 1)));
}

/**
 * Keeps the turns of the event loop short, however many callers send at once. libuv reads 48 times 1 024 sockets before it lets
 * a timer or an immediate run, as long as so many are ready (`uv__io_poll`). Where every answer makes its caller send again, that
 * was two seconds in which no lease was renewed, nothing was flushed, and nothing was read from whom the same turn had let in.
 *
 * Once a turn has taken 5 ms, requests that arrive wait for the next one. They begin in the order of their arrival, for 1 ms in
 * each turn until nobody waits. Their callers send nothing meanwhile, so a turn ends when what had arrived is read.
 *
 * To be called after `observeRoutes`: waiting is part of what is measured.
 */
export function boundTurns(app: FastifyInstance, clock: Clock): void {
  let beginning: (() => void)[] = [];
  let next = 0;
  let arriving: (() => void)[] = [];
  /** Null between turns. */
  let endsAtMs: number | null = null;

  function isAnybodyWaiting(): boolean {
    return next < beginning.length || arriving.length > 0;
  }

  function beginTurn(nowMs: number, lengthMs: number): void {
    endsAtMs = nowMs + lengthMs;
    setImmediate(endTurn);
  }

  function endTurn(): void {
    endsAtMs = null;
    if (!isAnybodyWaiting()) return;
    beginTurn(clock.monotonicMs(), TURN_WHILE_WAITING_MS);
    beginNext();
  }

  function beginNext(): void {
    if (!isAnybodyWaiting() || endsAtMs === null || clock.monotonicMs() >= endsAtMs) return;
    if (next === beginning.length) {
      [beginning, arriving] = [arriving, []];
      next = 0;
    }
    const begin = beginning[next];
    next += 1;
    begin?.();
    whenQuiet(beginNext, HOPS);
  }

  app.addHook('onRequest', (request, _reply, done) => {
    if (endsAtMs === null) {
      beginTurn(request.arrivedMs, TURN_MS);
    } else if (isAnybodyWaiting() || request.arrivedMs >= endsAtMs) {
      arriving.push(done);
      return;
    }
    done();
  });
}
