import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { connect } from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import t, { type Test } from 'tap';
import { startEmbeddedPostgres } from '../../src/embedded-postgres/embedded-postgres.ts';
import { silentLog as log } from '../fixtures/silent-log.ts';
import { waitFor } from '../fixtures/wait-for.ts';

const SERVICE = fileURLToPath(new URL('../fixtures/embedded-service.ts', import.meta.url));
/** Nothing here depends on the disk, which other tests keep busy. */
const settings = { fsync: 'off' };
const SECRET = 'a secret of the service that is nobody else’s business';

/** Below a directory that only this user can enter, as a checkout of root's often is. */
function closedDirectory(t: Test): string {
  const directory = mkdtempSync(join(tmpdir(), 'frontrow-embedded-'));
  t.teardown(() => {
    const pid = postmasterOf(join(directory, 'data'));
    if (pid !== undefined && isRunning(pid)) process.kill(pid, 'SIGQUIT');
    rmSync(directory, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
  });
  return join(directory, 'data');
}

function postmasterOf(dataDir: string): number | undefined {
  const lockFile = join(dataDir, 'postgres', 'postmaster.pid');
  return existsSync(lockFile) ? Number(readFileSync(lockFile, 'utf8').split('\n')[0]) : undefined;
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function query<Row extends pg.QueryResultRow>(url: string, sql: string): Promise<Row[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Row>(sql)).rows;
  } finally {
    await client.end();
  }
}

/** Starts a service in a process group of its own, as a shell does for what is typed into a terminal. */
async function startService(dataDir: string): Promise<{ service: ChildProcess; pid: number; url: string }> {
  const service = spawn(process.execPath, [SERVICE, dataDir], {
    detached: true,
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, AUTH_SECRET: SECRET },
  });
  let said = '';
  service.stdout?.on('data', (chunk) => (said += String(chunk)));
  await waitFor(() => said.includes('\n'), { deadlineMs: 30_000, what: 'the service to say its URL' });
  return { service, pid: service.pid ?? 0, url: said.trim() };
}

t.test(
  'a server from nothing is durable, in UTC and UTF-8, closed to the network and to whoever lacks the password',
  async (t) => {
    const dataDir = closedDirectory(t);
    const server = await startEmbeddedPostgres({ dataDir, log });
    t.teardown(() => server.stop());
    const url = new URL(server.databaseUrl);

    const shown = await query<{ name: string; setting: string }>(
      server.databaseUrl,
      `SELECT name, setting FROM pg_settings WHERE name IN ('fsync', 'synchronous_commit', 'full_page_writes', 'TimeZone',
       'server_encoding', 'max_connections', 'listen_addresses', 'unix_socket_directories') ORDER BY lower(name)`,
    );
    t.same(Object.fromEntries(shown.map(({ name, setting }) => [name, setting])), {
      fsync: 'on',
      full_page_writes: 'on',
      listen_addresses: '127.0.0.1',
      max_connections: '100',
      server_encoding: 'UTF8',
      synchronous_commit: 'on',
      TimeZone: 'UTC',
      unix_socket_directories: '',
    });

    const intruder = new URL(url);
    intruder.password = 'guess';
    await t.rejects(query(intruder.href, 'SELECT 1'), { code: '28P01' });
    const outside = Object.values(networkInterfaces())
      .flat()
      .find((address) => address?.internal === false && address.family === 'IPv4');
    if (outside !== undefined) {
      const socket = connect(Number(url.port), outside.address);
      await t.rejects(once(socket, 'connect'), { code: 'ECONNREFUSED' });
    }
    t.equal(statSync(join(dataDir, 'postgres-password')).mode & 0o777, 0o600);
    t.equal(statSync(join(dataDir, 'postgres')).mode & 0o777, 0o700);

    await server.stop();
    await server.stop();
    t.equal(postmasterOf(dataDir), undefined, 'stopping ends it, however often');
  },
);

t.test('the server outlives a killed service, and the next one takes it over with all that is in it', async (t) => {
  const dataDir = closedDirectory(t);
  const { service, pid, url } = await startService(dataDir);
  const postmaster = postmasterOf(dataDir) ?? 0;

  process.kill(-pid, 'SIGINT');
  await query(url, 'CREATE TABLE kept AS SELECT 42 AS answer');
  t.ok(isRunning(postmaster), 'a Ctrl-C that reaches the whole process group of the service spares it');

  process.kill(pid, 'SIGKILL');
  await once(service, 'exit');
  t.ok(isRunning(postmaster), 'so does the death of the service');

  const next = await startEmbeddedPostgres({ dataDir, log, settings });
  t.equal(postmasterOf(dataDir), postmaster, 'the same server serves on');
  t.equal(next.databaseUrl, url);
  t.same(await query(next.databaseUrl, 'SELECT answer FROM kept'), [{ answer: 42 }]);
  await next.stop();
  await waitFor(() => !isRunning(postmaster), { what: 'the end of a server that was taken over and stopped' });

  const last = await startEmbeddedPostgres({ dataDir, log, settings });
  t.teardown(() => last.stop());
  t.equal(last.databaseUrl, url, 'a new server comes back at the same address');
  t.same(await query(last.databaseUrl, 'SELECT answer FROM kept'), [{ answer: 42 }]);
});

