import pg from 'pg';
import { type Field } from '../contestants/field.ts';
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
const WAL =
  "SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::float8 AS bytes, wal_fpi::float8 AS images FROM pg_stat_wal";

interface Reading {
  readonly sizes: ReadonlyMap<string, number>;
  readonly bytes: number;
  readonly images: number;
  readonly flushes: number;
  readonly entries: number;
  readonly nodeUs: number;
  readonly databaseUs: number;
}

/** Holds every seat of fresh schedules, each once, right after a checkpoint, and reads sizes before and after. */
export async function measureStorage(
  field: Field,
  load: LoadProcess,
  settings: { readonly holds: number; readonly connections: number },
): Promise<StorageFigures> {
  const { frontrow } = field;
  const scheduleIds = await frontrow.addSchedules(Math.ceil(settings.holds / SEAT_COUNT), SEAT_COUNT);
  const server = await frontrow.start();
  const client = new pg.Client({ connectionString: frontrow.databaseUrl });
  await client.connect();
  const { connections } = settings;
  const plan = { port: server.port, connections, durationMs: LIMIT_MS, tokens: field.tokens, seed: 1 };

  async function read(): Promise<Reading> {
    const sizes = await client.query<{ name: string; bytes: number }>(SIZES);
    const wal = await client.query<{ bytes: number; images: number }>(WAL);
    const { bytes = 0, images = 0 } = wal.rows[0] ?? {};
    const { flushes = 0, entries = 0 } = await frontrow.readCounters(server);
    const clocks = field.clocks(server);
    return {
      sizes: new Map(sizes.rows.map((row) => [row.name, row.bytes])),
      bytes,
      images,
      flushes,
      entries,
      nodeUs: clocks['node']?.() ?? 0,
      databaseUs: clocks['postgres']?.() ?? 0,
    };
  }

  try {
    const paths = frontrow.warmPaths(scheduleIds);
    await load.run({ ...plan, work: { type: 'reads', paths, repeat: false } });
    await field.settle(frontrow);
    const before = await read();
    const path = '/api/v1/reservations';
    const work = { type: 'holds', path, scheduleIds, seatCount: SEAT_COUNT, spread: SPREAD, repeat: false } as const;
    const result = await load.run({ ...plan, work });
    const after = await read();
    const holds = result.allAnswers['201'] ?? 0;
    // The service of a busy machine sheds load; rejected holds leave no bytes.
    if (!result.exhausted || holds < LEAST_SHARE * scheduleIds.length * SEAT_COUNT) {
      throw new Error(`${holds} seats were held: ${JSON.stringify(result.allAnswers)}`);
    }
    const grown = [...after.sizes].map(([name, bytes]) => [name, bytes - (before.sizes.get(name) ?? 0)] as const);
    return {
      connections,
      holds,
      holdsPerFlush: (after.entries - before.entries) / (after.flushes - before.flushes),
      nodeUs: (after.nodeUs - before.nodeUs) / holds,
      databaseUs: (after.databaseUs - before.databaseUs) / holds,
      bytesByTable: Object.fromEntries(grown.filter(([, bytes]) => bytes > 0)),
      walBytes: after.bytes - before.bytes,
      walPageImages: after.images - before.images,
    };
  } finally {
    await client.end();
    await server.stop();
  }
}
