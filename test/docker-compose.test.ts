import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { type Static, Type } from 'typebox';
import { Value } from 'typebox/value';
import { parse } from 'yaml';
import { environmentSchema, readConfig } from '../src/config.ts';

const ROOT = new URL('../', import.meta.url);

const service = Type.Object({
  build: Type.Optional(Type.String()),
  image: Type.Optional(Type.String()),
  user: Type.String(),
  read_only: Type.Boolean(),
  cap_drop: Type.Array(Type.String()),
  security_opt: Type.Array(Type.String()),
  mem_limit: Type.String(),
  pids_limit: Type.Number(),
  networks: Type.Array(Type.String()),
  ports: Type.Optional(Type.Array(Type.String())),
  volumes: Type.Optional(Type.Array(Type.String())),
  tmpfs: Type.Optional(Type.Array(Type.String())),
  depends_on: Type.Optional(Type.Record(Type.String(), Type.Object({ condition: Type.String() }))),
  environment: Type.Record(Type.String(), Type.String()),
  healthcheck: Type.Optional(Type.Object({ test: Type.Array(Type.String()) })),
});

const composeFile = Type.Object({
  services: Type.Record(Type.String(), service),
  networks: Type.Record(Type.String(), Type.Object({ internal: Type.Optional(Type.Boolean()) })),
  volumes: Type.Record(Type.String(), Type.Object({})),
});

function read(path: string): string {
  return readFileSync(new URL(path, ROOT), 'utf8');
}

const composeText = read('docker-compose.yml');
const compose: Static<typeof composeFile> = Value.Parse(composeFile, parse(composeText, { merge: true }));
const dockerfile = read('Dockerfile');
const exampleText = read('.env.example');

function serviceOf(name: string): Static<typeof service> {
  const found = compose.services[name];
  if (found === undefined) throw new Error(`there is no service ${name}`);
  return found;
}

/** Fills in `${NAME:?message}` and `${NAME:-default}` as Compose does. */
function substitute(text: string, values: Record<string, string>): string {
  return text.replace(/(?<!\$)\$\{(\w+)(?::([?-])([^}]*))?\}/g, (_, name: string, kind: string, rest: string) => {
    const value = values[name] ?? '';
    if (value !== '') return value;
    if (kind === '?') throw new Error(`${name}: ${rest}`);
    return rest ?? '';
  });
}

