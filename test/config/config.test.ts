import { generateKeyPairSync } from 'node:crypto';
import t from 'tap';
import { type Config, environmentSchema, readConfig } from '../../src/config/config.ts';

const SECRET = 'this-is-a-secret-of-forty-characters-aaa';
const SHARED = { DATABASE_URL: 'postgres://u:hidden-word@db/frontrow', AUTH_SECRET: SECRET };

function pem(
  type: 'rsa' | 'ec' | 'ed25519' | 'ed448',
  options: object = {},
): { publicKey: string; privateKey: string } {
  const encodings = {
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  };
  // The overloads know each type by itself, not their union.
  return Reflect.apply(generateKeyPairSync, undefined, [type, { ...options, ...encodings }]);
}

function configOf(env: Record<string, string | undefined>): Config {
  const reading = readConfig(env);
  if (!reading.ok) throw new Error(reading.faults.join('\n'));
  return reading.config;
}

function faultsOf(env: Record<string, string | undefined>): readonly string[] {
  const reading = readConfig(env);
  return reading.ok ? [] : reading.faults;
}

t.test('with nothing set, everything has the default that the documentation names', async (t) => {
  t.same(configOf({}), {
    PORT: 8080,
    HOST: '127.0.0.1',
    DRAIN_MS: 0,
    LOG_LEVEL: 'info',
    DATA_DIR: '.frontrow',
    DEMO_DATA: true,
    AUTH_ISSUE: true,
    ACCESS_TOKEN_TTL_MS: 2_592_000_000,
    TRUST_PROXY: [],
    ALLOWED_ORIGINS: [],
    HOLD_TTL_MS: 300_000,
    HOLD_TOTAL_MS: 900_000,
    MAX_SEATS_PER_USER: 4,
    QUEUE_MAX_ACTIVE: 100,
    QUEUE_BATCH: 10,
    QUEUE_INTERVAL_MS: 10_000,
    QUEUE_ACTIVE_TTL_MS: 3_600_000,
    QUEUE_SECONDS_PER_POSITION: 30,
    QUEUE_ABANDON_MS: 120_000,
    QUEUE_NO_SHOW_MS: 60_000,
    QUEUE_IDLE_MS: 180_000,
    QUEUE_TOKEN_ENDS: 'last-hold',
    QUEUE_GUARDS: 'seats',
    LIVE_FLUSH_MS: 50,
    LIVE_SOCKETS_PER_USER: 20,
    LIVE_MESSAGES_PER_MINUTE: 120,
    MAX_CONNECTIONS: 20_000,
    MAX_CONNECTIONS_PER_ADDRESS: 0,
    RATE_LIMIT_PER_MINUTE: 0,
    REGISTRATIONS_PER_MINUTE: 60,
  });
});

t.test('an empty variable is an unset one', async (t) => {
  const names = Object.keys(environmentSchema.properties);
  t.same(configOf(Object.fromEntries(names.map((name) => [name, '']))), configOf({}));
  t.same(configOf(Object.fromEntries(names.map((name) => [name, undefined]))), configOf({}));
});

t.test('what belongs to a shared database is stricter: no demo data, no issuing, rate limits', async (t) => {
  t.match(configOf(SHARED), { DEMO_DATA: false, AUTH_ISSUE: false, RATE_LIMIT_PER_MINUTE: 600, DRAIN_MS: 2_000 });
  t.match(configOf({ ...SHARED, DEMO_DATA: 'true', AUTH_ISSUE: 'true', RATE_LIMIT_PER_MINUTE: '0' }), {
    DEMO_DATA: true,
    AUTH_ISSUE: true,
    RATE_LIMIT_PER_MINUTE: 0,
  });
  t.match(configOf(SHARED), { MAX_CONNECTIONS: 20_000, MAX_CONNECTIONS_PER_ADDRESS: 2_000 });
  t.match(configOf({ ...SHARED, MAX_CONNECTIONS: '0', MAX_CONNECTIONS_PER_ADDRESS: '0' }), {
    MAX_CONNECTIONS: 0,
    MAX_CONNECTIONS_PER_ADDRESS: 0,
  });
  t.match(configOf({ MAX_CONNECTIONS_PER_ADDRESS: '7' }), { MAX_CONNECTIONS_PER_ADDRESS: 7 });
  t.match(configOf({ DEMO_DATA: 'false', AUTH_ISSUE: 'false', RATE_LIMIT_PER_MINUTE: '1' }), {
    DEMO_DATA: false,
    AUTH_ISSUE: false,
    RATE_LIMIT_PER_MINUTE: 1,
  });
});

