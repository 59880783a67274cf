import { createPublicKey, randomUUID } from 'node:crypto';
import jwt from '@fastify/jwt';
import type { FastifyInstance } from 'fastify';
import { createBoundedMap } from '../../runtime/bounded-map.ts';
import type { DatabaseClock } from '../../runtime/clock.ts';
import type { AuthOptions } from '../app-options.ts';
import { isEmail, isTextUpTo, normaliseEmail, normaliseText } from '../schemas/formats.ts';

/** Issuer of the tokens that the service signs itself. */
const OWN_ISSUER = 'frontrow';
/**
 * The most verified tokens that are remembered. A signature costs 10 µs (HMAC) to 100 µs (RSA); a rush of this many shoppers
 * verifies each token once.
 */
const REMEMBERED_TOKENS = 50_000;
/** All tokens of an issuer start with the same header, and there are few issuers. */
const REMEMBERED_HEADERS = 16;
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const isUserName = isTextUpTo(100);

export interface AccessClaims {
  readonly userId: string;
  /** Whether the service issued it, which means that its user registered here. */
  readonly own: boolean;
  readonly name: string | null;
  readonly email: string | null;
  /** Epoch milliseconds of the database's clock. */
  readonly expiresAtMs: number;
}

export interface IssuedToken {
  readonly accessToken: string;
  /** ISO 8601 UTC. */
  readonly accessTokenExpiresAt: string;
}

export interface AccessTokens {
  /** Throws when the service has no secret to sign with. */
  issue(userId: string): IssuedToken;
  /** Null for a token that is forged, malformed, expired or not yet valid, and for one without `exp` or without a UUID as `sub`. */
  verify(token: string): AccessClaims | null;
}

interface RememberedToken {
  readonly claims: AccessClaims;
  readonly notBeforeMs: number;
}

/** Verifies a signature and returns the claims; throws when it does not match. */
type Verifier = (token: string) => unknown;

/** A token names its algorithm itself, so each key accepts only its own: HS256 with the secret, one of these with the key. */
const KEY_ALGORITHMS = { rsa: 'RS256', ec: 'ES256', ed25519: 'EdDSA' } as const;

/**
 * Access tokens are JWTs whose times are of the database's clock. Each token's signature is verified once and then remembered;
 * its times are checked at every use.
 */
export async function createAccessTokens(
  app: FastifyInstance,
  { auth, databaseClock }: { auth: AuthOptions; databaseClock: DatabaseClock },
): Promise<AccessTokens> {
  const remembered = createBoundedMap<string, RememberedToken>(REMEMBERED_TOKENS);
  const algorithms = createBoundedMap<string, string | null>(REMEMBERED_HEADERS);
  const verifiers = new Map<string, Verifier>();
  let sign: ((claims: object) => string) | null = null;

  if (auth.secret !== null) {
    const codec = await registerKey(app, 'HS256', auth.secret);
    verifiers.set('HS256', codec.verify);
    sign = codec.sign;
  }
  if (auth.publicKey !== null) {
    const algorithm = algorithmOf(auth.publicKey);
    const codec = await registerKey(app, algorithm, { public: auth.publicKey });
    verifiers.set(algorithm, codec.verify);
  }

  function issue(userId: string): IssuedToken {
    if (sign === null) throw new Error('tokens are issued without a secret');
    const nowMs = databaseClock.upperMs();
    // The library takes whole seconds only; rounded up, the token expires exactly when the answer says.
    const expiresAtMs = Math.ceil((nowMs + auth.accessTokenTtlMs) / 1000) * 1000;
    const accessToken = sign({
      iss: OWN_ISSUER,
      sub: userId,
      jti: randomUUID(),
      iat: Math.floor(nowMs / 1000),
      exp: expiresAtMs / 1000,
    });
    return { accessToken, accessTokenExpiresAt: new Date(expiresAtMs).toISOString() };
  }

  function verify(token: string): AccessClaims | null {
    let entry = remembered.get(token);
    if (entry === undefined) {
      const checked = check(token);
      if (checked === null) return null;
      entry = checked;
      remembered.set(token, entry);
    }
    if (databaseClock.lowerMs() >= entry.claims.expiresAtMs || databaseClock.upperMs() < entry.notBeforeMs) return null;
    return entry.claims;
  }

  function algorithmOfToken(token: string): string | null {
    const header = token.slice(0, Math.max(0, token.indexOf('.')));
    const known = algorithms.get(header);
    if (known !== undefined) return known;
    const named = algorithmNamedBy(header);
    algorithms.set(header, named);
    return named;
  }

  function check(token: string): RememberedToken | null {
    const algorithm = algorithmOfToken(token);
    const verifySignature = algorithm === null ? undefined : verifiers.get(algorithm);
    if (verifySignature === undefined) return null;
    let claims: unknown;
    try {
      claims = verifySignature(token);
    } catch {
      return null;
    }
    return typeof claims === 'object' && claims !== null ? readClaims(claims, algorithm === 'HS256') : null;
  }

  return { issue, verify };
}

