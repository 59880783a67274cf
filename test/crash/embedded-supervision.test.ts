import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { createApiClient } from '../fixtures/api-client.ts';
import { freePort } from '../fixtures/free-port.ts';
import { enter, openSale } from '../fixtures/service.ts';
import { type ServiceProcess, startServiceProcess } from '../fixtures/service-process.ts';
import { waitFor } from '../fixtures/wait-for.ts';

const ADMIN_TOKEN = 'an-admin-token-of-this-test';
/** A restart replays the log and lets pools, lanes and pg-boss connect again. */
const SERVES_AGAIN_LIMIT_MS = 60_000;

/** Null where there is no such file; the server may remove it at any time. */
function readIfThere(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
}

/** The process id of the server that works on the directory, or undefined where none does. */
function livingPostmaster(dataDir: string): number | undefined {
  const lockFile = join(dataDir, 'postgres', 'postmaster.pid');
  const lock = readIfThere(lockFile);
  if (lock === null) return undefined;
  const pid = Number(lock.split('\n')[0]);
  // A lock file that is still empty reads 0, and a signal to 0 goes to this process's own group.
  if (!Number.isSafeInteger(pid) || pid <= 1) return undefined;
  try {
    process.kill(pid, 0);
    return pid;
  } catch {
    return undefined;
  }
}

async function startEmbedded(t: Test): Promise<{ dataDir: string; service: ServiceProcess }> {
  const directory = mkdtempSync(join(tmpdir(), 'frontrow-supervised-'));
  const dataDir = join(directory, 'data');
  t.teardown(async () => {
    const pid = livingPostmaster(dataDir);
    if (pid !== undefined) process.kill(pid, 'SIGQUIT');
    await waitFor(() => livingPostmaster(dataDir) === undefined, { what: 'the end of the server', deadlineMs: 15_000 });
    rmSync(directory, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
  });
  const service = await startServiceProcess(t, await freePort(), {
    DATA_DIR: dataDir,
    ADMIN_TOKEN,
    DEMO_DATA: 'false',
    LOG_LEVEL: 'error',
  });
  return { dataDir, service };
}

t.test('a service whose embedded server is killed serves again by itself, and still ends it', async (t) => {
  const { dataDir, service } = await startEmbedded(t);
  const api = createApiClient(service.url, ADMIN_TOKEN);
  const { concertId, scheduleId } = await openSale(api);
  const { queueToken } = await enter(api, concertId);
  const hold = (seatNumber: number) =>
    api.call('POST', '/reservations', { token: queueToken, body: { scheduleId, seatNumber } });
  t.match(await hold(1), { status: 201 });

  const first = livingPostmaster(dataDir) ?? 0;
  process.kill(first, 'SIGKILL');
  // Sessions of a dead server answer until they notice its death; another server starts only when they are gone.
  await waitFor(() => livingPostmaster(dataDir) !== undefined && livingPostmaster(dataDir) !== first, {
    what: 'another server',
    deadlineMs: SERVES_AGAIN_LIMIT_MS,
  });
  await waitFor(async () => (await hold(2)).status === 201, {
    what: 'a hold after the death of the server',
    deadlineMs: SERVES_AGAIN_LIMIT_MS,
  });
  await waitFor(async () => (await fetch(`${service.url}/readyz`)).ok, { what: 'readiness', deadlineMs: 30_000 });
  t.match(await hold(1), { status: 200 }, 'what was acknowledged before is there');
  t.equal(await service.stop(), 0);
  t.equal(livingPostmaster(dataDir), undefined, 'the service ends the server that it has started again');
});

t.test('a service whose embedded server cannot be kept running ends with 1', async (t) => {
  const { dataDir, service } = await startEmbedded(t);
  let hasEnded = false;
  const ended = service.ended.then((code) => {
    hasEnded = true;
    return code;
  });
  await waitFor(
    () => {
      const pid = livingPostmaster(dataDir);
      if (pid !== undefined && !hasEnded) process.kill(pid, 'SIGKILL');
      return hasEnded;
    },
    { what: 'the end of the service', deadlineMs: 120_000 },
  );
  t.equal(await ended, 1);
});