const RANGES: Record<string, [number, number]> = {
  PORT: [0, 65_535],
  PEER_PORT: [0, 65_535],
  METRICS_PORT: [0, 65_535],
  DRAIN_MS: [0, 60_000],
  HOLD_TTL_MS: [1_000, 3_600_000],
  HOLD_TOTAL_MS: [1_000, 86_400_000],
  MAX_SEATS_PER_USER: [1, 500],
  QUEUE_MAX_ACTIVE: [0, 1_000_000],
  QUEUE_BATCH: [0, 1_000_000],
  QUEUE_INTERVAL_MS: [100, 3_600_000],
  QUEUE_ACTIVE_TTL_MS: [1_000, 86_400_000],
  LIVE_FLUSH_MS: [0, 1_000],
};

t.test('numbers are taken at both ends of their range and refused beyond', async (t) => {
  for (const [name, [least, most]] of Object.entries(RANGES)) {
    t.match(configOf({ [name]: String(least) }), { [name]: least });
    t.match(configOf({ [name]: String(most) }), { [name]: most });
    for (const beyond of [least - 1, most + 1]) {
      t.same(faultsOf({ [name]: String(beyond) }), [
        `${name} is "${beyond}"; it must be a whole number from ${least} to ${most}`,
      ]);
    }
  }
});

t.test('nothing but plain decimal digits is a number', async (t) => {
  const tries = [
    '05',
    '5.0',
    '5e1',
    '0x10',
    ' 5',
    '5 ',
    '+5',
    '-5',
    '1_000',
    '5s',
    'NaN',
    'Infinity',
    '٥',
    '99999999999999999',
  ];
  for (const [name, schema] of Object.entries(environmentSchema.properties)) {
    if (!('type' in schema) || schema.type !== 'integer') continue;
    for (const value of tries) t.equal(faultsOf({ [name]: value }).length, 1, `${name}=${value}`);
  }
});

const REFUSED: Record<string, string[]> = {
  HOST: ['with space', 'http://host', '-a', '::1]', '1.2.3.4:80'],
  PEER_HOST: ['a b', 'a/b', 'a_b'],
  PEER_ADDRESS: ['host', 'host:', ':80', 'host:0', 'host:65536', 'host:080', 'a b:80', 'http://host:80', 'host:8O'],
  LOG_LEVEL: ['loud', 'INFO', 'info '],
  DEMO_DATA: ['yes', '1', 'TRUE', 'true '],
  AUTH_ISSUE: ['no', '0'],
  DATA_DIR: ['a\0b'],
  NODE_ID: ['a:1', 'a b', 'é', 'a'.repeat(65)],
  TRUST_PROXY: [
    '1',
    'true',
    'loopback',
    '10.0.0.0/33',
    '10.0.0/8',
    '::1/129',
    '10.0.0.1,',
    '10.0.0.0/8/8',
    '10.0.0.0/08',
    'a,b',
    'fe80::1%eth0',
  ],
  ALLOWED_ORIGINS: [
    '*',
    'null',
    'tickets.example',
    'https://a.example/',
    'https://a.example/x',
    'ftp://a.example',
    'https://A.example',
    'https://a.example:443',
    'https://u@a.example',
    'https://a.example,,https://b.example',
  ],
};

