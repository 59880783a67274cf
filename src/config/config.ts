import { type Static, type TSchema, Type } from 'typebox';
import { Value } from 'typebox/value';
import { isAddressOrNetwork, isHost, isHostAndPort, isOrigin, isUrlOf, isVerificationKey } from './config-formats.ts';

/** Balancers check a node's readiness about once a second. */
const BALANCED_DRAIN_MS = 2_000;
/** 140 MB of live connections. A node with more than this has too few neighbours. */
const MOST_CONNECTIONS = 20_000;
/**
 * Carriers and campuses share one address among hundreds of people. An address's rate limit suffices for 600 people with a
 * request every three seconds; this is three connections for each of them.
 */
const ADDRESS_CONNECTIONS = 2_000;
const LARGEST_PORT = 65_535;
const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;
/** Larger counts are typing errors. */
const LARGEST_COUNT = 1_000_000;
const LARGEST_LIST = 100;
/** A request header can carry this much besides everything else. */
const LARGEST_SECRET = 1_024;

/** A whole number, in the unit that ends the variable's name. */
function whole(minimum: number, maximum: number, choice: { default?: number } = {}) {
  return Type.Integer({ minimum, maximum, ...choice, description: `a whole number from ${minimum} to ${maximum}` });
}

function flag() {
  return Type.Boolean({ description: '"true" or "false"' });
}

/** Text of a given form; `words` complete the sentence "it must be …". `writeOnly` marks secrets, which are never shown. */
function text(words: string, isRight: (value: string) => boolean, more: { default?: string; writeOnly?: true } = {}) {
  return Type.Refine(Type.String({ ...more, description: words }), isRight);
}

function secret(minLength: number) {
  const words = `${minLength} to ${LARGEST_SECRET} visible ASCII characters without spaces`;
  return text(words, (value) => value.length >= minLength && /^[!-~]{1,1024}$/.test(value), { writeOnly: true });
}

function list(words: string, isRight: (element: string) => boolean) {
  const description = `a list, separated by commas, of at most ${LARGEST_LIST} ${words}`;
  const elements = Type.Array(Type.String(), { default: [], maxItems: LARGEST_LIST, description });
  return Type.Refine(elements, (values) => values.every(isRight));
}

/**
 * The environment that the service reads: every variable, its form and its default. An unset or empty variable takes its
 * default; a variable without a default is optional. A variable's name ends with its unit.
 */
