/**
 * `npm run demo`: a rush over real HTTP. Fans register, queue, look at the seat map, hold, charge, pay, change their minds, and
 * stop when every seat of a fresh concert is sold. Then the fans' own books and the database are checked.
 * Exits with 1 when something is wrong or a seat was left unsold.
 */
import { openDemoService } from '../harness/service/demo-service.ts';
import type { DemoService } from '../harness/service/demo-service.ts';
import { readCount, readOptions } from '../harness/options.ts';
import { createProgress } from './rush/progress.ts';
import type { Progress } from './rush/progress.ts';
import { runRush } from './rush/rush.ts';
import { findFaults, summariseRush } from './rush/summary.ts';

const USAGE = `npm run demo -- [options]
  --fans 2000            how many want seats
  --dates 4              dates of the concert, of 50 seats each (fewer for fewer than 400 fans)
  --url URL              a running service; otherwise the one on port 8080, otherwise a new one
  --admin-token TOKEN    of a running service; otherwise ADMIN_TOKEN, otherwise from DATA_DIR
  --sockets 192          keep-alive connections that the fans share
  --limit-seconds 300    seats unsold after this are given up
  --seed N               replay a crowd
  --journal FILE         append every acknowledged answer to a file, as lines of JSON`;

const FANS_LEAST = 20;
const FANS_MOST = 100_000;
const FANS_PER_DATE = 100;
const DATES_USUAL = 4;

const options = readOptions(USAGE, {
  fans: '2000',
  dates: null,
  url: null,
  'admin-token': null,
  sockets: '192',
  'limit-seconds': '300',
  seed: null,
  journal: null,
});
const fans = readCount('fans', options.fans, FANS_LEAST, FANS_MOST);
const usualDates = Math.min(DATES_USUAL, Math.max(1, Math.floor(fans / FANS_PER_DATE)));
const dates = options.dates === null ? usualDates : readCount('dates', options.dates, 1, 50);
const sockets = readCount('sockets', options.sockets, 1, 4_096);
const limitMs = readCount('limit-seconds', options['limit-seconds'], 1, 86_400) * 1_000;
const seed = options.seed === null ? Date.now() % 2 ** 31 : readCount('seed', options.seed, 0, 2 ** 31);

process.exitCode = await runDemo();

async function runDemo(): Promise<number> {
  let service: DemoService | null = null;
  let progress: Progress | null = null;
  let keepFiles = true;
  try {
    service = await openDemoService({ url: options.url, adminToken: options['admin-token'] });
    console.log(`${fans} fans for ${dates * 50} seats at ${service.origin} (--seed ${seed})`);
    const { url, adminToken, authSecret } = service;
    const result = await runRush(
      { url, adminToken, authSecret, fans, dates, seed, sockets, limitMs, journalFile: options.journal },
      (look) => {
        progress = createProgress(process.stdout, look);
      },
    );
    closeProgress(progress);
    const audit = await service.audit();
    console.log(summariseRush(result, audit));
    const faults = findFaults(result, audit);
    keepFiles = faults.length > 0;
    return faults.length === 0 ? 0 : 1;
  } catch (error) {
    closeProgress(progress);
    console.error(error instanceof Error ? error.message : error);
    return 1;
  } finally {
    await service?.close(keepFiles);
  }
}

function closeProgress(progress: Progress | null): void {
  progress?.close();
}
