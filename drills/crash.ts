import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { readAcknowledgements } from '../demo/rush/acknowledgement.ts';
import { findMissing } from '../demo/rush/acknowledgement-check.ts';
import type { Command } from '../harness/command.ts';
import { closeOnInterruption } from '../harness/interruption.ts';
import { choice, count, readOptions, seedFromClock, type Values } from '../harness/options.ts';
import { createRandom } from '../harness/random.ts';
import { auditDatabase } from '../harness/service/database-audit.ts';
import { startService, withDataDir } from '../harness/service/demo-service.ts';
import { findPostmasterId } from '../harness/service/private-postgres.ts';
import { findFreePort, repositoryRoot, type ServerProcess } from '../harness/service/server-process.ts';

const OPTIONS = {
  rounds: count(10, 1, 1_000, 'crashes, each in another sale'),
  fans: count(5_000, 500, 100_000, 'fans of each sale'),
  kill: choice(['service', 'both', 'mixed'], 'service; both: PostgreSQL and the service; mixed: in turns'),
  seed: seedFromClock('when to kill'),
};

/** A demo sells 200 seats; after so many payments it is in full swing. */
const PAYMENTS_BEFORE_LEAST = 5;
const PAYMENTS_BEFORE_MOST = 120;
const LOOK_EVERY_MS = 25;
const SHOWN_MOST = 10;

/** The service of the drill, its data and its faults. */
interface Drill extends Values<typeof OPTIONS> {
  readonly dataDir: string;
  readonly adminToken: string;
  readonly faults: string[];
  start(): Promise<ServerProcess>;
  /** A number of payments before the next crash. */
  payments(): number;
}

/**
 * In each round a demo runs against a service on one data directory. When a random number of payments is acknowledged the drill
 * kills the service by SIGKILL, and its PostgreSQL when that was asked for. The demo is paused while the service starts again; then the
 * database is audited, and must have every hold, release, charge, payment and refund that the demo saw acknowledged. The demo
 * goes on to the end, and both checks run once more. The database stays when anything is wrong.
 */
export const crash: Command = {
  name: 'crash',
  says: 'kill -9 in the middle of the demo, ten times: audit clean, nothing acknowledged missing (8 min)',
  async run(args) {
    const options = readOptions('npm run drill -- crash', OPTIONS, args);
    const { rounds, fans, seed } = options;
    const dataDir = mkdtempSync(join(tmpdir(), 'frontrow-drill-'));
    const adminToken = randomBytes(32).toString('hex');
    const random = createRandom(seed);
    const port = await findFreePort();
    const faults: string[] = [];
    console.log(`${rounds} rounds with ${fans} fans, --seed ${seed}`);
    let starting = Promise.resolve<ServerProcess | null>(null);
    const drill: Drill = {
      ...options,
      dataDir,
      adminToken,
      faults,
      start() {
        const started = startService({ port, dataDir, adminToken });
        starting = started;
        return started;
      },
      payments: () => PAYMENTS_BEFORE_LEAST + random.below(PAYMENTS_BEFORE_MOST - PAYMENTS_BEFORE_LEAST),
    };
    closeOnInterruption(async () => (await starting)?.stop());
    try {
      let service = await drill.start();
      for (let round = 1; round <= rounds; round += 1) {
        const before = faults.length;
        const { words, service: next } = await runRound(drill, service, round);
        service = next;
        console.log(`round ${round}/${rounds}  ${words}  ${faults.length === before ? 'all well' : 'WRONG'}`);
        for (const fault of faults.slice(before, before + SHOWN_MOST)) console.log(`  ${fault}`);
      }
    } finally {
      await (await starting)?.stop();
      if (faults.length === 0) rmSync(dataDir, { recursive: true, force: true });
      else console.error(`The database was kept in ${dataDir}.`);
    }
    const isClean = faults.length === 0;
    console.log(isClean ? 'Nothing acknowledged was lost, every audit was clean.' : `${faults.length} faults`);
    process.exitCode = isClean ? 0 : 1;
  },
};

async function runRound(
  drill: Drill,
  service: ServerProcess,
  round: number,
): Promise<{ readonly words: string; readonly service: ServerProcess }> {
  const { dataDir, faults, kill } = drill;
  const journal = join(dataDir, `acknowledged-${round}.jsonl`);
  const demo = startDemo(drill, service.url, journal, round);
  const ended = once(demo, 'exit');
  const output = collect(demo);
  const payments = drill.payments();
  while (countPayments(journal) < payments && demo.exitCode === null) await pause(LOOK_EVERY_MS);
  if (demo.exitCode !== null) {
    faults.push(`round ${round}: the demo ended before its service was killed\n${output()}`);
    return { words: 'no crash', service };
  }
  const withPostgres = kill === 'both' || (kill === 'mixed' && round % 2 === 0);
  if (withPostgres) process.kill(await withDataDir(dataDir, findPostmasterId), 'SIGKILL');
  await service.kill();
  demo.kill('SIGSTOP');
  const restartMs = performance.now();
  const restarted = await drill.start();
  const restartedMs = Math.round(performance.now() - restartMs);
  const acknowledged = await check(drill, `round ${round}, after the crash`, journal);
  demo.kill('SIGCONT');
  await ended;
  if (demo.exitCode !== 0) faults.push(`round ${round}: the demo ended with ${demo.exitCode}\n${output()}`);
  const total = await check(drill, `round ${round}, after the sale`, journal);
  const killed = withPostgres ? 'service and PostgreSQL' : 'service';
  const words = `${killed} killed after ${payments} payments, back in ${restartedMs} ms; ${acknowledged} acknowledged before, ${total} in all`;
  return { words, service: restarted };
}

/** Audits the database and looks for everything that was acknowledged; returns how much that was. */
async function check({ dataDir, faults }: Drill, when: string, journal: string): Promise<number> {
  const acknowledgements = readAcknowledgements(journal);
  await withDataDir(dataDir, async (databaseUrl) => {
    const audit = await auditDatabase(databaseUrl);
    faults.push(...audit.faults.map((fault) => `${when}: ${fault}`));
    const missing = await findMissing(databaseUrl, acknowledgements);
    faults.push(...missing.map((lost) => `${when}: acknowledged and missing: ${JSON.stringify(lost)}`));
  });
  return acknowledgements.length;
}

function startDemo(drill: Drill, url: string, journal: string, round: number): ChildProcess {
  const { fans, seed, dataDir, adminToken } = drill;
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
