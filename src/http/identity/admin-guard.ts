/**
 * Identifies organisers: the holder of `ADMIN_TOKEN`, and holders of API keys.
 *
 * ORGANISER-1. The key is read for every request, so a node refuses a revoked key from the commit of its revocation on. Such
 *     requests are rare, and those of one moment share the read.
 * ORGANISER-2. Secrets are compared as digests of equal length in constant time. They reach no log, no record and no second
 *     answer.
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import { type Admin, type AdminKeyRecords, type AdminRole, mayActAs, ROOT } from '../../domain/admin.ts';
import { accept, type Decision, Fault, reject } from '../../domain/errors.ts';
import { createBoundedMap } from '../../runtime/bounded-map.ts';
import type { Clock, DatabaseClock } from '../../runtime/clock.ts';
import type { Log } from '../../runtime/log.ts';

const KEY = /^frk_([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.([A-Za-z0-9_-]{43})$/;
const SECRET_BYTES = 32;
const KEY_PREFIX = 'frk_';
/** As exact as the last use is recorded. */
const USE_NOTED_EVERY_MS = 60_000;
/** More keys than organisers use at a time. */
const REMEMBERED_KEYS = 1_000;

const UNAUTHENTICATED = reject('UNAUTHENTICATED');
const ROOT_ADMIN: Admin = { caller: ROOT, role: 'OWNER', concertIds: null };

export type AdminGuard = (request: FastifyRequest) => Decision<Admin> | Promise<Decision<Admin>>;

export interface AdminGuardDependencies {
  readonly adminToken: string | null;
  readonly adminKeys: Pick<AdminKeyRecords, 'find' | 'noteUse'>;
  readonly clock: Clock;
  readonly databaseClock: DatabaseClock;
  readonly log: Log;
}

/** A new secret for a key: what its holder gets, and what is stored. */
export function makeKeySecret(keyId: string): { readonly secret: string; readonly secretHash: Buffer } {
  const secret = randomBytes(SECRET_BYTES).toString('base64url');
  return { secret: `${KEY_PREFIX}${keyId}.${secret}`, secretHash: digestOf(secret) };
}

/** A guard for routes that have a role. `tokenOf` gives the bearer token of a request. */
export function createAdminGuard(
  { adminToken, adminKeys, clock, databaseClock, log }: AdminGuardDependencies,
  tokenOf: (request: FastifyRequest) => string | null,
): AdminGuard {
  const rootDigest = adminToken === null ? null : digestOf(adminToken);
  const notedAtMs = createBoundedMap<string, number>(REMEMBERED_KEYS);

  /** A use that could not be recorded is no reason to refuse it. */
  async function noteUse(keyId: string): Promise<void> {
    const nowMs = clock.monotonicMs();
    if (nowMs - (notedAtMs.get(keyId) ?? Number.NEGATIVE_INFINITY) < USE_NOTED_EVERY_MS) return;
    notedAtMs.set(keyId, nowMs);
    try {
      await adminKeys.noteUse(keyId);
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      log.warn({ err: error, keyId }, 'could not record the use of an API key');
    }
  }

  async function keyHolder(keyId: string, secret: string, needed: AdminRole): Promise<Decision<Admin>> {
    const key = await adminKeys.find(keyId);
    if (key === null || !timingSafeEqual(digestOf(secret), key.secretHash)) return UNAUTHENTICATED;
    const hasExpired = key.expiresAtMs !== null && databaseClock.lowerMs() >= key.expiresAtMs;
    if (key.revokedAtMs !== null || hasExpired) return UNAUTHENTICATED;
    await noteUse(keyId);
    const { role, concertIds } = key;
    return mayActAs(role, needed)
      ? accept({ caller: keyId, role, concertIds })
      : reject('ROLE_REQUIRED', { role: needed });
  }

  return (request) => {
    const { role } = request.routeOptions.config;
    if (role === undefined) throw new Error('a route without a role has no admin guard');
    const token = tokenOf(request);
    if (token === null || rootDigest === null) return UNAUTHENTICATED;
    if (token.startsWith(KEY_PREFIX)) {
      const [, keyId, secret] = KEY.exec(token) ?? [];
      return keyId === undefined || secret === undefined ? UNAUTHENTICATED : keyHolder(keyId, secret, role);
    }
    return timingSafeEqual(digestOf(token), rootDigest) ? accept(ROOT_ADMIN) : reject('FORBIDDEN');
  };
}

function digestOf(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
