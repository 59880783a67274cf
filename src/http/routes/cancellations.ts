import type { FastifyReply, FastifyRequest } from 'fastify';
import { type Admin, admitsConcert, type AdminAct, type ActResult } from '../../domain/admin.ts';
import type { Cancellation as Found, CancellationWish, OrderedCancellation } from '../../domain/cancellation.ts';
import type { RejectionCode } from '../../domain/errors.ts';
import { isoOf } from '../../domain/instant.ts';
import { actOnce, reloadOwners } from '../answers/admin-act.ts';
import { IdempotencyHeaders, NoQuery, refer } from '../schemas/basics.ts';
import {
  Cancellation,
  CancellationOrder,
  CancellationParams,
  CancellationRequest,
  CancelledConcertParams,
  CancelledScheduleParams,
} from '../schemas/cancellations.ts';
import { normaliseText } from '../schemas/formats.ts';
import type { App, Services } from '../services.ts';

const KEY_REFUSALS: readonly RejectionCode[] = ['IDEMPOTENCY_IN_PROGRESS', 'IDEMPOTENCY_KEY_REUSED'];

function viewCancellation({ createdAtMs, finishedAtMs, scheduleIds, ...cancellation }: Found) {
  return {
    ...cancellation,
    scheduleIds: [...scheduleIds],
    createdAt: isoOf(createdAtMs),
    finishedAt: finishedAtMs === null ? null : isoOf(finishedAtMs),
  };
}

/** Routes that cancel dates and concerts, and show how far that is. */
export function cancellationRoutes(app: App, services: Services): void {
  const { catalogue, cancellations, cancellationRuns, guards, responder, room, newId } = services;

  /** The answer leaves when no seat of the dates can be held or paid any more. The refunds follow it. */
  async function order(
    request: FastifyRequest,
    reply: FastifyReply,
    admin: Admin,
    reason: string,
    cancel: (wish: CancellationWish, act: AdminAct<OrderedCancellation>) => Promise<ActResult<OrderedCancellation>>,
  ): Promise<void> {
    const wish = { cancellationId: newId(), reason: normaliseText(reason) };
    const answer = {
      status: 202,
      view: ({ cancellationId }: OrderedCancellation) => ({ cancellationId }),
    } as const;
    const outcome = await actOnce(services, request, admin, answer, async (act) => {
      const ordered = await cancel(wish, act);
      if (ordered.outcome !== 'granted') return ordered;
      const { cancellationId, concertId, raised } = ordered.value;
      room.notePolicyChanged(concertId);
      await reloadOwners(services, raised);
      void cancellationRuns.run(cancellationId);
      return ordered;
    });
    responder.respond(reply, outcome, ({ status, body }) => ({ status, body }));
  }

  app.post(
    '/admin/schedules/:scheduleId/cancel',
    {
      schema: {
        operationId: 'cancelSchedule',
        summary: 'Cancel a date and refund its payments',
        description:
          'From the answer on nobody can hold or pay a seat of the date, and all holds have ended. The refunds follow. Repeated, the answer names the same cancellation, and refunds that were parked are tried again.',
        tags: ['admin'],
        params: CancelledScheduleParams,
        body: CancellationRequest,
        querystring: NoQuery,
        headers: IdempotencyHeaders,
        response: { 202: CancellationOrder },
      },
      config: { guard: 'admin', refuses: ['SCHEDULE_NOT_FOUND', ...KEY_REFUSALS] },
    },
    async (request, reply) => {
      const admin = await guards.admin(request);
      if (!admin.ok) return responder.refuse(reply, admin.rejection);
      const scheduleId = Number(request.params.scheduleId);
      const schedule = await catalogue.findSchedule(scheduleId);
      if (schedule === null || !admitsConcert(admin.value, schedule.concertId)) {
        return responder.refuse(reply, { code: 'SCHEDULE_NOT_FOUND', members: {} });
      }
      await order(request, reply, admin.value, request.body.reason, (wish, act) =>
        cancellations.cancelSchedule(scheduleId, wish, act),
      );
    },
  );

  app.post(
    '/admin/concerts/:concertId/cancel',
    {
      schema: {
        operationId: 'cancelConcert',
        summary: 'Cancel a concert with all its dates, and refund its payments',
        description:
          'One cancellation for all dates, past ones too; those that were cancelled before keep theirs. Its queue ends: tokens that wait expire, and nobody enters. Repeated, the answer names the same cancellation, and refunds that were parked are tried again.',
        tags: ['admin'],
        params: CancelledConcertParams,
        body: CancellationRequest,
        querystring: NoQuery,
        headers: IdempotencyHeaders,
        response: { 202: CancellationOrder },
      },
      config: { guard: 'admin', refuses: ['CONCERT_NOT_FOUND', ...KEY_REFUSALS] },
    },
    async (request, reply) => {
      const admin = await guards.admin(request);
      if (!admin.ok) return responder.refuse(reply, admin.rejection);
      const concertId = Number(request.params.concertId);
      if (!admitsConcert(admin.value, concertId)) {
        return responder.refuse(reply, { code: 'CONCERT_NOT_FOUND', members: {} });
      }
      await order(request, reply, admin.value, request.body.reason, (wish, act) =>
        cancellations.cancelConcert(concertId, wish, act),
      );
    },
  );

  app.get(
    '/admin/cancellations/:cancellationId',
    {
      schema: {
        operationId: 'getCancellation',
        summary: 'How far a cancellation is',
        description: 'Payments that could not be refunded are parked; they do not stop the others.',
        tags: ['admin'],
        params: CancellationParams,
        querystring: NoQuery,
        response: { 200: refer(Cancellation) },
      },
      config: { guard: 'admin', refuses: ['CANCELLATION_NOT_FOUND'] },
    },
    async (request, reply) => {
      const admin = await guards.admin(request);
      if (!admin.ok) return responder.refuse(reply, admin.rejection);
      const found = await cancellations.find(request.params.cancellationId);
      if (found === null || !admitsConcert(admin.value, found.concertId)) {
        return responder.refuse(reply, { code: 'CANCELLATION_NOT_FOUND', members: {} });
      }
      reply.send(viewCancellation(found));
    },
  );
}
