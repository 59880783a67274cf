import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { processCpuUs } from '../harness/machine/cpu-time.ts';
import { count } from '../harness/options.ts';
import { issueAccessTokens } from '../harness/service/access-tokens.ts';
import { startPrivatePostgres } from '../harness/service/private-postgres.ts';
import { startPrivateRedis } from '../harness/service/private-redis.ts';
import { createEmpty } from './contestants/rival.ts';
import { createEntryDesk, type EntryDesk } from './entries/entry-desk.ts';
import { roundOptions } from './load/holds-load.ts';
import { createLoadProcess, type LoadProcess } from './load/load-process.ts';
import { countAccepted, findRefusals, type MeasuredLoad, measureLoad } from './load/measured-load.ts';
import type { LoadPlan, LoadWork } from './load/plan.ts';
import { summariseEntries } from './report/entries-report.ts';
import { runRounds } from './rounds.ts';
import { createBenchmark } from './run-benchmark.ts';

/** Above what a node reaches on a machine of this decade's desktops, so that people do not run out in a phase. */
const ENTRIES_PER_SECOND = 16_000;
const FILL_LIMIT_MS = 60_000;
const CONTESTANTS = ['redis', 'in-process', 'empty'] as const;

/** How every phase is loaded. */
interface EntriesLoad {
  readonly load: LoadProcess;
  readonly tokensFile: string;
  readonly connections: number;
  readonly seed: number;
  readonly durationMs: number;
  readonly warmUpMs: number;
  readonly waiting: number;
}

/**
 * Every entry is that of another user, whom the service has not met since its start; its answer comes when the entry is recorded.
 * Afterwards the database is audited: a run in which an acknowledged entry is not recorded is void.
 */
export const entries = createBenchmark({
  name: 'entries',
  says: 'entries a second into the line of one concert, and polls of places, with Redis and without (5 min)',
  options: {
    ...roundOptions({ rounds: 4, seconds: 4, warmUpSeconds: 3, connections: 2_000 }),
    waiting: count(10_000, 1, 1_000_000, 'people in the line whose places are polled'),
  },
  async measure({ rounds, seconds, warmUpSeconds, connections, seed, waiting }, run) {
    const filesDir = mkdtempSync(join(tmpdir(), 'frontrow-bench-tokens-'));
    run.onEnd(() => rmSync(filesDir, { recursive: true, force: true }));
    const startingRedis = startPrivateRedis();
    run.onEnd(async () => (await startingRedis).kill());
    const redis = await startingRedis;
    const startingPostgres = startPrivatePostgres();
    run.onEnd(async () => (await startingPostgres).stop(run.keepsFiles));
    const postgres = await startingPostgres;
    const load = createLoadProcess();
    run.onEnd(() => load.close());
    const tokensFile = join(filesDir, 'tokens.txt');
    const [durationMs, warmUpMs] = [seconds * 1_000, warmUpSeconds * 1_000];
    const entriesLoad = { load, tokensFile, connections, seed, durationMs, warmUpMs, waiting };
    const authSecret = randomBytes(32).toString('hex');
    const people = waiting + entriesIn(warmUpMs) + entriesIn(durationMs);
    const holders = issueAccessTokens(people, authSecret, tokensFile);
    const phases = await runRounds({
      rounds,
      seed,
      contenders: CONTESTANTS,
      async run(contestant, round) {
        if (contestant === 'empty') return runEmpty(entriesLoad, round);
        const line = contestant === 'redis' ? redis : null;
        const desk = await createEntryDesk({ postgres, redis: line, holders, authSecret });
        try {
          const { measured, faults } = await runService(entriesLoad, desk, contestant, round);
          run.addFaults([...faults, ...findRefusals(measured), ...(await desk.findFaults())]);
          return measured;
        } finally {
          await desk.close();
        }
      },
      labelOf: ({ contestant }) => contestant.padEnd(16),
    });
    return { phases, postgres: await postgres.describe() };
  },
  summarise: summariseEntries,
});

/** The number of entries that are prepared for a phase. */
function entriesIn(phaseMs: number): number {
  return Math.ceil((ENTRIES_PER_SECOND * phaseMs) / 1_000);
}

function planOf({ connections, seed }: EntriesLoad, port: number, work: LoadWork, durationMs: number): LoadPlan {
  return { port, connections, durationMs, tokens: [], seed, work };
}

function entryWork(
  { tokensFile }: EntriesLoad,
  concertId: number,
  first: number,
  people: number,
  repeat = false,
): LoadWork {
  const body = `{"concertId":${concertId}}`;
  return { type: 'posts', path: '/api/v1/queue/tokens', body, tokensFile, first, count: people, repeat };
}

async function runEmpty(entriesLoad: EntriesLoad, round: number): Promise<MeasuredLoad[]> {
  const { load, durationMs, warmUpMs, waiting } = entriesLoad;
  const server = await createEmpty().start();
  try {
    const work = entryWork(entriesLoad, 1, waiting, entriesIn(durationMs), true);
    const posts = planOf(entriesLoad, server.port, work, durationMs);
    const gets = planOf(entriesLoad, server.port, { type: 'reads', paths: ['/'], repeat: true }, durationMs / 2);
    await load.run({ ...posts, durationMs: warmUpMs });
    const common = { load, clocks: { node: () => processCpuUs(server.processId) }, round };
    return [
      await measureLoad({ ...common, contestant: 'empty', plan: posts }),
      await measureLoad({ ...common, contestant: 'empty poll', plan: gets }),
    ];
  } finally {
    await server.stop();
  }
}

async function runService(
  entriesLoad: EntriesLoad,
  desk: EntryDesk,
  contestant: string,
  round: number,
): Promise<{ readonly measured: MeasuredLoad[]; readonly faults: readonly string[] }> {
  const { load, durationMs, warmUpMs, waiting } = entriesLoad;
  const { port, clocks } = desk;
  const [line, other, hot] = [await desk.openConcert(), await desk.openConcert(), await desk.openConcert()];
  const filled = await load.run(planOf(entriesLoad, port, entryWork(entriesLoad, line, 0, waiting), FILL_LIMIT_MS));
  if (filled.allAnswers['201'] !== waiting) {
    throw new Error(`Forming a line was answered with ${JSON.stringify(filled.allAnswers)}.`);
  }
  const warmUpCount = entriesIn(warmUpMs);
  await load.run(planOf(entriesLoad, port, entryWork(entriesLoad, other, waiting, warmUpCount), warmUpMs));
  const work = entryWork(entriesLoad, hot, waiting + warmUpCount, entriesIn(durationMs));
  const plan = planOf(entriesLoad, port, work, durationMs);
  const entered = await measureLoad({ load, clocks, contestant, round, plan });
  const [acknowledged, recorded] = [countAccepted(entered.result.allAnswers), await desk.countRecorded(hot)];
  const polls: LoadPlan = {
    ...planOf(entriesLoad, port, { type: 'polls', path: '/api/v1/queue/status', repeat: true }, durationMs / 2),
    tokens: await desk.tokensOf(line),
  };
  await load.run({ ...polls, durationMs: warmUpMs / 2 });
  const polled = await measureLoad({ load, clocks, contestant: `${contestant} poll`, round, plan: polls });
  const faults =
    acknowledged === recorded
      ? []
      : [`${contestant}, round ${round}: ${acknowledged} entries were acknowledged, ${recorded} are recorded`];
  return { measured: [entered, polled], faults };
}
