import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Clock } from '../../runtime/clock.ts';
import type { Responder } from '../answers/responder.ts';
import { networkOf } from './caller-address.ts';
import { FairLine } from './fair-line.ts';
import { isProbe } from './probes.ts';

/** The length of a turn while no request waits: sixty-four callers that hold seats in the same moment are flushed together. */
const TURN_MS = 5;
/** The length while requests wait. libuv accepts one new connection in each turn, so this decides how many callers can connect. */
const TURN_WHILE_WAITING_MS = 1;
/** What a turn may spend on top of that to refuse requests that have waited too long. */
const REFUSING_MS = 1;
/** Callers repeat what takes longer, and then the node would work for callers that no longer listen. */
const MOST_WAIT_MS = 1_000;
/** A node serves fewer requests than this in the time that one may wait. One address alone gets half of the places. */
const MOST_WAITING = 20_000;
/** From the end of a request's body through the guards and the handler to its answer, when nothing has to be waited for. */
const HOPS = 4;

interface Waiting {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly begin: () => void;
}

/** Calls `run` after ticks and promises have alternated so many times. */
function whenQuiet(run: () => void, hops: number): void {
  if (hops === 0) run();
  else process.nextTick(() => queueMicrotask(() => whenQuiet(run, hops - 1)));
}

/**
 * Keeps the turns of the event loop short, however many callers send at once. libuv reads 48 times 1 024 sockets before it lets
 * a timer or an immediate run, as long as so many are ready (`uv__io_poll`). Where every answer makes its caller send again, that
 * was two seconds in which no lease was renewed, nothing was flushed, and no request of a new connection was read.
 *
 * Once a turn has taken 5 ms, requests that arrive wait for the next one. They begin for 1 ms in each turn until none waits.
 * Their callers send nothing meanwhile, so a turn ends when what had arrived is read.
 *
 * TURNS-1. Addresses take turns, so no caller waits for another one's crowd. Within an address the order is that of arrival.
 * TURNS-2. A request that has waited for more than a second is refused with 503 `OVERLOADED`; nothing of it was done.
 * TURNS-3. The line is bounded. A request beyond the share of its address is refused at once, and its connection closes: an
 *          open one would be ready again within the same turn.
 * TURNS-4. Probes have a line of their own. Every second request that begins is a probe, as long as probes wait.
 *
 * To be called after `observeRoutes`: waiting is part of what is measured.
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
