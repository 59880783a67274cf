/** Identifies the sender of a request. Identity comes only from a verified token, never from a body, a query or another header. */
import type { FastifyRequest } from 'fastify';
import { createBoundedMap } from '../../runtime/bounded-map.ts';
import { accept, type Decision, type Rejection, reject } from '../../domain/errors.ts';
import type { QueueIdentity, WaitingRoom } from '../../domain/queue-token.ts';
import type { UserRecords } from '../../domain/user.ts';
import type { Shopper } from '../../booking/hold-seats.ts';
import type { AccessClaims, AccessTokens } from './access-token.ts';
import { type AdminGuard, type AdminGuardDependencies, createAdminGuard } from './admin-guard.ts';

const QUEUE_TOKEN_PREFIX = 'fq_';
/** How long an ended queue token still identifies its holder. */
const ENDED_TOKEN_SPEAKS_MS = 86_400_000;
/** The most users that are remembered as existing; users are never deleted. */
const REMEMBERED_USERS = 100_000;

const UNAUTHENTICATED = reject('UNAUTHENTICATED');

export interface Caller {
  readonly userId: string;
}

/** The holder of a genuine queue token; its status is not checked. */
export interface Holder extends Caller {
  readonly token: string;
}

/** The bearer of a token that did not come with a request. */
export type Bearer =
  | { readonly kind: 'user'; readonly userId: string; readonly expiresAtMs: number }
  /** In any status, including ended long ago. */
  | { readonly kind: 'queue'; readonly userId: string; readonly queue: QueueIdentity };

type MaybePromise<T> = T | Promise<T>;

/** The guards of the contract: U, Q (in two steps, because a replay comes between them), U|Q and A. */
export interface Guards {
  /** U: an access token whose user exists. */
  user(request: FastifyRequest): MaybePromise<Decision<Caller>>;
  /** A genuine queue token, even one that ended long ago. Looks nothing up: the token itself suffices. */
  holder(request: FastifyRequest): MaybePromise<Decision<Holder>>;
  /** A genuine queue token that ended at most a day ago; `admit` decides whether it is ACTIVE. */
  shopper(request: FastifyRequest): MaybePromise<Decision<Shopper>>;
  /** U|Q. */
  userOrShopper(request: FastifyRequest): MaybePromise<Decision<Caller>>;
  /** Null for an ACTIVE token, and for one that this request could admit; else the reason why it may not shop. */
  admit(queue: QueueIdentity): MaybePromise<Rejection | null>;
  /** The bearer of a token of either kind. */
  judge(token: string): MaybePromise<Decision<Bearer>>;
  /** A: an organiser whose key has the role of the route. */
  readonly admin: AdminGuard;
}

export interface GuardDependencies extends AdminGuardDependencies {
  readonly accessTokens: AccessTokens;
  readonly users: UserRecords;
  readonly room: WaitingRoom;
}

