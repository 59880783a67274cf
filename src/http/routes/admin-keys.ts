import type { FastifyRequest } from 'fastify';
import { type Admin, type AdminKey as Key, ROOT, rolesOf } from '../../domain/admin.ts';
import { type Decision, reject } from '../../domain/errors.ts';
import { isoOf } from '../../domain/instant.ts';
import { normaliseText } from '../schemas/formats.ts';
import { actOnce, stampOf } from '../answers/admin-act.ts';
import { ADMIN_KEYS_LIST, ADMIN_LOG_LIST, nextCursorOf, readPageQuery } from '../answers/cursor.ts';
import { malformed } from '../answers/request-error.ts';
import { makeKeySecret } from '../identity/admin-guard.ts';
import {
  AdminKeyPage,
  AdminKeyParams,
  AdminKeyWithSecret,
  AdminLogPage,
  AdminPageQuery,
  AdminSession,
  NewAdminKey,
} from '../schemas/admin-keys.ts';
import { IdempotencyHeaders, NoBody, NoQuery, refer } from '../schemas/basics.ts';
import type { App, Services } from '../services.ts';

const isoOrNull = (epochMs: number | null): string | null => (epochMs === null ? null : isoOf(epochMs));

function viewKey({ createdAtMs, expiresAtMs, lastUsedAtMs, revokedAtMs, ...key }: Key) {
  const { keyId, name, role, concertIds } = key;
  return {
    keyId,
    name,
    role,
    concertIds,
    createdAt: isoOf(createdAtMs),
    expiresAt: isoOrNull(expiresAtMs),
    lastUsedAt: isoOrNull(lastUsedAtMs),
    revokedAt: isoOrNull(revokedAtMs),
  };
}

/** Routes for the organisers' API keys, and for the log of what they changed. */
export function adminKeyRoutes(app: App, services: Services): void {
  const { adminKeys, adminLog, guards, responder, newId, databaseClock } = services;

  /** Keys and log are of the whole service, so a key that is limited to concerts may not use them. */
  async function unlimitedAdmin(request: FastifyRequest): Promise<Decision<Admin>> {
    const admin = await guards.admin(request);
    return admin.ok && admin.value.concertIds !== null ? reject('FORBIDDEN') : admin;
  }

  app.post(
    '/admin/keys',
    {
      schema: {
        operationId: 'createKey',
        summary: 'Create an API key',
        description: 'The answer shows the secret, once.',
        tags: ['admin'],
        body: NewAdminKey,
        querystring: NoQuery,
        headers: IdempotencyHeaders,
        response: { 201: refer(AdminKeyWithSecret) },
      },
      config: { guard: 'admin', refuses: ['CONCERT_NOT_FOUND', 'IDEMPOTENCY_IN_PROGRESS', 'IDEMPOTENCY_KEY_REUSED'] },
    },
    async (request, reply) => {
      const { name, role, concertIds = null, expiresAt } = request.body;
      const expiresAtMs = expiresAt === undefined ? null : Date.parse(expiresAt);
      if (expiresAtMs !== null && expiresAtMs <= databaseClock.lowerMs()) {
        const members = malformed('body', '/expiresAt', 'is not in the future');
        return responder.refuse(reply, { code: 'VALIDATION_FAILED', members });
      }
      const admin = await unlimitedAdmin(request);
      if (!admin.ok) return responder.refuse(reply, admin.rejection);
      const keyId = newId();
      const { secret, secretHash } = makeKeySecret(keyId);
      const key = { keyId, name: normaliseText(name), role, concertIds, expiresAtMs, secretHash };
      const answer = { status: 201, view: (created: Key) => ({ ...viewKey(created), secret: null }) } as const;
      const outcome = await actOnce(services, request, admin.value, answer, (act) => adminKeys.create(key, act));
      const isNew = outcome.outcome === 'granted';
      if (isNew) reply.header('cache-control', 'no-store');
      responder.respond(reply, outcome, ({ status, body }) => ({ status, body: isNew ? { ...body, secret } : body }));
    },
  );

  app.get(
    '/admin/keys',
    {
      schema: {
        operationId: 'listKeys',
        summary: 'The API keys, newest first',
        description: 'Revoked and expired keys are listed too; no secret is shown.',
        tags: ['admin'],
        querystring: AdminPageQuery,
        response: { 200: AdminKeyPage },
      },
      config: { guard: 'admin' },
    },
    async (request, reply) => {
      const query = readPageQuery(request.query, ADMIN_KEYS_LIST, '');
      if (!query.ok) return responder.refuse(reply, query.rejection);
      const admin = await unlimitedAdmin(request);
      if (!admin.ok) return responder.refuse(reply, admin.rejection);
      const page = await adminKeys.list(query.value);
      reply.send({ keys: page.items.map(viewKey), nextCursor: nextCursorOf(page, ADMIN_KEYS_LIST, '') });
    },
  );

  app.delete(
    '/admin/keys/:keyId',
    {
      schema: {
        operationId: 'revokeKey',
        summary: 'Revoke an API key',
        description: 'Every node refuses the key from the answer on. Repeating it changes nothing.',
        tags: ['admin'],
        params: AdminKeyParams,
        body: NoBody,
        querystring: NoQuery,
      },
      config: {
        guard: 'admin',
        refuses: ['KEY_NOT_FOUND'],
        answers: { 204: { type: 'null', description: 'The key is revoked.' } },
      },
    },
    async (request, reply) => {
      const admin = await unlimitedAdmin(request);
      if (!admin.ok) return responder.refuse(reply, admin.rejection);
      const revoked = await adminKeys.revoke(request.params.keyId, stampOf(request, admin.value));
      if (revoked.outcome === 'refused') return responder.refuse(reply, revoked.rejection);
      reply.code(204).send();
    },
  );

  app.get(
    '/admin/log',
    {
      schema: {
        operationId: 'listAdminLog',
        summary: 'The changes by organisers, newest first',
        description: 'Each entry has the state before and after the change.',
        tags: ['admin'],
        querystring: AdminPageQuery,
        response: { 200: AdminLogPage },
      },
      config: { guard: 'admin' },
    },
    async (request, reply) => {
      const query = readPageQuery(request.query, ADMIN_LOG_LIST, '');
      if (!query.ok) return responder.refuse(reply, query.rejection);
      const admin = await unlimitedAdmin(request);
      if (!admin.ok) return responder.refuse(reply, admin.rejection);
      const page = await adminLog.list(query.value);
      reply.send({ entries: page.items, nextCursor: nextCursorOf(page, ADMIN_LOG_LIST, '') });
    },
  );

  app.get(
    '/admin/session',
    {
      schema: {
        operationId: 'getAdminSession',
        summary: 'The key that is asking, and what it may do',
        description: 'For a page that shows an organiser only what the key permits.',
        tags: ['admin'],
        querystring: NoQuery,
        response: { 200: refer(AdminSession) },
      },
      config: { guard: 'admin' },
    },
    async (request, reply) => {
      const admin = await guards.admin(request);
      if (!admin.ok) return responder.refuse(reply, admin.rejection);
      const { caller: keyId, role, concertIds } = admin.value;
      const name = keyId === ROOT ? ROOT : ((await adminKeys.find(keyId))?.name ?? keyId);
      reply.send({ keyId, name, role, actsAs: [...rolesOf(role)], concertIds });
    },
  );
}
