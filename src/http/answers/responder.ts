import type { FastifyReply } from 'fastify';
import type { Clock } from '../../runtime/clock.ts';
import type { Fault, FaultCode, FaultEffect, Rejection, RejectionMembers } from '../../domain/errors.ts';
import type { Log } from '../../runtime/log.ts';
import { answerLanguage } from './language.ts';
import type { Metrics } from '../pages/metrics.ts';
import type { KeyTaken, Outcome, Replayed } from '../../booking/outcome.ts';
import { PROBLEM_MEDIA_TYPE, problemDocument, problemStatus } from './problem.ts';
import type { ProblemCode } from './problem-table.ts';

/** Elections, restarts and flushes end within seconds, so a rejected caller may retry after one second. */
const RETRY_AFTER_SECONDS = 1;
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
  /** Throws for a taken key: it remains only when a command without a key met one, which is a bug. */
  respond<T>(reply: FastifyReply, outcome: Outcome<T> | Replayed | KeyTaken): void;
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
    if (rejection.code === 'RATE_LIMITED') {
      reply.header('retry-after', Number(rejection.members['retryAfterSeconds'] ?? RETRY_AFTER_SECONDS));
    }
    send(reply, rejection.code, rejection.members);
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
    respond(reply, outcome) {
      switch (outcome.kind) {
        case 'done':
          reply.code(outcome.status).send(outcome.body);
          return;
        case 'refused':
          refuse(reply, outcome.rejection);
          return;
        case 'failed':
          fail(reply, outcome.code, outcome.effect);
          return;
        case 'replayed':
          reply
            .code(outcome.status)
            .header('idempotency-replayed', 'true')
            .header('content-type', 'application/json; charset=utf-8')
            // Send it as text: the first answer's schema may have changed since.
            .send(JSON.stringify(outcome.body));
          return;
        case 'key-taken':
          throw new Error('a request without a key met a taken key');
      }
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
