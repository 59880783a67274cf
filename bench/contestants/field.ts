import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomUUID } from 'node:crypto';
import { closeOnInterruption } from '../../harness/interruption.ts';
import { startPrivatePostgres } from '../../harness/service/private-postgres.ts';
import type { PrivatePostgres } from '../../harness/service/private-postgres.ts';
import type { Contestant } from './contestant.ts';
import { createFrontrow } from './frontrow.ts';
import type { FrontrowContestant } from './frontrow.ts';
import type { Shopper } from '../sale/sale.ts';
import { createEmpty, createRival } from './rival.ts';

/** All contestants of a run on one PostgreSQL. */
export interface Field {
  readonly contestants: readonly Contestant[];
  readonly frontrow: FrontrowContestant | null;
  readonly postgres: PrivatePostgres;
  /** Queue tokens that every contestant knows. */
  readonly tokens: readonly string[];
  /** Before a phase: checkpoint, and fresh statistics of this contestant's tables. */
  settle(contestant: Contestant): Promise<void>;
  databaseUrlOf(contestant: Contestant): string;
  /** Once, however often it is asked for. */
  close(keepFiles: boolean): Promise<void>;
}

const USERS = 1_000;
/** Above what the contestants reach on a machine of this decade's desktops, so that seats do not run out in a phase. */
const SEATS_PER_SECOND = { frontrow: 40_000, 'row-lock': 15_000, 'row-lock-pipelined': 15_000, conditional: 25_000 };
const RIVALS = ['row-lock', 'row-lock-pipelined', 'conditional'] as const;

/** Starts PostgreSQL and prepares the contestants named in `only`. */
export async function createField(settings: { only: readonly string[]; poolSize: number }): Promise<Field> {
  const starting = startPrivatePostgres();
  const filesDir = mkdtempSync(join(tmpdir(), 'frontrow-bench-tokens-'));
  const tokensFile = join(filesDir, 'tokens.txt');
  const contestants: Contestant[] = [];
  const databaseUrls = new Map<Contestant, string>();
  let closing: Promise<void> | null = null;
  const closeAll = async (keepFiles: boolean): Promise<void> => {
    await Promise.all(contestants.map((contestant) => contestant.close()));
    await (await starting).stop(keepFiles);
    rmSync(filesDir, { recursive: true, force: true });
  };
  const close = (keepFiles: boolean): Promise<void> => (closing ??= closeAll(keepFiles));
  closeOnInterruption(() => close(false));
  const postgres = await starting;
  try {
    const add = async <C extends Contestant>(database: string, create: (databaseUrl: string) => C): Promise<C> => {
      const databaseUrl = await postgres.createDatabase(database);
      const contestant = create(databaseUrl);
      contestants.push(contestant);
      databaseUrls.set(contestant, databaseUrl);
      await contestant.createDatabase();
      return contestant;
    };
    const wants = (name: string): boolean => settings.only.includes(name);
    const frontrow = wants('frontrow')
      ? await add('bench_frontrow', (databaseUrl) =>
          createFrontrow({ databaseUrl, seatsPerSecond: SEATS_PER_SECOND.frontrow, users: USERS }),
        )
      : null;
    const shoppers: readonly Pick<Shopper, 'token' | 'userId'>[] = frontrow?.shoppers() ?? inventShoppers();
    writeFileSync(tokensFile, shoppers.map(({ token, userId }) => `${token} ${userId}`).join('\n'));
    for (const name of RIVALS.filter(wants)) {
      const rival = { name, seatsPerSecond: SEATS_PER_SECOND[name], tokensFile, poolSize: settings.poolSize };
      await add(`bench_${name.replaceAll('-', '_')}`, (databaseUrl) => createRival({ ...rival, databaseUrl }));
    }
    if (wants('empty')) {
      contestants.push(createEmpty());
    }
    return {
      contestants,
      frontrow,
      postgres,
      tokens: shoppers.map(({ token }) => token),
      databaseUrlOf(contestant) {
        const databaseUrl = databaseUrls.get(contestant);
        if (databaseUrl === undefined) throw new Error(`${contestant.name} has no database.`);
        return databaseUrl;
      },
      async settle(contestant) {
        const databaseUrl = databaseUrls.get(contestant);
        await postgres.settle(databaseUrl === undefined ? [] : [databaseUrl]);
      },
      close,
    };
  } catch (error) {
    await close(false);
    throw error;
  }
}

/** Rivals without the service: tokens of the same length. */
function inventShoppers(): Pick<Shopper, 'token' | 'userId'>[] {
  return Array.from({ length: USERS }, () => ({
    userId: randomUUID(),
    token: `fq_${randomUUID()}.${randomUUID().replaceAll('-', '')}`,
  }));
}
