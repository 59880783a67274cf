import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { type Static, Type } from 'typebox';
import { Value } from 'typebox/value';
import type { Config } from './config.ts';
import { keepText, openDataDirectory } from './data-directory.ts';

/** Twice the 128 bits that nobody guesses. */
const SECRET_BYTES = 32;

const secretsSchema = Type.Object({
  AUTH_SECRET: Type.String({ minLength: 32 }),
  ADMIN_TOKEN: Type.String({ minLength: 16 }),
  CLUSTER_SECRET: Type.String({ minLength: 32 }),
});

type Secrets = Static<typeof secretsSchema>;

/** A configuration that lacks no secret. */
export type CompleteConfig = Config & Readonly<Secrets>;

/**
 * For a service with a database of its own: adds the secrets that the environment does not set. They are made once and
 * kept in `secretsFile`, so tokens stay valid over a restart, and services on one directory have the same ones.
 * Throws when the file is there but does not hold them.
 */
export function completeSecrets(config: Config): CompleteConfig {
  const kept = readOrMakeSecrets(openDataDirectory(config.DATA_DIR));
  return {
    ...config,
    AUTH_SECRET: config.AUTH_SECRET ?? kept.AUTH_SECRET,
    ADMIN_TOKEN: config.ADMIN_TOKEN ?? kept.ADMIN_TOKEN,
    CLUSTER_SECRET: config.CLUSTER_SECRET ?? kept.CLUSTER_SECRET,
  };
}

/** Where the secrets that were made are kept, for telling the operator. */
export function secretsFile(dataDir: string): string {
  return join(dataDir, 'secrets.json');
}

function readOrMakeSecrets(dataDir: string): Secrets {
  const file = secretsFile(dataDir);
  const secrets = parseJson(keepText(file, makeSecrets));
  if (!Value.Check(secretsSchema, secrets)) {
    throw new Error(
      `${file} does not hold the secrets that it should; restore it, or remove it to have new ones made, which ends all access tokens and places in queues`,
    );
  }
  return secrets;
}

function makeSecrets(): string {
  const make = (): string => randomBytes(SECRET_BYTES).toString('base64url');
  const secrets: Secrets = { AUTH_SECRET: make(), ADMIN_TOKEN: make(), CLUSTER_SECRET: make() };
  return `${JSON.stringify(secrets, null, 2)}\n`;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
