import type { FastifyReply } from 'fastify';
import type { Clock } from '../../runtime/clock.ts';
import type { Fault, FaultCode, FaultEffect, Rejection, RejectionMembers } from '../../domain/errors.ts';
import type { Log } from '../../runtime/log.ts';
import type { Answer } from './grant-answer.ts';
import { answerLanguage } from './language.ts';
import type { Metrics } from '../pages/metrics.ts';
import type { Failed, KeyTaken, Outcome, Refused, Replayed } from '../../booking/outcome.ts';
import { PROBLEM_MEDIA_TYPE, problemDocument, problemStatus } from './problem.ts';
import type { ProblemCode } from './problem-table.ts';

const JSON_MEDIA_TYPE = 'application/json; charset=utf-8';
/** Elections, restarts and flushes end within seconds, so a rejected caller may retry after one second. */
const RETRY_AFTER_SECONDS = 1;
const TOO_MANY_REQUESTS = 429;
/** An outage fails every request; one line a second for each code says as much as thousands. */
const FAULT_LOG_INTERVAL_MS = 1_000;

export interface Responder {
  refuse(reply: FastifyReply, rejection: Rejection): void;
  /** Answers 503 for a fault that arrived as a value. */
  fail(reply: FastifyReply, code: FaultCode, effect: FaultEffect, members?: RejectionMembers): void;
  /** Answers 503 for a thrown fault, and logs it. */
  failed(reply: FastifyReply, fault: Fault): void;
  /** Answers 500 for a bug, and logs it. */
  broken(reply: FastifyReply, error: unknown): void;
  /** Answers a request that was not granted. Throws for a taken key: only a request without a key can still meet one, which is a bug. */
  decline(reply: FastifyReply, outcome: Refused | Failed | KeyTaken): void;
  /** Answers a request with the outcome of its use case, a grant by `answerTo`. */
  respond<G>(reply: FastifyReply, outcome: Outcome<G> | Replayed<G>, answerTo: (grant: G) => Answer): void;
}

/** Turns the outcome of a use case into an answer. Refusals cost no throw. */
export function createResponder({ metrics, log, clock }: { metrics: Metrics; log: Log; clock: Clock }): Responder {
  const faultLog = createFaultLog(log, clock);

  function send(reply: FastifyReply, code: ProblemCode, members: RejectionMembers): void {
    metrics.countRefusal(code);
    const language = answerLanguage(reply);
    if (code === 'UNAUTHENTICATED') reply.header('www-authenticate', 'Bearer');
    reply
      .code(problemStatus(code))
      .type(PROBLEM_MEDIA_TYPE)
      // Without its own serializer the answer would get a charset parameter, which its media type does not have.
      .serializer(asIs)
      .send(problemDocument(code, language, reply.request.id, members));
  }

  function fail(reply: FastifyReply, code: FaultCode, effect: FaultEffect, members: RejectionMembers = {}): void {
    reply.header('retry-after', RETRY_AFTER_SECONDS);
    send(reply, code, { outcome: effect, ...members });
  }

  function refuse(reply: FastifyReply, rejection: Rejection): void {
    if (problemStatus(rejection.code) === TOO_MANY_REQUESTS) {
      reply.header('retry-after', Number(rejection.members['retryAfterSeconds'] ?? RETRY_AFTER_SECONDS));
    }
    send(reply, rejection.code, rejection.members);
  }

  function decline(reply: FastifyReply, outcome: Refused | Failed | KeyTaken): void {
    switch (outcome.outcome) {
      case 'refused':
        refuse(reply, outcome.rejection);
        return;
      case 'failed':
        fail(reply, outcome.code, outcome.effect);
        return;
      case 'key-taken':
        throw new Error('a request without a key met a taken key');
    }
  }

  return {
    refuse,
    fail,
    failed(reply, fault) {
      faultLog(fault, reply);
      fail(reply, fault.code, fault.effect);
    },
    broken(reply, error) {
      log.error({ err: error, requestId: reply.request.id, route: routeOf(reply) }, 'a bug made a request fail');
      send(reply, 'INTERNAL_ERROR', {});
    },
    decline,
    respond(reply, outcome, answerTo) {
      if (outcome.outcome !== 'granted' && outcome.outcome !== 'replayed') return decline(reply, outcome);
      const { status, body, isOutsideSchema = false } = answerTo(outcome.value);
      const isReplayed = outcome.outcome === 'replayed';
      if (isReplayed) reply.header('idempotency-replayed', 'true');
      // The schema may have changed since a grant was recorded.
      if (isReplayed || isOutsideSchema) reply.type(JSON_MEDIA_TYPE).serializer(JSON.stringify);
      reply.code(status).send(body);
    },
  };
}

function asIs(text: string): string {
  return text;
}

function createFaultLog(log: Log, clock: Clock): (fault: Fault, reply: FastifyReply) => void {
  const lastLogged = new Map<FaultCode, { loggedAtMs: number; suppressed: number }>();
  return (fault, reply) => {
    const now = clock.monotonicMs();
    const entry = lastLogged.get(fault.code);
    if (entry !== undefined && now - entry.loggedAtMs < FAULT_LOG_INTERVAL_MS) {
      entry.suppressed += 1;
      return;
    }
    lastLogged.set(fault.code, { loggedAtMs: now, suppressed: 0 });
    log.warn(
      {
        err: fault,
        code: fault.code,
        effect: fault.effect,
        requestId: reply.request.id,
        route: routeOf(reply),
        suppressed: entry?.suppressed ?? 0,
      },
      'a fault made a request fail',
    );
  };
}

/** The route's pattern. A path can contain a token and never reaches a log. */
function routeOf(reply: FastifyReply): string {
  const { method, url } = reply.request.routeOptions;
  return url === undefined ? 'none' : `${String(method)} ${url}`;
}
