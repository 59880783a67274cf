import rateLimit, { type CreateRateLimitOptions } from '@fastify/rate-limit';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Decision, Rejection } from '../../domain/errors.ts';
import type { Caller, Guards } from '../identity/identity.ts';
import type { Responder } from '../answers/responder.ts';
import { addressOf } from './caller-address.ts';
import { isProbe } from './probes.ts';
import { TokenBuckets } from './token-buckets.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** The caller whose requests include this one; set where rates are limited. */
    callerId: string;
    /** Milliseconds until the address may send again; 0 when it may send now. */
    exceedsForMs: number;
  }
}

const WINDOW_MS = 60_000;
/** Many people share an address behind a carrier or a campus; the contract's factor. */
const ADDRESS_FACTOR = 20;
/** The crowd of one address comes in waves; a whole minute's requests at once would occupy the node for a second. */
const SHARE_AT_ONCE = 0.1;
/** One browser needs this many for the pages, whatever the rate is. */
const LEAST_AT_ONCE = 40;
/** The most counters that are kept (about 100 bytes each); the least recently used is evicted first. */
const REMEMBERED_CALLERS = 100_000;
const REMEMBERED_ADDRESSES = 50_000;

/** The plugin accepts the size of the store, which its own type omits. */
type BoundedRateLimit = CreateRateLimitOptions & { readonly cache: number };

/**
 * Counts the requests of each address on arrival, without probes. An address may send 20 times a user's rate per minute, a
 * tenth of it at once. `refuseExceeding` refuses requests beyond that.
 */
export function countAddresses(app: FastifyInstance, perMinute: number): void {
  const perAddress = perMinute * ADDRESS_FACTOR;
  const buckets = new TokenBuckets({
    perMinute: perAddress,
    atOnce: Math.max(Math.floor(perAddress * SHARE_AT_ONCE), Math.min(perAddress, LEAST_AT_ONCE)),
    limit: REMEMBERED_ADDRESSES,
  });
  app.decorateRequest('exceedsForMs', 0);
  app.addHook('onRequest', (request, _reply, done) => {
    if (!isProbe(request)) request.exceedsForMs = buckets.take(addressOf(request), request.arrivedMs);
    done();
  });
}

/**
 * Refuses the requests that exceed the limit of `countAddresses`. Call this after `boundTurns`: these answers cost CPU too, so
 * a flooding address must wait its turn for them.
 */
export function refuseExceeding(app: FastifyInstance, responder: Responder): void {
  app.addHook('onRequest', (request, reply, done) => {
    if (request.exceedsForMs === 0) done();
    else responder.refuse(reply, limited(Math.ceil(request.exceedsForMs / 1_000)));
  });
}

/**
 * Guards that also count the requests of each user. They count after the token has proven the user, so no caller can use up
 * another user's rate.
 */
export async function limitUsers(
  app: FastifyInstance,
  { perMinute, guards }: { perMinute: number; guards: Guards },
): Promise<Guards> {
  app.decorateRequest('callerId', '');
  const countCaller = await createCounter(app, perMinute, REMEMBERED_CALLERS, (request) => request.callerId);

  async function counted<T extends Caller>(
    request: FastifyRequest,
    guarded: Decision<T> | Promise<Decision<T>>,
  ): Promise<Decision<T>> {
    const decision = await guarded;
    if (!decision.ok) return decision;
    request.callerId = decision.value.userId;
    const rejection = await countCaller(request);
    return rejection === null ? decision : { ok: false, rejection };
  }

  return {
    ...guards,
    user: (request) => counted(request, guards.user(request)),
    holder: (request) => counted(request, guards.holder(request)),
    shopper: (request) => counted(request, guards.shopper(request)),
    userOrShopper: (request) => counted(request, guards.userOrShopper(request)),
  };
}

/** Whether the request may proceed; if not, it has been answered. */
export type Limit = (request: FastifyRequest, reply: FastifyReply) => Promise<boolean>;

/**
 * A limit of registrations per address. Every registration is a new fan for the waiting room, so without it one address could
 * take all places of a concert within a second.
 */
export async function limitRegistrations(
  app: FastifyInstance,
  { perMinute, responder }: { perMinute: number; responder: Responder },
): Promise<Limit> {
  if (perMinute === 0) return async () => true;
  const countAddress = await createCounter(app, perMinute, REMEMBERED_ADDRESSES, addressOf);
  return async (request, reply) => {
    const rejection = await countAddress(request);
    if (rejection !== null) responder.refuse(reply, rejection);
    return rejection === null;
  };
}

/** Counts requests by key. The counter returns the rejection of a request beyond the rate, else null. */
async function createCounter(
  app: FastifyInstance,
  perMinute: number,
  remembered: number,
  keyOf: (request: FastifyRequest) => string,
): Promise<(request: FastifyRequest) => Promise<Rejection | null>> {
  if (!app.hasDecorator('createRateLimit')) await app.register(rateLimit, { global: false });
  const limit: BoundedRateLimit = { max: perMinute, timeWindow: WINDOW_MS, cache: remembered, keyGenerator: keyOf };
  const count = app.createRateLimit(limit);
  return async (request) => {
    const counted = await count(request);
    return counted.isAllowed || !counted.isExceeded ? null : limited(counted.ttlInSeconds);
  };
}

function limited(retryAfterSeconds: number): Rejection {
  return { code: 'RATE_LIMITED', members: { retryAfterSeconds: Math.max(1, retryAfterSeconds) } };
}
