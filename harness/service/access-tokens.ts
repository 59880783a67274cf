import { createHmac, randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { withClient } from './database.ts';

/** Users with access tokens that were issued in advance. */
export interface TokenHolders {
  readonly count: number;
  /** A token a line. */
  readonly tokensFile: string;
  /** Registers all users in a database that has its tables. */
  register(databaseUrl: string): Promise<void>;
}

const TTL_SECONDS = 86_400;
/** Rows of one statement. */
const BATCH = 20_000;

/** Signs tokens as the service does, with its `AUTH_SECRET`: a hundred thousand requests would take a minute. */
export function issueAccessTokens(count: number, secret: string, tokensFile: string): TokenHolders {
  const userIds = Array.from({ length: count }, () => randomUUID());
  const nowSeconds = Math.floor(Date.now() / 1_000);
  writeFileSync(tokensFile, userIds.map((userId) => signAccessToken(userId, secret, nowSeconds)).join('\n'));
  return {
    count,
    tokensFile,
    async register(databaseUrl) {
      await withClient(databaseUrl, async (client) => {
        for (let first = 0; first < count; first += BATCH) {
          const batch = userIds.slice(first, first + BATCH);
          await client.query("INSERT INTO users (user_id, name) SELECT unnest($1::uuid[]), 'One of many'", [batch]);
          await client.query('INSERT INTO wallets (user_id) SELECT unnest($1::uuid[])', [batch]);
        }
      });
    },
  };
}

/**
 * An access token of the user that is valid for a day, signed with the service's `AUTH_SECRET`. The service creates the user
 * of a token that names another issuer on first use; the user of its own tokens must be registered.
 */
export function signAccessToken(userId: string, secret: string, nowSeconds: number, issuer = 'frontrow'): string {
  const claims = { iss: issuer, sub: userId, jti: randomUUID(), iat: nowSeconds, exp: nowSeconds + TTL_SECONDS };
  const text = `${encode({ alg: 'HS256', typ: 'JWT' })}.${encode(claims)}`;
  return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`;
}

function encode(part: object): string {
  return Buffer.from(JSON.stringify(part)).toString('base64url');
}
