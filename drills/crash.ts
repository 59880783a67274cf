/**
 * `node drills/crash.ts`: kill −9 in the middle of the demo, again and again.
 *
 * In each round a demo runs against a service on one data directory. When a random number of payments is acknowledged the
 * service is killed (with `--kill both`, its PostgreSQL too). The demo is paused while the service is started again; then the database is
 * audited, and every hold, release, charge, payment and refund that the demo was told of must be in it. The demo goes on
 * to the end, and both are done once more. Exits with 1 when anything is wrong; the database then stays to be looked at.
 */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { closeOnInterruption } from '../harness/interruption.ts';
import { readCount, readOptions } from '../harness/options.ts';
import { createRandom } from '../harness/random.ts';
import { readAcknowledgements } from '../demo/rush/acknowledgement.ts';
import { findMissing } from '../demo/rush/acknowledgement-check.ts';
import { auditDatabase } from '../harness/service/database-audit.ts';
import { startService, withDataDir } from '../harness/service/demo-service.ts';
import { findPostmasterId } from '../harness/service/private-postgres.ts';
import { findFreePort, repositoryRoot } from '../harness/service/server-process.ts';
import type { ServerProcess } from '../harness/service/server-process.ts';

const USAGE = `node drills/crash.ts [options]
  --rounds 10
  --fans 5000
  --kill service         service: SIGKILL to the service; both: to PostgreSQL and the service; mixed: in turns
  --seed N               when to kill`;

/** A demo sells 200 seats; so many payments in, it is in full swing. */
const PAYMENTS_BEFORE_LEAST = 5;
const PAYMENTS_BEFORE_MOST = 120;
const LOOK_EVERY_MS = 25;
const SHOWN_MOST = 10;

const options = readOptions(USAGE, { rounds: '10', fans: '5000', kill: 'service', seed: null });
const rounds = readCount('rounds', options.rounds, 1, 1_000);
const fans = readCount('fans', options.fans, 500, 100_000);
const seed = options.seed === null ? Date.now() % 2 ** 31 : readCount('seed', options.seed, 0, 2 ** 31);
const kill = options.kill ?? 'service';
if (!['service', 'both', 'mixed'].includes(kill)) {
  console.error(USAGE);
  process.exit(64);
}

const dataDir = mkdtempSync(join(tmpdir(), 'frontrow-drill-'));
const adminToken = randomBytes(32).toString('hex');
const random = createRandom(seed);
const port = await findFreePort();
const start = (): Promise<ServerProcess> => startService({ port, dataDir, adminToken });
const faults: string[] = [];
console.log(`${rounds} rounds with ${fans} fans, --seed ${seed}`);
let starting = start();
closeOnInterruption(async () => (await starting).stop());
let service = await starting;
try {
  for (let round = 1; round <= rounds; round += 1) {
    const before = faults.length;
    const told = await runRound(round);
    console.log(`round ${round}/${rounds}  ${told}  ${faults.length === before ? 'all well' : 'WRONG'}`);
    for (const fault of faults.slice(before, before + SHOWN_MOST)) {
      console.log(`  ${fault}`);
    }
  }
} finally {
  await service.stop();
  if (faults.length === 0) {
    rmSync(dataDir, { recursive: true, force: true });
  } else {
    console.error(`The database was kept in ${dataDir}.`);
  }
}
console.log(faults.length === 0 ? 'Nothing acknowledged was lost, every audit was clean.' : `${faults.length} faults`);
process.exitCode = faults.length === 0 ? 0 : 1;

async function runRound(round: number): Promise<string> {
  const journal = join(dataDir, `acknowledged-${round}.jsonl`);
  const demo = startDemo(service.url, journal, round);
  const ended = once(demo, 'exit');
  const output = collect(demo);
  const payments = PAYMENTS_BEFORE_LEAST + random.below(PAYMENTS_BEFORE_MOST - PAYMENTS_BEFORE_LEAST);
  while (countPayments(journal) < payments && demo.exitCode === null) {
    await pause(LOOK_EVERY_MS);
  }
  if (demo.exitCode !== null) {
    faults.push(`round ${round}: the demo ended before its service was killed\n${output()}`);
    return 'no crash';
  }
  const withPostgres = kill === 'both' || (kill === 'mixed' && round % 2 === 0);
  if (withPostgres) {
    process.kill(await withDataDir(dataDir, findPostmasterId), 'SIGKILL');
  }
  await service.kill();
  demo.kill('SIGSTOP');
  const restartMs = performance.now();
  starting = start();
  service = await starting;
  const restartedMs = performance.now() - restartMs;
  const acknowledged = await check(`round ${round}, after the crash`, journal);
  demo.kill('SIGCONT');
  await ended;
  if (demo.exitCode !== 0) {
    faults.push(`round ${round}: the demo ended with ${demo.exitCode}\n${output()}`);
  }
  const total = await check(`round ${round}, after the sale`, journal);
  const what = withPostgres ? 'service and PostgreSQL' : 'service';
  return `${what} killed after ${payments} payments, back in ${Math.round(restartedMs)} ms; ${acknowledged} acknowledged before, ${total} in all`;
}

/** Audits the database and looks for everything acknowledged; returns how much that was. */
async function check(when: string, journal: string): Promise<number> {
  const acknowledgements = readAcknowledgements(journal);
  await withDataDir(dataDir, async (databaseUrl) => {
    const audit = await auditDatabase(databaseUrl);
    faults.push(...audit.faults.map((fault) => `${when}: ${fault}`));
    const missing = await findMissing(databaseUrl, acknowledgements);
    faults.push(...missing.map((lost) => `${when}: acknowledged and missing: ${JSON.stringify(lost)}`));
  });
  return acknowledgements.length;
}

function startDemo(url: string, journal: string, round: number): ChildProcess {
  const args = ['--url', url, '--fans', String(fans), '--journal', journal, '--seed', String(seed + round)];
  return spawn(process.execPath, ['demo/demo.ts', ...args], {
    cwd: repositoryRoot,
    env: { ...process.env, ADMIN_TOKEN: adminToken, DATA_DIR: dataDir, DATABASE_URL: '' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

function collect(child: ChildProcess): () => string {
  let output = '';
  const hear = (chunk: Buffer): void => {
    output += chunk.toString();
  };
  child.stdout?.on('data', hear);
  child.stderr?.on('data', hear);
  return () => output;
}

function countPayments(journal: string): number {
  return existsSync(journal) ? readAcknowledgements(journal).filter(({ kind }) => kind === 'payment').length : 0;
}