t.test('what is no value of its kind is refused, shown as it was given', async (t) => {
  for (const [name, values] of Object.entries(REFUSED)) {
    for (const value of values) {
      const faults = faultsOf({ [name]: value });
      t.equal(faults.length, 1, `${name}=${value}`);
      t.ok(faults[0]?.startsWith(`${name} is ${JSON.stringify(value)}; it must be `), String(faults[0]));
    }
  }
  t.equal(faultsOf({ TRUST_PROXY: Array.from({ length: 101 }, () => '::1').join() }).length, 1, 'lists have a limit');
});

const ACCEPTED: Record<string, [string, unknown][]> = {
  HOST: [
    ['0.0.0.0', '0.0.0.0'],
    ['::', '::'],
    ['node-1.internal', 'node-1.internal'],
  ],
  NODE_ID: [['node-1.a_b', 'node-1.a_b']],
  TRUST_PROXY: [
    ['127.0.0.1', ['127.0.0.1']],
    ['10.0.0.0/8, ::1/128', ['10.0.0.0/8', '::1/128']],
  ],
  ALLOWED_ORIGINS: [['https://a.example,http://localhost:3000', ['https://a.example', 'http://localhost:3000']]],
  REDIS_URL: [
    ['redis://:word@r:6379/1', 'redis://:word@r:6379/1'],
    ['rediss://r', 'rediss://r'],
  ],
  ADMIN_TOKEN: [['a'.repeat(16), 'a'.repeat(16)]],
};

t.test('what is a value of its kind is taken', async (t) => {
  for (const [name, values] of Object.entries(ACCEPTED)) {
    for (const [value, expected] of values) t.match(configOf({ [name]: value }), { [name]: expected });
  }
  for (const url of ['postgres://u:p@h:5432/d?sslmode=require', 'postgresql://h/d']) {
    t.match(configOf({ ...SHARED, DATABASE_URL: url }), { DATABASE_URL: url });
  }
});

t.test('secrets are refused when they are short or cannot be sent, without being shown', async (t) => {
  const tries: [string, string][] = [
    ['AUTH_SECRET', 'hunter2hunter2hunter2hunter2hun'],
    ['AUTH_SECRET', `hunter2 ${'a'.repeat(40)}`],
    ['CLUSTER_SECRET', 'hunter2'],
    ['CLUSTER_SECRET_PREVIOUS', 'hunter2'],
    ['CLUSTER_SECRET', `hunter2é${'a'.repeat(40)}`],
    ['ADMIN_TOKEN', 'hunter2hunter2h'],
    ['ADMIN_TOKEN', `hunter2\n${'a'.repeat(40)}`],
    ['AUTH_SECRET', `hunter2${'a'.repeat(1_024)}`],
    ['DATABASE_URL', 'mysql://u:hunter2@h/d'],
    ['DATABASE_URL', 'hunter2'],
    ['REDIS_URL', 'http://:hunter2@h'],
    ['AUTH_PUBLIC_KEY', 'hunter2'],
    ['AUTH_PUBLIC_KEY', '-----BEGIN PUBLIC KEY-----\\nhunter2\\n-----END PUBLIC KEY-----'],
  ];
  for (const [name, value] of tries) {
    const faults = faultsOf({ ...SHARED, [name]: value });
    t.equal(faults.length, 1, `${name} of ${value.length} characters`);
    t.ok(faults[0]?.startsWith(`${name} is set to ${value.length} characters that cannot be used; it must be `));
    t.notMatch(faults[0], /hunter2/);
  }
});

t.test('public keys of the three algorithms are taken, others and private ones are refused', async (t) => {
  const good = [pem('rsa', { modulusLength: 2048 }), pem('ec', { namedCurve: 'P-256' }), pem('ed25519')];
  for (const { publicKey, privateKey } of good) {
    t.match(configOf({ AUTH_PUBLIC_KEY: publicKey }), { AUTH_PUBLIC_KEY: publicKey });
    t.match(configOf({ AUTH_PUBLIC_KEY: publicKey.replaceAll('\n', '\\n') }), { AUTH_PUBLIC_KEY: publicKey });
    t.equal(faultsOf({ AUTH_PUBLIC_KEY: privateKey }).length, 1);
  }
  const bad = [pem('rsa', { modulusLength: 1024 }), pem('ec', { namedCurve: 'P-384' }), pem('ed448')];
  for (const { publicKey } of bad) t.equal(faultsOf({ AUTH_PUBLIC_KEY: publicKey }).length, 1);
});

