import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { CpuClocks } from '../harness/machine/cpu-parts.ts';
import { familyCpuUs, processCpuUs } from '../harness/machine/cpu-time.ts';
import { count, some, text } from '../harness/options.ts';
import { issueAccessTokens } from '../harness/service/access-tokens.ts';
import { type PrivatePostgres, startPrivatePostgres } from '../harness/service/private-postgres.ts';
import { createFrontrow } from './contestants/frontrow.ts';
import { createEntryDesk } from './entries/entry-desk.ts';
import { mapPathsOf, SEAT_COUNT } from './load/holds-load.ts';
import { createLoadProcess, type LoadProcess } from './load/load-process.ts';
import { type MeasuredLoad, measureLoad } from './load/measured-load.ts';
import type { LoadPlan, LoadWork } from './load/plan.ts';
import { type Burst, summariseComparison } from './report/comparison-report.ts';
import { type BenchmarkRun, createBenchmark } from './run-benchmark.ts';

const SCENARIOS = ['holds', 'refusals', 'maps', 'entries', 'polls'] as const;
type Scenario = (typeof SCENARIOS)[number];
type Checkout = Burst['checkout'];

/** Above what two cores reach. A burst that takes less leaves seats and people over. */
const HOLDS_PER_SECOND = 6_000;
const ENTRIES_PER_SECOND = 8_000;
const SPREAD = 40;
const USERS = 200;
const WAITING = 2_000;
const READS_LIMIT_MS = 60_000;

/** A server of one checkout that is ready for bursts. */
interface Side {
  readonly clocks: CpuClocks;
  readonly counted: 'accepted' | 'refused';
  /** The answers that are no fault. */
  readonly status: string;
  /** Each burst has seats or people of its own. */
  planOf(burst: number): LoadPlan;
  /** Stops the server and returns the faults of its database. */
  end(): Promise<readonly string[]>;
}

interface Setting {
  readonly run: BenchmarkRun;
  readonly postgres: PrivatePostgres;
  readonly load: LoadProcess;
  readonly filesDir: string;
  readonly bursts: number;
  readonly burstMs: number;
  readonly connections: number;
}

/**
 * One server of each checkout runs for the whole scenario, with a database of its own on one PostgreSQL. Short bursts alternate
 * between them, and the order of a pair changes every time, so other load on the machine meets both alike. The first bursts warm
 * both servers up. The figures are CPU per answer; the rate tells little on a machine that others use.
 */
export const compare = createBenchmark({
  name: 'compare',
  says: 'CPU per operation of this checkout and of another one, in short alternating bursts (5 min)',
  options: {
    before: text('DIR', 'the other checkout, with its packages installed (required)'),
    only: some(SCENARIOS, 'only these scenarios'),
    pairs: count(40, 1, 1_000, 'measured bursts of each checkout'),
    warmUp: count(15, 1, 1_000, 'bursts of each before them'),
    burstMs: count(500, 100, 10_000, 'length of a burst'),
    connections: count(64, 1, 4_096, 'keep-alive connections'),
  },
  async measure({ before, only, pairs, warmUp, burstMs, connections }, run) {
    if (before === null || !existsSync(join(before, 'src/main.ts'))) {
      throw new Error('--before takes the folder of another checkout of this repository');
    }
    const filesDir = mkdtempSync(join(tmpdir(), 'frontrow-bench-tokens-'));
    run.onEnd(() => rmSync(filesDir, { recursive: true, force: true }));
    const starting = startPrivatePostgres();
    run.onEnd(async () => (await starting).stop(run.keepsFiles));
    const postgres = await starting;
    const load = createLoadProcess();
    run.onEnd(() => load.close());
    const setting = { run, postgres, load, filesDir, bursts: warmUp + pairs, burstMs, connections };
    const phases: Burst[] = [];
    for (const scenario of only) {
      const sides: Record<Checkout, Side> = {
        now: await PREPARE[scenario](setting, 'now', undefined),
        before: await PREPARE[scenario](setting, 'before', resolve(before)),
      };
      for (let burst = 0; burst < setting.bursts; burst += 1) {
        const order: readonly Checkout[] = burst % 2 === 0 ? ['now', 'before'] : ['before', 'now'];
        for (const checkout of order) {
          const measured = await runBurst(setting, sides[checkout], scenario, burst);
          if (burst >= warmUp) phases.push({ scenario, checkout, measured });
        }
      }
      for (const checkout of ['now', 'before'] as const) {
        const faults = await sides[checkout].end();
        run.addFaults(faults.map((fault) => `${scenario}, ${checkout}: ${fault}`));
      }
      run.tell(`${scenario} measured`);
    }
    return { phases, postgres: await postgres.describe() };
  },
  summarise: summariseComparison,
});

async function runBurst(
  { load, run }: Setting,
  { planOf, clocks, counted, status }: Side,
  scenario: string,
  burst: number,
): Promise<MeasuredLoad> {
  const plan = planOf(burst);
  const measured = await measureLoad({ load, plan, clocks, counted, contestant: scenario, round: burst + 1 });
  const others = Object.keys(measured.result.allAnswers).filter((each) => each !== status);
  if (others.length > 0) run.addFaults([`${scenario}: answers ${JSON.stringify(measured.result.allAnswers)}`]);
  return measured;
}

