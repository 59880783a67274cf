import { fileURLToPath } from 'node:url';
import { addRivalSchedules, createRivalTables, findRivalFaults } from '../rivals/rival-database.ts';
import { openPool } from '../../harness/service/database.ts';
import { findFreePort, startServer } from '../../harness/service/server-process.ts';
import type { Contestant } from './contestant.ts';

export interface RivalSettings {
  readonly name: 'row-lock' | 'row-lock-pipelined' | 'conditional';
  readonly seatsPerSecond: number;
  readonly databaseUrl: string;
  readonly tokensFile: string;
  readonly poolSize: number;
}

const RIVAL_SERVER = fileURLToPath(new URL('../rivals/rival-server.ts', import.meta.url));

/** A rival of `bench/rivals` as a contestant. */
export function createRival(settings: RivalSettings): Contestant {
  const pool = openPool(settings.databaseUrl, 2);
  return {
    name: settings.name,
    databaseUrl: settings.databaseUrl,
    seatsPerSecond: settings.seatsPerSecond,
    createDatabase: () => createRivalTables(pool),
    addSchedules: (count, seatCount) => addRivalSchedules(pool, count, seatCount),
    start: async () =>
      startServer({
        command: [RIVAL_SERVER, settings.name],
        port: await findFreePort(),
        env: {
          DATABASE_URL: settings.databaseUrl,
          TOKENS_FILE: settings.tokensFile,
          POOL_SIZE: String(settings.poolSize),
        },
        readyPath: '/healthz',
      }),
    warmPaths: () => [],
    readCounters: async () => ({}),
    async countHolds(scheduleIds) {
      const { rows } = await pool.query<{ holds: number }>(
        'SELECT count(*)::int AS holds FROM reservations WHERE schedule_id = ANY($1)',
        [scheduleIds],
      );
      return rows[0]?.holds ?? 0;
    },
    findFaults: () => findRivalFaults(pool),
    close: () => pool.end(),
  };
}

/** The empty routes, which need no database. */
export function createEmpty(): Contestant {
  return {
    name: 'empty',
    databaseUrl: null,
    seatsPerSecond: 0,
    createDatabase: async () => undefined,
    addSchedules: async (count) => Array.from({ length: count }, (_, index) => index + 1),
    start: async () =>
      startServer({
        command: [RIVAL_SERVER, 'empty'],
        port: await findFreePort(),
        env: {},
        readyPath: '/',
      }),
    warmPaths: () => [],
    readCounters: async () => ({}),
    countHolds: async () => 0,
    findFaults: async () => [],
    close: async () => undefined,
  };
}
