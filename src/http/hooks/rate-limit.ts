import rateLimit, { type CreateRateLimitOptions } from '@fastify/rate-limit';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Decision, Rejection } from '../../domain/errors.ts';
import type { Caller, Guards } from '../identity/identity.ts';
import type { Responder } from '../answers/responder.ts';
import { addressOf } from './caller-address.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Whose requests this one counts among; set where rates are limited. */
    callerId: string;
  }
}

const WINDOW_MS = 60_000;
/** Many people share an address behind a carrier or a campus; the contract's factor. */
const ADDRESS_FACTOR = 20;
/** Counters kept at a time (about 100 bytes each); the least recently used is forgotten first. */
const REMEMBERED_CALLERS = 100_000;
const REMEMBERED_ADDRESSES = 50_000;

/** Who asks these decides on restarts and traffic, and may share an address with callers; an answer costs next to nothing. */
const PROBES: ReadonlySet<string | undefined> = new Set(['/healthz', '/readyz']);

/** The plugin's own type leaves out the size of the store, which it takes. */
type BoundedRateLimit = CreateRateLimitOptions & { readonly cache: number };

/**
 * Counts requests per address from here on, probes left out, and gives guards that count per user beside. The user is counted once the
 * token proved who it is, so that nobody can use up somebody else's rate.
 */
export async function limitRates(
  app: FastifyInstance,
  { perMinute, guards, responder }: { perMinute: number; guards: Guards; responder: Responder },
): Promise<Guards> {
  await provideCounters(app);
  app.decorateRequest('callerId', '');

  const perAddress: BoundedRateLimit = {
    max: perMinute * ADDRESS_FACTOR,
    timeWindow: WINDOW_MS,
    cache: REMEMBERED_ADDRESSES,
    keyGenerator: addressOf,
  };
  const perCaller: BoundedRateLimit = {
    max: perMinute,
    timeWindow: WINDOW_MS,
    cache: REMEMBERED_CALLERS,
    keyGenerator: (request) => request.callerId,
  };
  const countAddress = app.createRateLimit(perAddress);
  const countCaller = app.createRateLimit(perCaller);

  app.addHook('onRequest', async (request, reply) => {
    if (PROBES.has(request.raw.url)) return;
    const count = await countAddress(request);
    if (!count.isAllowed && count.isExceeded) responder.refuse(reply, limited(count.ttlInSeconds));
  });

  async function counted<T extends Caller>(
    request: FastifyRequest,
    guarded: Decision<T> | Promise<Decision<T>>,
  ): Promise<Decision<T>> {
    const decision = await guarded;
    if (!decision.ok) return decision;
    request.callerId = decision.value.userId;
    const count = await countCaller(request);
    if (count.isAllowed || !count.isExceeded) return decision;
    return { ok: false, rejection: limited(count.ttlInSeconds) };
  }

  return {
    ...guards,
    user: (request) => counted(request, guards.user(request)),
    holder: (request) => counted(request, guards.holder(request)),
    shopper: (request) => counted(request, guards.shopper(request)),
    userOrShopper: (request) => counted(request, guards.userOrShopper(request)),
  };
}

/** Whether the request may be done; a request that may not is answered. */
export type Limit = (request: FastifyRequest, reply: FastifyReply) => Promise<boolean>;

/**
 * A limit of registrations per address. Every registration is a new fan for the waiting room, so without it one address
 * takes all places of a concert within a second.
 */
export async function limitRegistrations(
  app: FastifyInstance,
  { perMinute, responder }: { perMinute: number; responder: Responder },
): Promise<Limit> {
  if (perMinute === 0) return async () => true;
  await provideCounters(app);
  const perAddress: BoundedRateLimit = {
    max: perMinute,
    timeWindow: WINDOW_MS,
    cache: REMEMBERED_ADDRESSES,
    keyGenerator: addressOf,
  };
  const countAddress = app.createRateLimit(perAddress);
  return async (request, reply) => {
    const count = await countAddress(request);
    if (count.isAllowed || !count.isExceeded) return true;
    responder.refuse(reply, limited(count.ttlInSeconds));
    return false;
  };
}

async function provideCounters(app: FastifyInstance): Promise<void> {
  if (!app.hasDecorator('createRateLimit')) await app.register(rateLimit, { global: false });
}

function limited(retryAfterSeconds: number): Rejection {
  return { code: 'RATE_LIMITED', members: { retryAfterSeconds: Math.max(1, retryAfterSeconds) } };
}