const required = [...new Set([...composeText.matchAll(/\$\{(\w+):\?/g)].map((match) => match[1] ?? ''))];
const optional = [...new Set([...composeText.matchAll(/\$\{(\w+):-/g)].map((match) => match[1] ?? ''))];
const filledIn = Object.fromEntries(required.map((name, index) => [name, String(index).repeat(64)]));

function environmentOf(name: string, values: Record<string, string> = filledIn): Record<string, string> {
  const entries = Object.entries(serviceOf(name).environment);
  return Object.fromEntries(entries.map(([variable, text]) => [variable, substitute(text, values)]));
}

/** The instructions of the Dockerfile by name, long lines joined. */
function instructions(name: string): string[] {
  const lines = dockerfile.replaceAll('\\\n', ' ').split('\n');
  return lines.filter((line) => line.startsWith(`${name} `)).map((line) => line.slice(name.length + 1).trim());
}

t.test('PostgreSQL 18, Redis and the service are there', async (t) => {
  t.same(
    Object.keys(compose.services).sort((one, other) => one.localeCompare(other)),
    ['frontrow', 'postgres', 'redis'],
  );
  t.match(serviceOf('postgres').image, /^postgres:18\b/);
  t.match(serviceOf('redis').image, /^redis:\d/);
  t.equal(serviceOf('frontrow').build, '.');
});

t.test('every service is without privileges: no root, no capabilities, nothing to write on, bounded', async (t) => {
  for (const [name, settings] of Object.entries(compose.services)) {
    t.notMatch(settings.user, /^(root|0)\b/, name);
    t.equal(settings.read_only, true, name);
    t.same(settings.cap_drop, ['ALL'], name);
    t.ok(settings.security_opt.includes('no-new-privileges:true'), name);
    t.match(settings.mem_limit, /^\d+[mg]$/, name);
    t.ok(settings.pids_limit > 0, name);
  }
  t.notMatch(composeText, /privileged|cap_add|docker\.sock|network_mode|seccomp/);
});

t.test('only the service has a port outside, on this machine, and the stores have no way out', async (t) => {
  for (const [name, settings] of Object.entries(compose.services)) {
    if (name === 'frontrow') continue;
    t.equal(settings.ports, undefined, name);
    t.same(settings.networks, ['stores'], name);
  }
  t.equal(compose.networks['stores']?.internal, true);
  const [published = '', ...more] = serviceOf('frontrow').ports ?? [];
  t.same(more, []);
  t.match(substitute(published, {}), /^127\.0\.0\.1:8080:8080$/);
});

t.test('the service is given variables that it knows, and with them it starts', async (t) => {
  const environment = environmentOf('frontrow');
  for (const name of Object.keys(environment)) t.ok(name in environmentSchema.properties, name);
  const reading = readConfig(environment);
  t.same(reading.ok ? [] : reading.faults, []);
  t.match(reading, { config: { PORT: 8080, HOST: '0.0.0.0' } });
  for (const [name, text] of Object.entries(serviceOf('frontrow').environment)) {
    const [, variable = name] = /^\$\{(\w+)/.exec(text) ?? [];
    if (variable in environmentSchema.properties) t.equal(variable, name, 'a setting has one name inside and outside');
  }
});

t.test('every secret has to be given, and each is refused when it is missing', async (t) => {
  const secrets = ['POSTGRES_PASSWORD', 'REDIS_PASSWORD', 'AUTH_SECRET', 'CLUSTER_SECRET', 'ADMIN_TOKEN'];
  t.same(required, secrets);
  for (const secret of secrets) {
    const rest = Object.fromEntries(Object.entries(filledIn).filter(([name]) => name !== secret));
    t.throws(() => Object.keys(compose.services).map((name) => environmentOf(name, rest)), {
      message: /\.env\.example/,
    });
    t.match(exampleText, new RegExp(`^${secret}=$`, 'm'), 'and the example names it, without a value');
  }
  for (const name of optional) t.match(exampleText, new RegExp(`^#${name}=`, 'm'));
  t.match(read('.gitignore'), /^\.env$/m);
});

t.test('the URLs of the stores name services that the service can reach, with their credentials', async (t) => {
  const environment = environmentOf('frontrow');
  const database = new URL(environment['DATABASE_URL'] ?? '');
  const postgres = environmentOf('postgres');
  t.equal(database.username, postgres['POSTGRES_USER']);
  t.equal(database.password, postgres['POSTGRES_PASSWORD']);
  t.equal(database.pathname, `/${postgres['POSTGRES_DB']}`);
  const redis = new URL(environment['REDIS_URL'] ?? '');
  t.equal(redis.password, environmentOf('redis')['REDIS_PASSWORD']);
  for (const [url, port] of [
    [database, '5432'],
    [redis, '6379'],
  ] as const) {
    t.equal(url.port, port);
    const target = serviceOf(url.hostname);
    t.ok(
      target.networks.some((network) => serviceOf('frontrow').networks.includes(network)),
      url.hostname,
    );
    t.equal(serviceOf('frontrow').depends_on?.[url.hostname]?.condition, 'service_healthy');
    t.ok(target.healthcheck, `${url.hostname} has a health check`);
  }
});

t.test('what is named is declared: networks, volumes, and where the database keeps its files', async (t) => {
  for (const settings of Object.values(compose.services)) {
    for (const network of settings.networks) t.ok(network in compose.networks, network);
    for (const volume of settings.volumes ?? []) t.ok((volume.split(':')[0] ?? '') in compose.volumes, volume);
  }
  // The image of PostgreSQL 18 keeps its data in a folder of its version below this one.
  t.same(serviceOf('postgres').volumes, ['postgres:/var/lib/postgresql']);
  const dataDir = environmentOf('frontrow')['DATA_DIR'] ?? '';
  const writable = (serviceOf('frontrow').tmpfs ?? []).map((mount) => mount.split(':')[0] ?? '');
  t.ok(
    writable.some((mount) => dataDir.startsWith(`${mount}/`)),
    `${dataDir} can be written`,
  );
});

t.test('the image is built from files that are there and that .dockerignore lets through', async (t) => {
  const ignored = read('.dockerignore')
    .split('\n')
    .filter((line) => line !== '');
  const sources = instructions('COPY')
    .filter((line) => !line.startsWith('--from='))
    .flatMap((line) => line.split(/\s+/).slice(0, -1));
  t.ok(sources.includes('src') && sources.includes('bin') && sources.includes('package-lock.json'));
  for (const source of sources) {
    t.ok(existsSync(new URL(source, ROOT)), source);
    t.notOk(ignored.includes(source), `${source} is not ignored`);
  }
  for (const secret of ['.env', '.frontrow', '.git', 'node_modules']) t.ok(ignored.includes(secret), secret);
});

t.test('the image runs the same command, Node and port as everything else does', async (t) => {
  const manifest = Value.Parse(
    Type.Object({
      scripts: Type.Object({ start: Type.String() }),
      devDependencies: Type.Object({ node: Type.String() }),
    }),
    JSON.parse(read('package.json')),
  );
  // The image has no shell between the engine and the service; a script's gives way to it by `exec`.
  const command = manifest.scripts.start.replace(/^exec /, '').split(' ');
  t.same(JSON.parse(instructions('CMD').at(-1) ?? ''), command);
  const program = new URL(command[1] ?? '', ROOT);
  t.ok(existsSync(program), fileURLToPath(program));
  const major = manifest.devDependencies.node.split('.')[0];
  for (const image of instructions('FROM')) t.match(image, new RegExp(`^node:${major}\\b`));
  t.same(instructions('EXPOSE'), ['8080']);
  t.same(instructions('USER'), ['node']);
  t.equal(serviceOf('frontrow').user, 'node');
  t.same(instructions('RUN'), ['npm ci --omit=dev']);
});

t.test('the health check asks the route that says whether the service can serve', async (t) => {
  const check = instructions('HEALTHCHECK')[0] ?? '';
  t.match(check, /http:\/\/127\.0\.0\.1:8080\/readyz/);
  t.match(read('src/http/routes/operations.ts'), /'\/readyz'/);
  t.match(check, /CMD \["node", "-e", /);
});
