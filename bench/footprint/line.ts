import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { Redis } from 'ioredis';
import type { Field } from '../contestants/field.ts';
import { createFrontrowClient } from '../../src/client/frontrow-client.ts';
import { mapConcurrently } from '../../harness/concurrently.ts';
import { LIVE_PATH } from '../fan-out/hall.ts';
import { createConcert, DAY_MS } from '../sale/concert.ts';
import { asObject, readText } from '../../harness/json.ts';
import type { LoadProcess } from '../load/load-process.ts';
import { type CpuClocks, type CpuParts, startCpuParts } from '../../harness/machine/cpu-parts.ts';
import { processCpuUs } from '../../harness/machine/cpu-time.ts';
import { withClient } from '../../harness/service/database.ts';
import { type EntryStatementFigures, measureEntryStatement } from './entries.ts';
import { startPrivateRedis } from '../../harness/service/private-redis.ts';
import type { ServerProcess } from '../../harness/service/server-process.ts';
import { createLineCrowd } from '../watchers/line-calls.ts';

const STATEMENT_SIZES = [10, 100, 1_000];

interface Cost {
  readonly operations: number;
  readonly perSecond: number;
  /** For each operation, of the parts `node`, `postgres` and `redis`. */
  readonly cpuUs: CpuParts;
}

export interface LineFigures {
  readonly waiting: number;
  readonly redisBytesEach: number;
  /** In the table of tokens with its indexes. */
  readonly databaseBytesEach: number;
  readonly walBytesEach: number;
  readonly entry: Cost;
  readonly poll: Cost;
  readonly scriptsPerPoll: number;
  /** The cost of one second of a live connection that receives a place. */
  readonly watch: Cost;
  readonly statements: readonly EntryStatementFigures[];
}

const AT_ONCE = 256;
const POLL_MS = 10_000;
const POLL_CONNECTIONS = 64;
const WATCH_MS = 10_000;
const WATCHERS_MOST = 5_000;
/** After the crowd has come, until the work that this caused is over. */
const CALM_MS = 2_000;
const HOUR_MS = 3_600_000;

const POLICY = { maxActive: 0, batch: 1, intervalMs: HOUR_MS, activeTtlMs: DAY_MS };

const STORED = `SELECT pg_total_relation_size('queue_tokens')::float8 AS tokens,
  pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::float8 AS wal`;

/** Measures a line in Redis that admits nobody: people enter it, poll their places, and open live connections. */
export async function measureLine(
  field: Field,
  load: LoadProcess,
  { count }: { readonly count: number },
): Promise<LineFigures> {
  const { frontrow } = field;
  const redis = await startPrivateRedis();
  const link = new Redis(redis.url);
  const server = await frontrow.start({ env: { REDIS_URL: redis.url } });
  const clocks = { ...field.clocks(server), redis: () => processCpuUs(redis.processId ?? 0) };
  const crowd = createLineCrowd();
  try {
    const client = createFrontrowClient({ baseUrl: server.url });
    const openConcert = (): Promise<number> => createConcert(server.url, frontrow.adminToken, POLICY);
    const concertId = await openConcert();
    const users = await mapConcurrently(Array.from({ length: count }), AT_ONCE, async () => {
      const { accessToken } = await client.register({ name: 'Fan', email: `${randomUUID()}@example.com` });
      return accessToken;
    });
    const [before, stored] = [await usedBytes(link), await readStored(frontrow.databaseUrl)];
    const tokens: string[] = [];
    const entry = await measure(clocks, async () => {
      tokens.push(...(await mapConcurrently(users, AT_ONCE, (user) => enter(server, user, concertId))));
      return count;
    });
    const [after, storedAfter] = [await usedBytes(link), await readStored(frontrow.databaseUrl)];
    const callsBefore = await scriptCalls(link);
    const poll = await measure(clocks, async () => {
      const work = { type: 'polls', path: '/api/v1/queue/status', repeat: true } as const;
      const plan = { port: server.port, connections: POLL_CONNECTIONS, durationMs: POLL_MS, tokens, seed: 1, work };
      const { allAnswers } = await load.run(plan);
      return allAnswers['200'] ?? 0;
    });
    const scriptsPerPoll = ((await scriptCalls(link)) - callsBefore) / poll.operations;
    const watching = tokens.slice(0, WATCHERS_MOST);
    await crowd.call('open', { port: server.port, path: LIVE_PATH, tokens: watching });
    await pause(CALM_MS);
    const watch = await measure(clocks, async () => {
      await pause(WATCH_MS);
      return (watching.length * WATCH_MS) / 1_000;
    });
    const statements: EntryStatementFigures[] = [];
    for (const entriesPerStatement of STATEMENT_SIZES) {
      const { postmasterId } = field.postgres;
      const databaseUrl = frontrow.databaseUrl;
      const order = { databaseUrl, postmasterId, concertId: await openConcert(), entriesPerStatement };
      statements.push(await measureEntryStatement(order));
    }
    return {
      waiting: count,
      redisBytesEach: (after - before) / count,
      databaseBytesEach: (storedAfter.tokens - stored.tokens) / count,
      walBytesEach: (storedAfter.wal - stored.wal) / count,
      entry,
      poll,
      scriptsPerPoll,
      watch,
      statements,
    };
  } finally {
    crowd.close();
    link.disconnect();
    await server.stop();
    await redis.kill();
  }
}

async function enter(server: ServerProcess, accessToken: string, concertId: number): Promise<string> {
  const answer = await fetch(`${server.url}/api/v1/queue/tokens`, {
    method: 'POST',
    headers: { authorization: `Bearer ${accessToken}`, 'content-type': 'application/json' },
    body: JSON.stringify({ concertId }),
  });
  if (answer.status !== 201) throw new Error(`an entry was answered with ${answer.status}`);
  return readText(asObject(await answer.json()), 'token');
}

async function measure(clocks: CpuClocks, run: () => Promise<number>): Promise<Cost> {
  const beganMs = performance.now();
  const takeCpu = startCpuParts(clocks);
  const operations = await run();
  const cpuUs = Object.entries(takeCpu()).map(([name, us]) => [name, us / operations] as const);
  const perSecond = (operations * 1_000) / (performance.now() - beganMs);
  return { operations, perSecond, cpuUs: Object.fromEntries(cpuUs) };
}

function readStored(databaseUrl: string): Promise<{ tokens: number; wal: number }> {
  return withClient(databaseUrl, async (client) => {
    const { rows } = await client.query<{ tokens: number; wal: number }>(STORED);
    return rows[0] ?? { tokens: 0, wal: 0 };
  });
}

async function usedBytes(link: Redis): Promise<number> {
  return Number(/^used_memory:(\d+)/m.exec(await link.info('memory'))?.[1] ?? 0);
}

async function scriptCalls(link: Redis): Promise<number> {
  return Number(/^cmdstat_evalsha:calls=(\d+)/m.exec(await link.info('commandstats'))?.[1] ?? 0);
}