export const environmentSchema = Type.Object({
  PORT: whole(0, LARGEST_PORT, { default: 8_080 }),
  HOST: text('a host name or an IP address', isHost, { default: '127.0.0.1' }),
  METRICS_PORT: Type.Optional(whole(0, LARGEST_PORT)),
  LOG_LEVEL: Type.Enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'], {
    default: 'info',
    description: 'one of trace, debug, info, warn, error, fatal and silent',
  }),

  DATABASE_URL: Type.Optional(
    text('a postgres:// URL', (value) => isUrlOf(['postgres:', 'postgresql:'], value), { writeOnly: true }),
  ),
  DATA_DIR: text('the path of a directory', (value) => !value.includes('\0'), { default: '.frontrow' }),
  DEMO_DATA: Type.Optional(flag()),
  REDIS_URL: Type.Optional(
    text('a redis:// or rediss:// URL', (value) => isUrlOf(['redis:', 'rediss:'], value), { writeOnly: true }),
  ),

  NODE_ID: Type.Optional(
    text('1 to 64 of the letters, digits and . _ -', (value) => /^[A-Za-z0-9._-]{1,64}$/.test(value)),
  ),
  PEER_HOST: Type.Optional(text('a host name or an IP address', isHost)),
  PEER_PORT: Type.Optional(whole(0, LARGEST_PORT)),
  PEER_ADDRESS: Type.Optional(text('a host name or an IP address, a colon and a port', isHostAndPort)),
  CLUSTER_SECRET: Type.Optional(secret(32)),
  CLUSTER_SECRET_PREVIOUS: Type.Optional(secret(32)),

  AUTH_SECRET: Type.Optional(secret(32)),
  AUTH_PUBLIC_KEY: Type.Optional(
    text('a public key in PEM: RSA of at least 2048 bits, EC P-256 or Ed25519', isVerificationKey, { writeOnly: true }),
  ),
  AUTH_ISSUE: Type.Optional(flag()),
  ACCESS_TOKEN_TTL_MS: whole(1_000, 365 * DAY_MS, { default: 30 * DAY_MS }),
  ADMIN_TOKEN: Type.Optional(secret(16)),

  TRUST_PROXY: list('IP addresses and networks such as 10.0.0.0/8', isAddressOrNetwork),
  ALLOWED_ORIGINS: list('origins such as https://tickets.example', isOrigin),

  DRAIN_MS: Type.Optional(whole(0, MINUTE_MS)),

  HOLD_TTL_MS: whole(1_000, HOUR_MS, { default: 5 * MINUTE_MS }),
  HOLD_TOTAL_MS: whole(1_000, DAY_MS, { default: 15 * MINUTE_MS }),
  MAX_SEATS_PER_USER: whole(1, 500, { default: 4 }),

  QUEUE_MAX_ACTIVE: whole(0, LARGEST_COUNT, { default: 100 }),
  QUEUE_BATCH: whole(0, LARGEST_COUNT, { default: 10 }),
  QUEUE_INTERVAL_MS: whole(100, HOUR_MS, { default: 10_000 }),
  QUEUE_ACTIVE_TTL_MS: whole(1_000, DAY_MS, { default: HOUR_MS }),
  QUEUE_SECONDS_PER_POSITION: whole(0, DAY_MS / 1_000, { default: 30 }),
  QUEUE_ABANDON_MS: whole(100, DAY_MS, { default: 2 * MINUTE_MS }),
  QUEUE_NO_SHOW_MS: whole(100, DAY_MS, { default: MINUTE_MS }),
  QUEUE_IDLE_MS: whole(100, DAY_MS, { default: 3 * MINUTE_MS }),
  QUEUE_TOKEN_ENDS: Type.Enum(['last-hold', 'payment'], { default: 'last-hold', description: 'last-hold or payment' }),
  QUEUE_GUARDS: Type.Enum(['seats', 'all'], { default: 'seats', description: 'seats or all' }),

  LIVE_FLUSH_MS: whole(0, 1_000, { default: 50 }),
  LIVE_SOCKETS_PER_USER: whole(0, LARGEST_COUNT, { default: 20 }),
  LIVE_MESSAGES_PER_MINUTE: whole(0, LARGEST_COUNT, { default: 120 }),
  MAX_CONNECTIONS: whole(0, LARGEST_COUNT, { default: MOST_CONNECTIONS }),
  MAX_CONNECTIONS_PER_ADDRESS: Type.Optional(whole(0, LARGEST_COUNT)),
  REGISTRATIONS_PER_MINUTE: whole(0, LARGEST_COUNT, { default: 60 }),
  RATE_LIMIT_PER_MINUTE: Type.Optional(whole(0, LARGEST_COUNT)),
});

type Environment = Static<typeof environmentSchema>;

/** The variables whose defaults depend on other variables. */
type Derived = 'DEMO_DATA' | 'AUTH_ISSUE' | 'MAX_CONNECTIONS_PER_ADDRESS' | 'RATE_LIMIT_PER_MINUTE' | 'DRAIN_MS';

/** The settings of a service, by the names of their variables. */
export type Config = Readonly<Environment & Required<Pick<Environment, Derived>>>;

/** `faults` are sentences for the operator, one for each wrong or missing variable; none shows a secret. */
export type ConfigReading =
  | { readonly ok: true; readonly config: Config }
  | { readonly ok: false; readonly faults: readonly string[] };

/**
 * Reads the settings from an environment and reports all its faults at once. Without DATABASE_URL the service runs its own
 * database; missing secrets are no fault then, because `completeSecrets` supplies them.
 */