type Prepare = (setting: Setting, name: Checkout, checkout: string | undefined) => Promise<Side>;

const PREPARE: Readonly<Record<Scenario, Prepare>> = {
  async holds(setting, name, checkout) {
    const { bursts, burstMs } = setting;
    const each = Math.max(SPREAD, Math.ceil((HOLDS_PER_SECOND * burstMs) / 1_000 / SEAT_COUNT));
    return startSale(setting, `holds_${name}`, checkout, {
      schedules: each * bursts,
      status: '201',
      workOf: (ids, burst) => holdsOf(ids.slice(burst * each, (burst + 1) * each)),
    });
  },
  refusals: (setting, name, checkout) =>
    startSale(setting, `refusals_${name}`, checkout, {
      schedules: 1,
      isSoldOut: true,
      status: '409',
      workOf: (ids) => ({ ...holdsOf(ids), repeat: true }),
    }),
  maps: (setting, name, checkout) =>
    startSale(setting, `maps_${name}`, checkout, {
      schedules: SPREAD,
      status: '200',
      workOf: (ids) => ({ type: 'reads', paths: mapPathsOf(ids), repeat: true }),
    }),
  entries: (setting, name, checkout) => startDesk(setting, `entries_${name}`, checkout, 'entries'),
  polls: (setting, name, checkout) => startDesk(setting, `polls_${name}`, checkout, 'polls'),
};

function holdsOf(scheduleIds: readonly number[]): Extract<LoadWork, { type: 'holds' }> {
  const path = '/api/v1/reservations';
  return { type: 'holds', path, scheduleIds, seatCount: SEAT_COUNT, spread: SPREAD, repeat: false };
}

async function startSale(
  { run, postgres, load, burstMs, connections }: Setting,
  database: string,
  checkout: string | undefined,
  sale: {
    readonly schedules: number;
    readonly isSoldOut?: boolean;
    readonly status: string;
    readonly workOf: (scheduleIds: readonly number[], burst: number) => LoadWork;
  },
): Promise<Side> {
  const databaseUrl = await postgres.createDatabase(database);
  const frontrow = createFrontrow({ databaseUrl, seatsPerSecond: HOLDS_PER_SECOND, users: USERS, checkout });
  run.onEnd(() => frontrow.close());
  await frontrow.createDatabase();
  const ids = await frontrow.addSchedules(sale.schedules, SEAT_COUNT);
  await postgres.settle([databaseUrl]);
  const server = await frontrow.start();
  run.onEnd(() => server.stop());
  if (sale.isSoldOut === true) await frontrow.sellOut(server, ids[0] ?? 0, SEAT_COUNT);
  const tokens = frontrow.shoppers().map(({ token }) => token);
  const common = { port: server.port, connections, tokens };
  const reads: LoadWork = { type: 'reads', paths: mapPathsOf(ids), repeat: false };
  await load.run({ ...common, seed: 0, durationMs: READS_LIMIT_MS, work: reads });
  return {
    clocks: { node: () => processCpuUs(server.processId), postgres: () => familyCpuUs(postgres.postmasterId) },
    counted: sale.isSoldOut === true ? 'refused' : 'accepted',
    status: sale.status,
    planOf: (burst) => ({ ...common, seed: burst, durationMs: burstMs, work: sale.workOf(ids, burst) }),
    async end() {
      await server.stop();
      return frontrow.findFaults();
    },
  };
}

async function startDesk(
  { run, postgres, load, filesDir, bursts, burstMs, connections }: Setting,
  name: string,
  checkout: string | undefined,
  scenario: 'entries' | 'polls',
): Promise<Side> {
  const authSecret = randomBytes(32).toString('hex');
  const tokensFile = join(filesDir, `${name}.txt`);
  const each = Math.ceil((ENTRIES_PER_SECOND * burstMs) / 1_000);
  const people = scenario === 'entries' ? each * bursts : WAITING;
  const holders = issueAccessTokens(people, authSecret, tokensFile);
  const desk = await createEntryDesk({ postgres, redis: null, holders, authSecret, checkout });
  let isClosed = false;
  const close = async (): Promise<void> => {
    if (!isClosed) await desk.close();
    isClosed = true;
  };
  run.onEnd(close);
  const concertId = await desk.openConcert();
  const entriesOf = (first: number, many: number): LoadWork => {
    const body = `{"concertId":${concertId}}`;
    return { type: 'posts', path: '/api/v1/queue/tokens', body, tokensFile, first, count: many, repeat: false };
  };
  const common = { port: desk.port, connections, durationMs: burstMs };
  let tokens: readonly string[] = [];
  if (scenario === 'polls') {
    await load.run({ ...common, tokens, seed: 0, durationMs: READS_LIMIT_MS, work: entriesOf(0, WAITING) });
    tokens = await desk.tokensOf(concertId);
  }
  return {
    clocks: desk.clocks,
    counted: 'accepted',
    status: scenario === 'entries' ? '201' : '200',
    planOf: (burst) => ({
      ...common,
      tokens,
      seed: burst,
      work:
        scenario === 'entries'
          ? entriesOf(burst * each, each)
          : { type: 'polls', path: '/api/v1/queue/status', repeat: true },
    }),
    async end() {
      const faults = await desk.findFaults();
      await close();
      return faults;
    },
  };
}
