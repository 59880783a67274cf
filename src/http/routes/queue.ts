import type { Concert } from '../../domain/catalogue.ts';
import { refusalOfQueueing } from '../../domain/catalogue.ts';
import { leaveQueue } from '../../booking/leave-queue.ts';
import { NoBody, NoQuery, refer } from '../schemas/basics.ts';
import { QueueEntry, QueueToken, TokenInPath } from '../schemas/queue.ts';
import type { App, Services } from '../services.ts';

/** Two spellings of one route; both are in the contract. */
const ENTRANCES = [
  ['/queue/tokens', 'enterQueue'],
  ['/queue/token', 'enterQueueByOldPath'],
] as const;

export function queueRoutes(app: App, services: Services): void {
  const { catalogue, room, databaseClock, guards, responder } = services;

  for (const [url, operationId] of ENTRANCES) {
    app.post(
      url,
      {
        schema: {
          operationId,
          summary: 'Enter the queue of a concert',
          description: "201 with a new token, ACTIVE at once when slot and rate allow; 200 with the caller's live one.",
          tags: ['queue'],
          body: QueueEntry,
          querystring: NoQuery,
          response: { 200: refer(QueueToken), 201: refer(QueueToken) },
        },
        config: {
          guard: 'user',
          refuses: ['FORBIDDEN', 'CONCERT_NOT_FOUND', 'CONCERT_CANCELLED', 'BOOKING_NOT_OPEN', 'BOOKING_CLOSED'],
        },
      },
      async (request, reply) => {
        const caller = await guards.user(request);
        if (!caller.ok) return responder.refuse(reply, caller.rejection);
        const { userId } = caller.value;
        const { concertId, userId: named } = request.body;
        if (named !== undefined && named !== userId) return responder.refuse(reply, { code: 'FORBIDDEN', members: {} });
        const isOpen = (concert: Concert | null) =>
          concert !== null && refusalOfQueueing(concert, databaseClock.lowerMs()) === null;
        let concert = await catalogue.findConcert(concertId);
        // The memory may have the times of before a change by another node.
        if (!isOpen(concert)) concert = await catalogue.readConcert(concertId);
        if (concert === null) return responder.refuse(reply, { code: 'CONCERT_NOT_FOUND', members: {} });
        const refusal = refusalOfQueueing(concert, databaseClock.lowerMs());
        if (refusal !== null) return responder.refuse(reply, refusal);
        const { created, token } = await room.enter(userId, concertId);
        reply.code(created ? 201 : 200).send(token);
      },
    );
  }

  app.get(
    '/queue/status',
    {
      schema: {
        operationId: 'getQueueStatus',
        summary: 'Place in the queue, also of an ended token',
        description: 'Repeat the call after `pollAfterMs`; each call shows that the caller is still there.',
        tags: ['queue'],
        querystring: NoQuery,
        response: { 200: refer(QueueToken) },
      },
      config: { guard: 'holder' },
    },
    async (request, reply) => {
      const holder = await guards.holder(request);
      if (!holder.ok) return responder.refuse(reply, holder.rejection);
      const status = await room.status(holder.value.token);
      if (status === null) return responder.refuse(reply, { code: 'UNAUTHENTICATED', members: {} });
      reply.send(status);
    },
  );

  app.get(
    '/queue/tokens/:token/position',
    {
      schema: {
        operationId: 'getQueuePosition',
        summary: 'Place in the queue, the token in the path',
        description: 'The same answer as `GET /queue/status`, for callers that cannot send a header.',
        tags: ['queue'],
        params: TokenInPath,
        querystring: NoQuery,
        response: { 200: refer(QueueToken) },
      },
      config: { refuses: ['QUEUE_TOKEN_NOT_FOUND'] },
    },
    async (request, reply) => {
      const status = await room.status(request.params.token);
      if (status === null) return responder.refuse(reply, { code: 'QUEUE_TOKEN_NOT_FOUND', members: {} });
      reply.send(status);
    },
  );

  app.patch(
    '/queue/tokens/:token/activate',
    {
      schema: {
        operationId: 'activateQueueToken',
        summary: 'Be admitted now, if the policy allows',
        description: '200 with the ACTIVE token, also when it was ACTIVE before.',
        tags: ['queue'],
        params: TokenInPath,
        body: NoBody,
        querystring: NoQuery,
        response: { 200: refer(QueueToken) },
      },
      config: {
        refuses: [
          'QUEUE_TOKEN_NOT_FOUND',
          'QUEUE_NOT_YOUR_TURN',
          'QUEUE_TOKEN_EXPIRED',
          'QUEUE_TOKEN_CANCELLED',
          'QUEUE_TOKEN_COMPLETED',
        ],
      },
    },
    async (request, reply) => {
      const decision = await room.activate(request.params.token);
      if (decision.ok) {
        reply.send(decision.value);
        return;
      }
      // The room rejects the token as unauthenticated; here the token is part of the path, so the answer is "not found".
      const { code, members } = decision.rejection;
      responder.refuse(reply, { code: code === 'UNAUTHENTICATED' ? 'QUEUE_TOKEN_NOT_FOUND' : code, members });
    },
  );

  app.delete(
    '/queue/tokens/:token',
    {
      schema: {
        operationId: 'leaveQueue',
        summary: 'Leave the queue and release its holds',
        description:
          'After the answer, the token gets no more holds. Repeating the call releases any holds that are left.',
        tags: ['queue'],
        params: TokenInPath,
        body: NoBody,
        querystring: NoQuery,
      },
      config: {
        refuses: ['QUEUE_TOKEN_NOT_FOUND'],
        answers: { 204: { type: 'null', description: 'The token has ended.' } },
      },
    },
    async (request, reply) => {
      const problem = await leaveQueue(services, request.params.token);
      if (problem !== null) return responder.decline(reply, problem);
      reply.code(204).send();
    },
  );
}
