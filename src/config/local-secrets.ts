import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { type Static, Type } from 'typebox';
import { Value } from 'typebox/value';
import type { Config } from './config.ts';
import { keepText, openDataDirectory } from './data-directory.ts';
import { OperatorError } from '../runtime/operator-error.ts';

/** Twice the 128 bits that make guessing impossible. */
const SECRET_BYTES = 32;

const secretsSchema = Type.Object({
  AUTH_SECRET: Type.String({ minLength: 32 }),
  ADMIN_TOKEN: Type.String({ minLength: 16 }),
  CLUSTER_SECRET: Type.String({ minLength: 32 }),
});

type Secrets = Static<typeof secretsSchema>;

/** A configuration with all its secrets. */
export type CompleteConfig = Config & Readonly<Secrets>;

/**
 * Adds the secrets that the environment does not set, for a service with its own database. They are made once and kept in
 * `secretsFile`, so tokens stay valid over a restart, and services that share the directory share the secrets. Throws when the
 * file exists but does not hold them.
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

/** The file that keeps the made secrets, to show to the operator. */
export function secretsFile(dataDir: string): string {
  return join(dataDir, 'secrets.json');
}

function readOrMakeSecrets(dataDir: string): Secrets {
  const file = secretsFile(dataDir);
  const secrets = parseJson(keepText(file, makeSecrets));
  if (!Value.Check(secretsSchema, secrets)) {
    throw new OperatorError(
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