t.test('with DATABASE_URL the secrets that are needed must be given', async (t) => {
  const { DATABASE_URL } = SHARED;
  const { publicKey: AUTH_PUBLIC_KEY } = pem('ed25519');
  t.same(faultsOf({ DATABASE_URL }), [
    'AUTH_SECRET is missing; with DATABASE_URL, it or AUTH_PUBLIC_KEY must say whose access tokens count',
  ]);
  t.same(faultsOf({ DATABASE_URL, AUTH_PUBLIC_KEY, CLUSTER_SECRET: SECRET }), []);
  t.same(faultsOf({ DATABASE_URL, AUTH_PUBLIC_KEY }), [
    'AUTH_SECRET is missing; with DATABASE_URL, it or CLUSTER_SECRET must sign queue tokens',
  ]);
  t.same(faultsOf({ DATABASE_URL, AUTH_PUBLIC_KEY, AUTH_ISSUE: 'true' }), [
    'AUTH_SECRET is missing; with AUTH_ISSUE, access tokens are signed with it',
  ]);
  for (const peer of [
    { PEER_PORT: '9000' },
    { PEER_HOST: 'a' },
    { PEER_ADDRESS: '[::1]:9000' },
    { REDIS_URL: 'redis://r' },
  ]) {
    const faults = faultsOf({ ...SHARED, ...peer });
    t.equal(faults.length, 1);
    t.match(faults[0], /^CLUSTER_SECRET is missing; with (PEER_PORT|PEER_HOST|PEER_ADDRESS|REDIS_URL), /);
    t.same(faultsOf({ ...SHARED, ...peer, CLUSTER_SECRET: SECRET }), []);
    t.same(faultsOf(peer), [], 'the embedded database brings its own');
  }
  t.same(faultsOf({ ...SHARED, CLUSTER_SECRET_PREVIOUS: SECRET }), [
    'CLUSTER_SECRET is missing; CLUSTER_SECRET_PREVIOUS is only the one that it replaces',
  ]);
  t.same(faultsOf({ ...SHARED, CLUSTER_SECRET: SECRET, CLUSTER_SECRET_PREVIOUS: SECRET }), []);
  t.equal(configOf(SHARED).ADMIN_TOKEN, undefined, 'an admin token is never needed');
});

t.test('two listeners cannot share a port, unless the system chooses it', async (t) => {
  t.same(faultsOf({ PORT: '9000', METRICS_PORT: '9000' }), [
    'METRICS_PORT is 9000, which is PORT already; each needs a port of its own',
  ]);
  t.same(faultsOf({ PEER_PORT: '8080' }).length, 1);
  t.same(faultsOf({ PORT: '0', METRICS_PORT: '0', PEER_PORT: '0' }), []);
});

t.test('everything that is wrong is reported at once, each variable once', async (t) => {
  const faults = faultsOf({
    DATABASE_URL: 'nonsense',
    PORT: 'x',
    HOLD_TTL_MS: '999',
    ALLOWED_ORIGINS: '*',
    ADMIN_TOKEN: 'short',
    AUTH_SECRET: 'short',
    REDIS_URL: 'redis://r',
  });
  t.same(
    faults.map((fault) => fault.split(' ')[0]).sort((one = '', other = '') => one.localeCompare(other)),
    ['ADMIN_TOKEN', 'ALLOWED_ORIGINS', 'AUTH_SECRET', 'CLUSTER_SECRET', 'DATABASE_URL', 'HOLD_TTL_MS', 'PORT'],
  );
});

t.test('what else is in the environment does not matter', async (t) => {
  t.same(configOf({ PATH: '/bin', port: 'x', HOLD_TTL: '1' }), configOf({}));
});
