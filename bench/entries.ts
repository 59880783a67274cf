/**
 * `npm run bench:entries`: how fast people enter the line of one hot concert, and what that costs, with Redis and without; beside an
 * empty Fastify route that takes the same requests in the same run, in turns. And what it costs to ask for a place.
 *
 * Every entry is of somebody else, whom the service has not met since its start, and is answered when it is recorded. Afterwards
 * the database is audited: a run in which an acknowledged entry is not recorded is void and exits with 1.
 */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createEmpty } from './contestants/rival.ts';
import { createEntryDesk, type EntryDesk } from './entries/entry-desk.ts';
import { closeOnInterruption } from '../harness/interruption.ts';
import { createLoadProcess } from './load/load-process.ts';
import { countAccepted, type MeasuredLoad, measureParts } from './load/measured-load.ts';
import type { LoadPlan, LoadWork } from './load/plan.ts';
import { processCpuUs } from '../harness/machine/cpu-time.ts';
import { describeMachine } from '../harness/machine/description.ts';
import { readCount, readOptions } from '../harness/options.ts';
import { summariseEntries } from './report/entries-report.ts';
import { writeFigures } from './report/figures-file.ts';
import { runRounds } from './rounds.ts';
import { issueAccessTokens } from '../harness/service/access-tokens.ts';
import { startPrivatePostgres } from '../harness/service/private-postgres.ts';
import { hasRedis, startPrivateRedis } from '../harness/service/private-redis.ts';

const USAGE = `npm run bench:entries -- [options]
  --rounds 4            phases of each contestant
  --seconds 4           length of a measured phase
  --warm-up-seconds 3   entries into another line before it
  --waiting 10000       people in the line whose places are asked for
  --connections 2000    keep-alive connections: a rush of people, who do not wait for each other's answers
  --seed 1
  --output FILE         figures of every phase as JSON`;

/** Above what a node reaches on a machine of this decade's desktops, so that people do not run out in a phase. */
const ENTRIES_PER_SECOND = 16_000;
const FILL_LIMIT_MS = 60_000;
const EXIT_UNAVAILABLE = 69;
const CONTESTANTS = ['redis', 'in-process', 'empty'] as const;

const options = readOptions(USAGE, {
  rounds: '4',
  seconds: '4',
  'warm-up-seconds': '3',
  waiting: '10000',
  connections: '2000',
  seed: '1',
  output: null,
});
const rounds = readCount('rounds', options.rounds, 1, 100);
const durationMs = readCount('seconds', options.seconds, 1, 60) * 1_000;
const warmUpMs = readCount('warm-up-seconds', options['warm-up-seconds'], 1, 60) * 1_000;
const waiting = readCount('waiting', options.waiting, 1, 1_000_000);
const connections = readCount('connections', options.connections, 1, 4_096);
const seed = readCount('seed', options.seed, 0, 2 ** 31);
if (!hasRedis()) {
  console.error('There is no redis-server on the PATH.');
  process.exit(EXIT_UNAVAILABLE);
}

const machine = describeMachine();
const filesDir = mkdtempSync(join(tmpdir(), 'frontrow-bench-tokens-'));
const load = createLoadProcess();
const starting = Promise.all([startPrivatePostgres(), startPrivateRedis()]);
let closing: Promise<void> | null = null;
const close = (): Promise<void> =>
  (closing ??= (async () => {
    load.close();
    const [postgres, redis] = await starting;
    await redis.kill();
    await postgres.stop(false);
    rmSync(filesDir, { recursive: true, force: true });
  })());
closeOnInterruption(close);

