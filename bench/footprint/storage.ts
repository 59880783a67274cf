import { type Field } from '../contestants/field.ts';
import { startCpuParts } from '../../harness/machine/cpu-parts.ts';
import { withClient } from '../../harness/service/database.ts';
import { growthOf } from '../load/holds-load.ts';
import type { LoadProcess } from '../load/load-process.ts';

/** The data that holds leave in PostgreSQL. */
export interface StorageFigures {
  readonly connections: number;
  readonly holds: number;
  readonly holdsPerFlush: number;
  readonly nodeUs: number;
  readonly databaseUs: number;
  /** Of tables, with their indexes, by name; only those that grew. */
  readonly bytesByTable: Readonly<Record<string, number>>;
  readonly walBytes: number;
  /** 8 KiB images of pages, written on the first change of each after a checkpoint. */
  readonly walPageImages: number;
}

const SEAT_COUNT = 50;
const SPREAD = 200;
const LIMIT_MS = 120_000;
const LEAST_SHARE = 0.9;

const SIZES = `SELECT c.relname AS name, pg_total_relation_size(c.oid)::float8 AS bytes FROM pg_class c
  JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'r' AND n.nspname = 'public'`;
const WAL = `SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::float8 AS "walBytes", wal_fpi::float8 AS "walPageImages"
  FROM pg_stat_wal`;

/** Holds every seat of fresh schedules, each once, right after a checkpoint, and reads sizes before and after. */
export async function measureStorage(
  field: Field,
  load: LoadProcess,
  { holds: seats, connections }: { readonly holds: number; readonly connections: number },
): Promise<StorageFigures> {
  const { frontrow } = field;
  const scheduleIds = await frontrow.addSchedules(Math.ceil(seats / SEAT_COUNT), SEAT_COUNT);
  const server = await frontrow.start();
  const plan = { port: server.port, connections, durationMs: LIMIT_MS, tokens: field.tokens, seed: 1 };
  const readCounters = () =>
    withClient(frontrow.databaseUrl, async (client) => {
      const { rows: sizes } = await client.query<{ name: string; bytes: number }>(SIZES);
      const { rows: wal } = await client.query<{ walBytes: number; walPageImages: number }>(WAL);
      return {
        sizes: Object.fromEntries(sizes.map(({ name, bytes }) => [name, bytes])),
        others: { ...wal[0], ...(await frontrow.readCounters(server)) },
      };
    });

  try {
    const paths = frontrow.warmPaths(scheduleIds);
    await load.run({ ...plan, work: { type: 'reads', paths, repeat: false } });
    await field.settle(frontrow);
    const before = await readCounters();
    const takeCpu = startCpuParts(field.clocks(server));
    const path = '/api/v1/reservations';
    const work = { type: 'holds', path, scheduleIds, seatCount: SEAT_COUNT, spread: SPREAD, repeat: false } as const;
    const result = await load.run({ ...plan, work });
    const { node = 0, postgres = 0 } = takeCpu();
    const after = await readCounters();
    const holds = result.allAnswers['201'] ?? 0;
    // The service of a busy machine sheds load; rejected holds leave no bytes.
    if (!result.exhausted || holds < LEAST_SHARE * scheduleIds.length * SEAT_COUNT) {
      throw new Error(`${holds} seats were held: ${JSON.stringify(result.allAnswers)}`);
    }
    const { walBytes = 0, walPageImages = 0, entries = 0, flushes = 0 } = growthOf(before.others, after.others);
    const bytesByTable = Object.entries(growthOf(before.sizes, after.sizes)).filter(([, bytes]) => bytes > 0);
    return {
      connections,
      holds,
      holdsPerFlush: entries / flushes,
      nodeUs: node / holds,
      databaseUs: postgres / holds,
      bytesByTable: Object.fromEntries(bytesByTable),
      walBytes,
      walPageImages,
    };
  } finally {
    await server.stop();
  }
}
