/**
 * `npm run demo`: a rush over real HTTP. Fans register, queue, look at the seat map, hold, charge, pay, change their minds, and
 * stop when every seat of a new concert is sold. Then the demo checks the fans' own books and the database.
 * It exits with 1 when something is wrong or a seat is unsold.
 */
import { type DemoService, openDemoService } from '../harness/service/demo-service.ts';
import { count, optionalCount, readOptions, seedFromClock, text } from '../harness/options.ts';
import { createProgress, type Progress } from './rush/progress.ts';
import { runRush } from './rush/rush.ts';
import { findFaults, summariseRush } from './rush/summary.ts';

const FANS_LEAST = 20;
const FANS_MOST = 100_000;
const FANS_PER_DATE = 100;
const DATES_USUAL = 4;

const options = readOptions('npm run demo --', {
  fans: count(2_000, FANS_LEAST, FANS_MOST, 'fans that want seats'),
  dates: optionalCount(1, 50, `dates of the concert, of 50 seats each; by default ${DATES_USUAL}, fewer for few fans`),
  url: text('URL', 'a running service; by default the one on port 8080, or a new one'),
  adminToken: text('TOKEN', 'of a running service; by default ADMIN_TOKEN, or the one in DATA_DIR'),
  sockets: count(192, 1, 4_096, 'keep-alive connections that the fans share'),
  limitSeconds: count(300, 1, 86_400, 'the demo gives up seats that are unsold after this'),
  seed: seedFromClock('replays a crowd'),
  journal: text('FILE', 'append every acknowledged answer to a file, as lines of JSON'),
});
const { fans, sockets, seed } = options;
const dates = options.dates ?? Math.min(DATES_USUAL, Math.max(1, Math.floor(fans / FANS_PER_DATE)));
const limitMs = options.limitSeconds * 1_000;

process.exitCode = await runDemo();

async function runDemo(): Promise<number> {
  let service: DemoService | null = null;
  let progress: Progress | null = null;
  let keepFiles = true;
  try {
    service = await openDemoService({ url: options.url, adminToken: options.adminToken });
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