const faults: string[] = [];
try {
  const [postgres, redis] = await starting;
  const [warmUpCount, count] = [warmUpMs, durationMs].map((ms) => Math.ceil((ENTRIES_PER_SECOND * ms) / 1_000)) as [
    number,
    number,
  ];
  const authSecret = randomBytes(32).toString('hex');
  const holders = issueAccessTokens(waiting + warmUpCount + count, authSecret, join(filesDir, 'tokens.txt'));
  const phases = await runRounds({
    rounds,
    seed,
    contenders: CONTESTANTS,
    run: (contestant, round) =>
      contestant === 'empty'
        ? runEmpty(round, count)
        : runService(contestant, round, count, warmUpCount, () =>
            createEntryDesk({ postgres, redis: contestant === 'redis' ? redis : null, holders, authSecret }),
          ),
    labelOf: ({ contestant }) => contestant.padEnd(16),
  });
  const settings = { rounds, durationMs, warmUpMs, waiting, connections, seed };
  const figures = { machine, postgres: await postgres.describe(), settings, phases, faults };
  console.log(summariseEntries(figures));
  writeFigures(options.output, figures);
} finally {
  await close();
}
process.exitCode = faults.length === 0 ? 0 : 1;

function planOf(port: number, work: LoadWork, phaseMs: number, tokens: readonly string[] = []): LoadPlan {
  return { port, connections, durationMs: phaseMs, tokens, seed, work };
}

function entries(concertId: number, first: number, count: number, repeat = false): LoadWork {
  const tokensFile = join(filesDir, 'tokens.txt');
  return {
    type: 'posts',
    path: '/api/v1/queue/tokens',
    body: `{"concertId":${concertId}}`,
    tokensFile,
    first,
    count,
    repeat,
  };
}

async function runEmpty(round: number, count: number): Promise<MeasuredLoad[]> {
  const server = await createEmpty().start();
  try {
    const posts = planOf(server.port, entries(1, waiting, count, true), durationMs);
    const gets = planOf(server.port, { type: 'reads', paths: ['/'], repeat: true }, durationMs / 2);
    await load.run({ ...posts, durationMs: warmUpMs });
    const common = { load, clocks: { node: () => processCpuUs(server.processId) }, round };
    return [
      await measureParts({ ...common, contestant: 'empty', plan: posts }),
      await measureParts({ ...common, contestant: 'empty poll', plan: gets }),
    ];
  } finally {
    await server.stop();
  }
}

async function runService(
  contestant: 'redis' | 'in-process',
  round: number,
  count: number,
  warmUpCount: number,
  open: () => Promise<EntryDesk>,
): Promise<MeasuredLoad[]> {
  const desk = await open();
  try {
    const [line, other, hot] = [await desk.openConcert(), await desk.openConcert(), await desk.openConcert()];
    const filled = await load.run(planOf(desk.port, entries(line, 0, waiting), FILL_LIMIT_MS));
    if (filled.allAnswers['201'] !== waiting) {
      throw new Error(`Forming a line was answered with ${JSON.stringify(filled.allAnswers)}.`);
    }
    await load.run(planOf(desk.port, entries(other, waiting, warmUpCount), warmUpMs));
    const { clocks } = desk;
    const plan = planOf(desk.port, entries(hot, waiting + warmUpCount, count), durationMs);
    const entered = await measureParts({ load, clocks, contestant, round, plan });
    const [acknowledged, recorded] = [countAccepted(entered.result.allAnswers), await desk.countRecorded(hot)];
    if (acknowledged !== recorded) {
      faults.push(`${contestant}, round ${round}: ${acknowledged} entries were acknowledged, ${recorded} are recorded`);
    }
    const work = { type: 'polls', path: '/api/v1/queue/status', repeat: true } as const;
    const polls = planOf(desk.port, work, durationMs / 2, await desk.tokensOf(line));
    await load.run({ ...polls, durationMs: warmUpMs / 2 });
    const polled = await measureParts({ load, clocks, contestant: `${contestant} poll`, round, plan: polls });
    for (const { contestant: name, result } of [entered, polled]) {
      if (Object.keys(result.codes).length > 0) {
        faults.push(`${name}, round ${round}: refusals ${JSON.stringify(result.codes)}`);
      }
    }
    faults.push(...(await desk.findFaults()).map((fault) => `${contestant}, round ${round}: ${fault}`));
    return [entered, polled];
  } finally {
    await desk.close();
  }
}