/** Registers the plugin for one key in its own scope, because an instance supports only one. */
async function registerKey(
  app: FastifyInstance,
  algorithm: 'HS256' | 'RS256' | 'ES256' | 'EdDSA',
  secret: string | { public: string },
): Promise<{ verify: Verifier; sign: (claims: object) => string }> {
  let verify: Verifier = () => null;
  let sign = (_claims: object): string => '';
  await app.register(async (scope) => {
    await scope.register(jwt, {
      secret,
      sign: { algorithm },
      // This module compares the times, with the database's clock and at every use.
      verify: {
        algorithms: [algorithm],
        ignoreExpiration: true,
        ignoreNotBefore: true,
        cache: false,
        errorCacheTTL: -1,
      },
    });
    verify = (token) => scope.jwt.verify(token);
    sign = (claims) => scope.jwt.sign(claims);
  });
  return { verify, sign };
}

/** Throws for a key that no accepted algorithm can use. */
function algorithmOf(publicKey: string): 'RS256' | 'ES256' | 'EdDSA' {
  const key = createPublicKey(publicKey);
  const type = key.asymmetricKeyType;
  if (type === 'ec' && key.asymmetricKeyDetails?.namedCurve !== 'prime256v1') {
    throw new Error('the public key of access tokens is on another curve than P-256');
  }
  if (type !== 'rsa' && type !== 'ec' && type !== 'ed25519') {
    throw new Error('the public key of access tokens is neither RSA, P-256 nor Ed25519');
  }
  return KEY_ALGORITHMS[type];
}

function algorithmNamedBy(encodedHeader: string): string | null {
  try {
    const header: unknown = JSON.parse(Buffer.from(encodedHeader, 'base64url').toString('utf8'));
    if (typeof header !== 'object' || header === null || !('alg' in header)) return null;
    return typeof header.alg === 'string' ? header.alg : null;
  } catch {
    return null;
  }
}

function readClaims(claims: object, signedWithSecret: boolean): RememberedToken | null {
  const { sub, exp, nbf, iss, name, email } = {
    sub: null,
    exp: null,
    nbf: 0,
    iss: null,
    name: null,
    email: null,
    ...claims,
  };
  if (typeof sub !== 'string' || !UUID.test(sub)) return null;
  if (typeof exp !== 'number' || !Number.isFinite(exp)) return null;
  if (typeof nbf !== 'number' || !Number.isFinite(nbf)) return null;
  return {
    claims: {
      userId: sub,
      own: signedWithSecret && iss === OWN_ISSUER,
      name: typeof name === 'string' && isUserName(name) ? normaliseText(name) : null,
      email: typeof email === 'string' && isEmail(email) ? normaliseEmail(email) : null,
      expiresAtMs: exp * 1000,
    },
    notBeforeMs: nbf * 1000,
  };
}
