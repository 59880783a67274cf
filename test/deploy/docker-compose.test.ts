import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { type Static, Type } from 'typebox';
import { Value } from 'typebox/value';
import { parse } from 'yaml';
import { environmentSchema, readConfig } from '../../src/config/config.ts';

/** What a stop takes at most after draining, where there is no database to stop with it. */
const STOP_LIMIT_MS = 20_000;
const ROOT = new URL('../../', import.meta.url);

const attachment = Type.Object({
  ipv4_address: Type.Optional(Type.String()),
  aliases: Type.Optional(Type.Array(Type.String())),
});

const service = Type.Object({
  build: Type.Optional(Type.String()),
  image: Type.Optional(Type.String()),
  user: Type.String(),
  read_only: Type.Boolean(),
  cap_drop: Type.Array(Type.String()),
  security_opt: Type.Array(Type.String()),
  mem_limit: Type.String(),
  pids_limit: Type.Number(),
  networks: Type.Union([Type.Array(Type.String()), Type.Record(Type.String(), attachment)]),
  entrypoint: Type.Optional(Type.Array(Type.String())),
  extra_hosts: Type.Optional(Type.Array(Type.String())),
  stop_grace_period: Type.Optional(Type.String()),
  ulimits: Type.Optional(Type.Object({ nofile: Type.Number() })),
  ports: Type.Optional(Type.Array(Type.String())),
  volumes: Type.Optional(Type.Array(Type.String())),
  tmpfs: Type.Optional(Type.Array(Type.String())),
  depends_on: Type.Optional(Type.Record(Type.String(), Type.Object({ condition: Type.String() }))),
  environment: Type.Optional(Type.Record(Type.String(), Type.String())),
  healthcheck: Type.Optional(Type.Object({ test: Type.Array(Type.String()) })),
});

const network = Type.Object({
  internal: Type.Optional(Type.Boolean()),
  ipam: Type.Optional(Type.Object({ config: Type.Array(Type.Object({ subnet: Type.String() })) })),
});

const composeFile = Type.Object({
  services: Type.Record(Type.String(), service),
  networks: Type.Record(Type.String(), network),
  volumes: Type.Record(Type.String(), Type.Object({})),
});

function read(path: string): string {
  return readFileSync(new URL(path, ROOT), 'utf8');
}

const composeText = read('docker-compose.yml');
const compose: Static<typeof composeFile> = Value.Parse(composeFile, parse(composeText, { merge: true }));
const dockerfile = read('Dockerfile');
const exampleText = read('.env.example');
const balancerText = read('deploy/nginx.conf').replaceAll(/#.*/g, '');
const NODES = ['node-1', 'node-2', 'node-3'];

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
  const entries = Object.entries(serviceOf(name).environment ?? {});
  return Object.fromEntries(entries.map(([variable, text]) => [variable, substitute(text, values)]));
}

function networksOf(name: string): string[] {
  const { networks } = serviceOf(name);
  return Array.isArray(networks) ? networks : Object.keys(networks);
}

function attachmentOf(name: string, to: string): Static<typeof attachment> {
  const { networks } = serviceOf(name);
  const found = Array.isArray(networks) ? undefined : networks[to];
  if (found === undefined) throw new Error(`${name} is not attached to ${to}`);
  return found;
}

/** What a directive of nginx is given, each time that it stands there. */
function directives(name: string): string[] {
  const lines = balancerText.matchAll(new RegExp(`(?:^|[{;])\\s*${name}\\s+([^;{]+);`, 'gm'));
  return Array.from(lines, ([, value = '']) => value.trim());
}

/** The instructions of the Dockerfile by name, long lines joined. */
function instructions(name: string): string[] {
  const lines = dockerfile.replaceAll('\\\n', ' ').split('\n');
  return lines.filter((line) => line.startsWith(`${name} `)).map((line) => line.slice(name.length + 1).trim());
}

