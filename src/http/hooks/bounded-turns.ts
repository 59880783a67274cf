import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Clock } from '../../runtime/clock.ts';
import type { Responder } from '../answers/responder.ts';
import { networkOf } from './caller-address.ts';
import { FairLine } from './fair-line.ts';
import { isProbe } from './probes.ts';

/** The length of a turn while no request waits: 64 holds that arrive together are flushed together. */
const TURN_MS = 5;
/** The length while requests wait. libuv accepts one connection in each turn, so this limits the rate of new connections. */
const TURN_WHILE_WAITING_MS = 1;
/** The extra time of a turn for refusing requests that have waited too long. */
const REFUSING_MS = 1;
/** Callers repeat slower requests, and the node would then work for callers that no longer listen. */
const MOST_WAIT_MS = 1_000;
/** A node serves fewer requests than this within the longest wait. A single address gets half of the places. */
const MOST_WAITING = 20_000;
/** The steps from the end of a request's body through guards and handler to its answer, when nothing waits. */
const HOPS = 4;

interface Waiting {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly begin: () => void;
}

/** Calls `run` after ticks and promises have alternated `hops` times. */
function whenQuiet(run: () => void, hops: number): void {
  if (hops === 0) run();
  else process.nextTick(() => queueMicrotask(() => whenQuiet(run, hops - 1)));
}

/**
 * Keeps the turns of the event loop short, however many callers send at once. While enough sockets are ready, libuv reads 48
 * times 1 024 of them before it runs a timer or an immediate (`uv__io_poll`). When every answer made its caller send again, a
 * turn took two seconds in which the node renewed no lease, flushed nothing and read no request of a new connection.
 *
 * Once a turn has taken 5 ms, arriving requests wait for the next one. They then start for 1 ms in each turn until none waits.
 * Their callers send nothing meanwhile, so a turn ends once the loop has read what had arrived.
 *
 * TURNS-1. Addresses take turns, so no caller waits for another address's crowd. Requests of one address keep their order
 *     of arrival.
 * TURNS-2. A request that has waited for more than a second is refused with 503 `OVERLOADED`; it has had no effect.
 * TURNS-3. The line is bounded. A request beyond its address's share is refused at once, and its connection closes: an open
 *     one would be ready again within the same turn.
 * TURNS-4. Probes have their own line. Every second request that starts is a probe, as long as probes wait.
 *
 * Call this after `observeRoutes`: measurements include the wait.
 */
export function boundTurns(
  app: FastifyInstance,
  {
    clock,
    responder,
    mostWaiting = MOST_WAITING,
  }: { clock: Clock; responder: Pick<Responder, 'fail'>; mostWaiting?: number },
): void {
  const probes = new FairLine<Waiting>(mostWaiting);
  const others = new FairLine<Waiting>(mostWaiting);
  let mayProbeBegin = true;
  /** Null between turns. */
  let endsAtMs: number | null = null;

  function isAnyWaiting(): boolean {
    return others.waiting > 0 || probes.waiting > 0;
  }

  function beginTurn(nowMs: number, lengthMs: number): void {
    endsAtMs = nowMs + lengthMs;
    setImmediate(endTurn);
  }

  function endTurn(): void {
    endsAtMs = null;
    if (!isAnyWaiting()) return;
    beginTurn(clock.monotonicMs(), REFUSING_MS);
    refuseStale();
    endsAtMs = clock.monotonicMs() + TURN_WHILE_WAITING_MS;
    beginNext();
  }

  function refuseStale(): void {
    const beganAtMs = clock.monotonicMs();
    for (let nowMs = beganAtMs; nowMs - beganAtMs < REFUSING_MS; nowMs = clock.monotonicMs()) {
      const sinceMs = nowMs - MOST_WAIT_MS;
      const stale = probes.takeOldest(sinceMs) ?? others.takeOldest(sinceMs);
      if (stale === null) return;
      refuse(stale.reply);
    }
  }

  function beginNext(): void {
    const nowMs = clock.monotonicMs();
    if (!isAnyWaiting() || endsAtMs === null || nowMs >= endsAtMs) return;
    const next = (mayProbeBegin ? probes.takeNext() : null) ?? others.takeNext() ?? probes.takeNext();
    mayProbeBegin = !mayProbeBegin;
    if (next === null) return;
    if (nowMs - next.request.arrivedMs > MOST_WAIT_MS) refuse(next.reply);
    else next.begin();
    whenQuiet(beginNext, HOPS);
  }

  function refuse(reply: FastifyReply): void {
    responder.fail(reply, 'OVERLOADED', 'none');
  }

  function wait(request: FastifyRequest, reply: FastifyReply, begin: () => void): void {
    const line = isProbe(request) ? probes : others;
    if (line.add(networkOf(request.ip), { request, reply, begin }, request.arrivedMs)) return;
    reply.header('connection', 'close');
    refuse(reply);
  }

  app.addHook('onRequest', (request, reply, done) => {
    if (endsAtMs === null) {
      beginTurn(request.arrivedMs, TURN_MS);
    } else if (isAnyWaiting() || request.arrivedMs >= endsAtMs) {
      wait(request, reply, done);
      return;
    }
    done();
  });
}