t.test('neither a killed server nor a lock file that names another program stands in the way of a start', async (t) => {
  const dataDir = closedDirectory(t);
  const first = await startEmbeddedPostgres({ dataDir, log, settings });
  await query(first.databaseUrl, 'CREATE TABLE kept AS SELECT 42 AS answer');
  const postmaster = postmasterOf(dataDir) ?? 0;
  process.kill(postmaster, 'SIGKILL');
  const second = await startEmbeddedPostgres({ dataDir, log, settings });
  t.not(postmasterOf(dataDir), postmaster);
  t.same(await query(second.databaseUrl, 'SELECT answer FROM kept'), [{ answer: 42 }], 'what was committed is there');
  await second.stop();

  // Of the server's own user where that differs from ours: PostgreSQL believes only such a process to be a server.
  const { uid, gid } = statSync(join(dataDir, 'postgres'));
  const program = spawn('sleep', ['60'], { cwd: '/', uid, gid });
  t.teardown(() => program.kill());
  await once(program, 'spawn');
  const lockFile = join(dataDir, 'postgres', 'postmaster.pid');
  writeFileSync(lockFile, `${program.pid}\n${join(dataDir, 'postgres')}\n1700000000\n5432\n\n127.0.0.1\n`);
  const third = await startEmbeddedPostgres({ dataDir, log, settings });
  t.same(await query(third.databaseUrl, 'SELECT answer FROM kept'), [{ answer: 42 }]);
  t.equal(program.exitCode, null, 'and the other program is left alone');
  await third.stop();
  await first.stop();
});

t.test('what an interrupted first start left behind is cleared away, and what looks like data is kept', async (t) => {
  const dataDir = closedDirectory(t);
  const gone = spawn('true');
  await once(gone, 'exit');
  const unfinished = join(dataDir, `.postgres-unfinished-${gone.pid}-abc`);
  mkdirSync(join(unfinished, 'postgres', 'base'), { recursive: true });
  mkdirSync(join(dataDir, 'postgres'));
  writeFileSync(join(dataDir, 'postgres', 'PG_VERSION'), '18\n');
  const server = await startEmbeddedPostgres({ dataDir, log, settings });
  t.teardown(() => server.stop());
  t.same(await query(server.databaseUrl, 'SELECT 1 AS one'), [{ one: 1 }]);
  t.notOk(existsSync(unfinished));
  const aside = readdirSync(dataDir).find((name) => name.startsWith('postgres-incomplete-'));
  t.same(readdirSync(join(dataDir, aside ?? 'nothing')), ['PG_VERSION']);
});

t.test('services that start at once share one server, and the last of them ends it', async (t) => {
  const dataDir = closedDirectory(t);
  const [one, two, three] = await Promise.all([startService(dataDir), startService(dataDir), startService(dataDir)]);
  t.equal(one.url, two.url);
  t.equal(one.url, three.url);
  const postmaster = postmasterOf(dataDir) ?? 0;
  process.kill(three.pid, 'SIGKILL');
  process.kill(one.pid, 'SIGTERM');
  await once(one.service, 'exit');
  t.same(await query(two.url, 'SELECT 1 AS one'), [{ one: 1 }], 'the server stays while one of them uses it');
  process.kill(two.pid, 'SIGTERM');
  await once(two.service, 'exit');
  await waitFor(() => !isRunning(postmaster), { what: 'the end of a server that nobody uses any more' });
});

t.test(
  'the server never runs as root and knows none of the service’s secrets',
  { skip: !existsSync('/proc/self') && 'needs /proc' },
  async (t) => {
    const dataDir = closedDirectory(t);
    const { service, pid } = await startService(dataDir);
    const postmaster = postmasterOf(dataDir) ?? 0;
    t.not(statSync(`/proc/${postmaster}`).uid, 0);
    t.notOk(readFileSync(`/proc/${postmaster}/environ`, 'utf8').includes(SECRET));
    const session = readFileSync(`/proc/${postmaster}/stat`, 'utf8').split(') ')[1]?.split(' ')[3];
    t.equal(Number(session), postmaster, 'it leads a session of its own');
    process.kill(pid, 'SIGTERM');
    await once(service, 'exit');
  },
);

t.test('a cluster of another major version is refused in words', async (t) => {
  const dataDir = closedDirectory(t);
  mkdirSync(join(dataDir, 'postgres', 'global'), { recursive: true });
  writeFileSync(join(dataDir, 'postgres', 'global', 'pg_control'), '');
  writeFileSync(join(dataDir, 'postgres', 'PG_VERSION'), '17\n');
  await t.rejects(startEmbeddedPostgres({ dataDir, log, settings }), {
    message: /was made by PostgreSQL 17; the embedded server is 18 .* name it in DATABASE_URL, or move/,
  });
});

t.test(
  'a password file that another cluster had is reported with its remedy, and no server stays behind',
  async (t) => {
    const dataDir = closedDirectory(t);
    const server = await startEmbeddedPostgres({ dataDir, log, settings });
    await server.stop();
    writeFileSync(join(dataDir, 'postgres-password'), 'of-another-cluster');
    await t.rejects(startEmbeddedPostgres({ dataDir, log, settings }), {
      message: /refuses the password in .*postgres-password; restore that file from a copy, or move both away/,
    });
    await waitFor(() => postmasterOf(dataDir) === undefined, { what: 'the end of the server', deadlineMs: 20_000 });
  },
);
