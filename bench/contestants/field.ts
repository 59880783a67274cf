import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CpuClocks } from '../../harness/machine/cpu-parts.ts';
import { familyCpuUs, processCpuUs } from '../../harness/machine/cpu-time.ts';
import { type PrivatePostgres, startPrivatePostgres } from '../../harness/service/private-postgres.ts';
import type { ServerProcess } from '../../harness/service/server-process.ts';
import type { BenchmarkRun } from '../run-benchmark.ts';
import type { Contestant } from './contestant.ts';
import { createFrontrow, type FrontrowContestant } from './frontrow.ts';
import { createEmpty, createRival } from './rival.ts';

/** All contestants of a run on one PostgreSQL. */
export interface Field {
  readonly contestants: readonly Contestant[];
  /** The service among the contestants; an Error when it does not take part. */
  readonly frontrow: FrontrowContestant;
  readonly postgres: PrivatePostgres;
  /** Queue tokens that every contestant knows. */
  readonly tokens: readonly string[];
  /** CPU of a contestant's server and of PostgreSQL with all its processes. */
  clocks(server: ServerProcess): CpuClocks;
  /** Before a phase: checkpoint, and fresh statistics of this contestant's tables. */
  settle(contestant: Contestant): Promise<void>;
  /** Audits every database. */
  audit(): Promise<void>;
}

const USERS = 1_000;
/** Above what the contestants reach on a machine of this decade's desktops, so that seats do not run out in a phase. */
const SEATS_PER_SECOND = { frontrow: 40_000, 'row-lock': 15_000, 'row-lock-pipelined': 15_000, conditional: 25_000 };
const RIVALS = ['row-lock', 'row-lock-pipelined', 'conditional'] as const;

export const CONTESTANT_NAMES = ['frontrow', ...RIVALS, 'empty'] as const;

/** Starts PostgreSQL and prepares the contestants in `only`. Everything ends with the run. */
export async function createField(
  run: BenchmarkRun,
  { only, poolSize = 1 }: { only: readonly (typeof CONTESTANT_NAMES)[number][]; poolSize?: number },
): Promise<Field> {
  const filesDir = mkdtempSync(join(tmpdir(), 'frontrow-bench-tokens-'));
  run.onEnd(() => rmSync(filesDir, { recursive: true, force: true }));
  const starting = startPrivatePostgres();
  run.onEnd(async () => (await starting).stop(run.keepsFiles));
  const postgres = await starting;
  const contestants: Contestant[] = [];

  async function add<C extends Contestant>(name: string, create: (databaseUrl: string) => C): Promise<C> {
    const contestant = create(await postgres.createDatabase(`bench_${name.replaceAll('-', '_')}`));
    contestants.push(contestant);
    run.onEnd(() => contestant.close());
    await contestant.createDatabase();
    return contestant;
  }

  const frontrow = only.includes('frontrow')
    ? await add('frontrow', (databaseUrl) =>
        createFrontrow({ databaseUrl, seatsPerSecond: SEATS_PER_SECOND.frontrow, users: USERS }),
      )
    : null;
  const shoppers = frontrow?.shoppers() ?? inventShoppers();
  const tokensFile = join(filesDir, 'tokens.txt');
  writeFileSync(tokensFile, shoppers.map(({ token, userId }) => `${token} ${userId}`).join('\n'));
  for (const name of RIVALS.filter((each) => only.includes(each))) {
    const settings = { name, seatsPerSecond: SEATS_PER_SECOND[name], tokensFile, poolSize };
    await add(name, (databaseUrl) => createRival({ ...settings, databaseUrl }));
  }
  if (only.includes('empty')) contestants.push(createEmpty());
  return {
    contestants,
    get frontrow() {
      if (frontrow === null) throw new Error('The service does not take part.');
      return frontrow;
    },
    postgres,
    tokens: shoppers.map(({ token }) => token),
    clocks: (server) => ({
      node: () => processCpuUs(server.processId),
      postgres: () => familyCpuUs(postgres.postmasterId),
    }),
    settle: ({ databaseUrl }) => postgres.settle(databaseUrl === null ? [] : [databaseUrl]),
    async audit() {
      for (const contestant of contestants) {
        run.addFaults((await contestant.findFaults()).map((fault) => `${contestant.name}: ${fault}`));
      }
    },
  };
}

/** Tokens of the service's length, for rivals that run without the service. */
function inventShoppers(): { readonly userId: string; readonly token: string }[] {
  return Array.from({ length: USERS }, () => ({
    userId: randomUUID(),
    token: `fq_${randomUUID()}.${randomUUID().replaceAll('-', '')}`,
  }));
}