export function createGuards({ accessTokens, users, room, ...adminDependencies }: GuardDependencies): Guards {
  const { databaseClock } = adminDependencies;
  const seen = createBoundedMap<string, Decision<Caller>>(REMEMBERED_USERS);

  function userOf(token: string): MaybePromise<Decision<Caller>> {
    const claims = accessTokens.verify(token);
    if (claims === null) return UNAUTHENTICATED;
    return seen.get(claims.userId) ?? ensureUser(claims);
  }

  async function ensureUser(claims: AccessClaims): Promise<Decision<Caller>> {
    const { userId } = claims;
    if (claims.own) {
      if (!(await users.has(userId))) return reject('USER_NOT_FOUND');
    } else {
      await users.ensure({ userId, name: claims.name, email: claims.email });
    }
    const known = accept({ userId });
    seen.set(userId, known);
    return known;
  }

  function holder(request: FastifyRequest): Decision<Holder> {
    const token = queueTokenOf(request);
    const userId = token === null ? null : room.holderOf(token);
    return token === null || userId === null ? UNAUTHENTICATED : accept({ userId, token });
  }

  function identified(request: FastifyRequest): MaybePromise<Decision<Shopper>> {
    const token = queueTokenOf(request);
    if (token === null) return UNAUTHENTICATED;
    const identity = room.identify(token);
    return identity instanceof Promise ? identity.then(recent) : recent(identity);
  }

  function genuine(queue: QueueIdentity | null): Decision<Shopper> {
    return queue === null
      ? UNAUTHENTICATED
      : {
          ok: true,
          value: { userId: queue.userId, queue, admittedAtMs: databaseClock.lowerMs() },
        };
  }

  function recent(queue: QueueIdentity | null): Decision<Shopper> {
    if (queue === null || queue.endedAtMs === null) return genuine(queue);
    if (databaseClock.lowerMs() - queue.endedAtMs <= ENDED_TOKEN_SPEAKS_MS) return genuine(queue);
    return { ok: false, rejection: endOf(queue) ?? { code: 'UNAUTHENTICATED', members: {} } };
  }

  async function judge(token: string): Promise<Decision<Bearer>> {
    if (token.startsWith(QUEUE_TOKEN_PREFIX)) {
      const queue = await room.identify(token);
      return queue === null ? UNAUTHENTICATED : accept({ kind: 'queue', userId: queue.userId, queue });
    }
    const claims = accessTokens.verify(token);
    if (claims === null) return UNAUTHENTICATED;
    const caller = seen.get(claims.userId) ?? (await ensureUser(claims));
    const { userId, expiresAtMs } = claims;
    return caller.ok ? accept({ kind: 'user', userId, expiresAtMs }) : caller;
  }

  async function admitNow(queue: QueueIdentity): Promise<Rejection | null> {
    const decision = await room.activate(queue.token);
    if (decision.ok) return null;
    const { code, members } = decision.rejection;
    return code === 'QUEUE_NOT_YOUR_TURN' ? { code: 'QUEUE_NOT_ACTIVE', members } : decision.rejection;
  }

  return {
    user(request) {
      const token = bearerOf(request);
      return token === null || token.startsWith(QUEUE_TOKEN_PREFIX) ? UNAUTHENTICATED : userOf(token);
    },
    holder,
    shopper: identified,
    userOrShopper(request) {
      const token = bearerOf(request);
      if (token === null) return UNAUTHENTICATED;
      return token.startsWith(QUEUE_TOKEN_PREFIX) ? identified(request) : userOf(token);
    },
    admit(queue) {
      if (queue.status === 'ACTIVE') return null;
      return queue.status === 'WAITING' ? admitNow(queue) : endOf(queue);
    },
    judge,
    admin: createAdminGuard(adminDependencies, bearerOf),
  };
}

/** Q: a queue token that is ACTIVE, or that this request admits. */
export async function admittedShopper(guards: Guards, request: FastifyRequest): Promise<Decision<Shopper>> {
  const shopper = await guards.shopper(request);
  if (!shopper.ok) return shopper;
  const refusal = await guards.admit(shopper.value.queue);
  return refusal === null ? shopper : { ok: false, rejection: refusal };
}

/** The bearer token of a request, or null. */
function bearerOf(request: FastifyRequest): string | null {
  const header = request.raw.headers.authorization;
  if (header === undefined) return null;
  const token = header.slice(7);
  const isBearer = header.startsWith('Bearer ') || header.slice(0, 7).toLowerCase() === 'bearer ';
  return isBearer && token !== '' && !token.includes(' ') ? token : null;
}

/** The bearer token of a request, if it is a queue token. */
function queueTokenOf(request: FastifyRequest): string | null {
  const token = bearerOf(request);
  return token?.startsWith(QUEUE_TOKEN_PREFIX) === true ? token : null;
}

function endOf(queue: QueueIdentity): Rejection | null {
  switch (queue.status) {
    case 'EXPIRED':
    case 'CANCELLED':
    case 'COMPLETED':
      return { code: `QUEUE_TOKEN_${queue.status}`, members: {} };
    case 'WAITING':
    case 'ACTIVE':
      return null;
  }
}