t.test('PostgreSQL 18, Redis, a balancer and three nodes are there', async (t) => {
  t.same(
    Object.keys(compose.services).sort((one, other) => one.localeCompare(other)),
    ['balancer', ...NODES, 'postgres', 'redis'],
  );
  t.match(serviceOf('postgres').image, /^postgres:18\b/);
  t.match(serviceOf('redis').image, /^redis:\d/);
  t.match(serviceOf('balancer').image, /^nginx:1\.\d/);
  for (const node of NODES) t.equal(serviceOf(node).build, '.');
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

t.test('only the balancer has a port outside, on this machine, and nothing else has a way out', async (t) => {
  for (const [name, settings] of Object.entries(compose.services)) {
    if (name === 'balancer') continue;
    t.equal(settings.ports, undefined, name);
    for (const network of networksOf(name)) t.equal(compose.networks[network]?.internal, true, `${name}: ${network}`);
  }
  for (const store of ['postgres', 'redis']) t.same(networksOf(store), ['stores']);
  t.same(networksOf('balancer'), ['public', 'front'], 'it reaches neither the stores nor the port of peers');
  const [published = '', ...more] = serviceOf('balancer').ports ?? [];
  t.same(more, []);
  const [address, , inside] = substitute(published, {}).split(':');
  t.equal(address, '127.0.0.1');
  t.same(directives('listen'), [inside]);
});

t.test('every node is given variables that it knows, and with them it starts', async (t) => {
  for (const node of NODES) {
    const environment = environmentOf(node);
    for (const name of Object.keys(environment)) t.ok(name in environmentSchema.properties, name);
    const reading = readConfig(environment);
    t.same(reading.ok ? [] : reading.faults, []);
    t.match(reading, { config: { PORT: 8080, HOST: '0.0.0.0', NODE_ID: node } });
    const patienceMs = 1_000 * Number(/^(\d+)s$/.exec(serviceOf(node).stop_grace_period ?? '')?.[1]);
    const drainMs = reading.ok ? reading.config.DRAIN_MS : 0;
    t.ok(
      drainMs > 0 && patienceMs > drainMs + STOP_LIMIT_MS,
      `${patienceMs} ms to drain for ${drainMs} ms and to stop`,
    );
    for (const [name, text] of Object.entries(serviceOf(node).environment ?? {})) {
      const [, variable = name] = /^\$\{(\w+)/.exec(text) ?? [];
      if (variable in environmentSchema.properties)
        t.equal(variable, name, 'a setting has one name inside and outside');
    }
  }
});

t.test('nodes differ by what only one of them can be called', async (t) => {
  const own = ['NODE_ID', 'PEER_HOST'];
  const [first = {}, ...others] = NODES.map((node) => environmentOf(node));
  for (const other of others) {
    t.same(Object.keys(other), Object.keys(first));
    const different = Object.keys(first).filter((name) => first[name] !== other[name]);
    t.same(different, own);
  }
});

t.test(
  'peers meet on a network of their own, by a name that leads to no other, at a port that is their own',
  async (t) => {
    const members = Object.keys(compose.services).filter((name) => networksOf(name).includes('peers'));
    t.same(members, NODES);
    for (const node of NODES) {
      const { PEER_HOST, PEER_PORT, PORT } = environmentOf(node);
      t.same(attachmentOf(node, 'peers').aliases, [PEER_HOST]);
      t.notOk(
        PEER_HOST !== undefined && PEER_HOST in compose.services,
        'the name of a service leads to all its networks',
      );
      t.ok(Number(PEER_PORT) > 0);
      t.not(PEER_PORT, PORT);
    }
  },
);

t.test('the balancer sends to every node, at the address and the port that it has', async (t) => {
  const [settings = '', ...more] = serviceOf('balancer').volumes ?? [];
  t.same(more, []);
  const [file = '', target, mode] = settings.split(':');
  t.ok(existsSync(new URL(file, ROOT)), file);
  t.equal(mode, 'ro');
  t.same(serviceOf('balancer').entrypoint, ['nginx', '-c', target]);
  const { PORT } = environmentOf('node-1');
  const servers = NODES.map((node) => `${node}:${PORT}`);
  t.same(
    directives('server').map((server) => server.split(' ')[0]),
    [...servers, ...servers],
    'for requests, and for live connections',
  );
  const hosts = (serviceOf('balancer').extra_hosts ?? []).map((host) => substitute(host, {}));
  t.same(
    hosts,
    NODES.map((node) => `${node}:${substitute(attachmentOf(node, 'front').ipv4_address ?? '', {})}`),
  );
  t.same(Object.keys(serviceOf('balancer').depends_on ?? {}), NODES);
});

t.test('nodes believe the balancer, and whom the operator names, about the address of a caller', async (t) => {
  const subnet = substitute(compose.networks['front']?.ipam?.config[0]?.subnet ?? '', {});
  const prefix = subnet.replace(/\.0\/24$/, '.');
  for (const name of ['balancer', ...NODES]) {
    t.ok(substitute(attachmentOf(name, 'front').ipv4_address ?? '', {}).startsWith(prefix), name);
  }
  t.equal(environmentOf('node-1')['TRUST_PROXY'], `${subnet},127.0.0.1`);
  const named = environmentOf('node-1', { ...filledIn, FRONT_NETWORK: '10.9.8', TRUST_PROXY: '172.18.0.1' });
  t.equal(named['TRUST_PROXY'], '10.9.8.0/24,172.18.0.1');
  t.ok(directives('proxy_set_header').includes('X-Forwarded-For $proxy_add_x_forwarded_for'));
});

t.test('the balancer writes and opens no more than it may', async (t) => {
  const { tmpfs = [], ulimits } = serviceOf('balancer');
  const writable = tmpfs.map((mount) => mount.split(':')[0] ?? '');
  for (const path of [...directives('\\w+_temp_path'), ...directives('pid')]) {
    t.ok(
      writable.some((mount) => path.startsWith(`${mount}/`)),
      path,
    );
  }
  t.same(directives('worker_rlimit_nofile'), [String(ulimits?.nofile)]);
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
  const environment = environmentOf('node-1');
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
    for (const node of NODES) {
      const common = networksOf(url.hostname).filter((name) => networksOf(node).includes(name));
      t.same(common, ['stores'], `${node} reaches ${url.hostname}`);
      t.equal(serviceOf(node).depends_on?.[url.hostname]?.condition, 'service_healthy');
    }
    t.ok(target.healthcheck, `${url.hostname} has a health check`);
  }
});

t.test('what is named is declared: networks, volumes, and where the database keeps its files', async (t) => {
  for (const [name, settings] of Object.entries(compose.services)) {
    for (const to of networksOf(name)) t.ok(to in compose.networks, to);
    for (const volume of settings.volumes ?? []) {
      const source = volume.split(':')[0] ?? '';
      t.ok(source.startsWith('./') ? existsSync(new URL(source, ROOT)) : source in compose.volumes, volume);
    }
    for (const dependency of Object.keys(settings.depends_on ?? {})) t.ok(dependency in compose.services, dependency);
  }
  // The image of PostgreSQL 18 keeps its data in a folder of its version below this one.
  t.same(serviceOf('postgres').volumes, ['postgres:/var/lib/postgresql']);
  const dataDir = environmentOf('node-1')['DATA_DIR'] ?? '';
  const writable = (serviceOf('node-1').tmpfs ?? []).map((mount) => mount.split(':')[0] ?? '');
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
  for (const node of NODES) t.equal(serviceOf(node).user, 'node');
  t.same(instructions('RUN'), ['npm ci --omit=dev']);
});

t.test('the health check asks the route that says whether the service can serve', async (t) => {
  const check = instructions('HEALTHCHECK')[0] ?? '';
  t.match(check, /http:\/\/127\.0\.0\.1:8080\/readyz/);
  t.match(read('src/http/routes/operations.ts'), /'\/readyz'/);
  t.match(check, /CMD \["node", "-e", /);
});
