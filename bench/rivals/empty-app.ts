import type { FastifyInstance } from 'fastify';
import { createBareApp, holdBody } from './rival-app.ts';

/** Routes that do nothing: the ceiling of this HTTP stack on this machine. Each POST checks the same body as the service's. */
export function createEmptyApp(): FastifyInstance {
  const app = createBareApp();
  const answer = { type: 'object', properties: { ok: { type: 'boolean' } } } as const;
  app.post('/api/v1/reservations', { schema: { body: holdBody, response: { 200: answer } } }, async () => ({
    ok: true,
  }));
  const entryBody = {
    type: 'object',
    additionalProperties: false,
    required: ['concertId'],
    properties: { concertId: { type: 'integer', minimum: 1, maximum: Number.MAX_SAFE_INTEGER } },
  } as const;
  app.post('/api/v1/queue/tokens', { schema: { body: entryBody, response: { 200: answer } } }, async () => ({
    ok: true,
  }));
  app.get('/', { schema: { response: { 200: answer } } }, async () => ({ ok: true }));
  return app;
}