export function readConfig(env: Readonly<Record<string, string | undefined>>): ConfigReading {
  const given: Record<string, unknown> = {};
  const faults: string[] = [];
  for (const [name, schema] of Object.entries<TSchema>(environmentSchema.properties)) {
    const raw = env[name];
    const value = raw === undefined || raw === '' ? defaultOf(schema) : parse(schema, raw);
    if (value === undefined) continue;
    if (Value.Check(schema, value)) given[name] = value;
    else faults.push(describeFault(name, schema, raw ?? ''));
  }
  const environment = given as Environment;
  const wrong = new Set(faults.map((fault) => fault.split(' ', 1)[0]));
  // A wrong variable is reported once, not as missing too.
  const isMissing = (name: keyof Environment): boolean => environment[name] === undefined && !wrong.has(name);

  const isEmbedded = isMissing('DATABASE_URL');
  const config: Config = {
    ...environment,
    DEMO_DATA: environment.DEMO_DATA ?? isEmbedded,
    AUTH_ISSUE: environment.AUTH_ISSUE ?? isEmbedded,
    DRAIN_MS: environment.DRAIN_MS ?? (isEmbedded ? 0 : BALANCED_DRAIN_MS),
    MAX_CONNECTIONS_PER_ADDRESS: environment.MAX_CONNECTIONS_PER_ADDRESS ?? (isEmbedded ? 0 : ADDRESS_CONNECTIONS),
    RATE_LIMIT_PER_MINUTE: environment.RATE_LIMIT_PER_MINUTE ?? (isEmbedded ? 0 : 600),
  };
  faults.push(...findMissingSecrets(config, isMissing, isEmbedded), ...findSharedPorts(config));
  return faults.length === 0 ? { ok: true, config } : { ok: false, faults };
}

function defaultOf(schema: TSchema): unknown {
  return 'default' in schema ? schema.default : undefined;
}

/** Parses text into a value of the schema's kind; unparsable text stays text, which the schema then refuses. */
function parse(schema: TSchema, raw: string): unknown {
  const kind = 'type' in schema ? schema.type : 'string';
  if (kind === 'integer') return /^(0|[1-9]\d{0,15})$/.test(raw) ? Number(raw) : raw;
  if (kind === 'boolean') return raw === 'true' || (raw === 'false' ? false : raw);
  if (kind === 'array') return raw.split(',').map((element) => element.trim());
  // A key has several lines; many ways of setting a variable can carry line breaks only as \n.
  return raw.startsWith('-----BEGIN ') ? raw.replaceAll('\\n', '\n') : raw;
}

function describeFault(name: string, schema: TSchema, raw: string): string {
  const words = 'description' in schema ? String(schema.description) : 'something else';
  const isSecret = 'writeOnly' in schema && schema.writeOnly === true;
  const given = isSecret ? `set to ${raw.length} characters that cannot be used` : `${JSON.stringify(raw)}`;
  return `${name} is ${given}; it must be ${words}`;
}

/** A service with its own database makes the secrets; nodes of a shared database must all know the same ones. */
function findMissingSecrets(
  config: Config,
  isMissing: (name: keyof Environment) => boolean,
  isEmbedded: boolean,
): string[] {
  if (isEmbedded) return [];
  const faults: string[] = [];
  if (isMissing('AUTH_SECRET') && isMissing('AUTH_PUBLIC_KEY')) {
    faults.push('AUTH_SECRET is missing; with DATABASE_URL, it or AUTH_PUBLIC_KEY must say whose access tokens count');
  } else if (isMissing('AUTH_SECRET') && config.AUTH_ISSUE) {
    faults.push('AUTH_SECRET is missing; with AUTH_ISSUE, access tokens are signed with it');
  } else if (isMissing('AUTH_SECRET') && isMissing('CLUSTER_SECRET')) {
    faults.push('AUTH_SECRET is missing; with DATABASE_URL, it or CLUSTER_SECRET must sign queue tokens');
  }
  const peers = (['PEER_HOST', 'PEER_PORT', 'PEER_ADDRESS', 'REDIS_URL'] as const).filter(
    (name) => config[name] !== undefined,
  );
  if (isMissing('CLUSTER_SECRET') && peers.length > 0) {
    faults.push(`CLUSTER_SECRET is missing; with ${peers.join(' and ')}, nodes know each other by it`);
  } else if (isMissing('CLUSTER_SECRET') && config.CLUSTER_SECRET_PREVIOUS !== undefined) {
    faults.push('CLUSTER_SECRET is missing; CLUSTER_SECRET_PREVIOUS is only the one that it replaces');
  }
  return faults;
}

function findSharedPorts(config: Config): string[] {
  const ports = (['PORT', 'PEER_PORT', 'METRICS_PORT'] as const).filter((name) => (config[name] ?? 0) > 0);
  return ports.flatMap((name, index) =>
    ports
      .slice(0, index)
      .filter((other) => config[other] === config[name])
      .map((other) => `${name} is ${config[name]}, which is ${other} already; each needs a port of its own`),
  );
}
