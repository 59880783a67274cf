import { randomBytes } from 'node:crypto';
import { createTokenScribe } from '../../src/queue/token.ts';
import type { CpuClocks } from '../../harness/machine/cpu-parts.ts';
import { familyCpuUs, processCpuUs } from '../../harness/machine/cpu-time.ts';
import type { TokenHolders } from '../../harness/service/access-tokens.ts';
import { openPool } from '../../harness/service/database.ts';
import { findFaultsBy } from '../../harness/service/database-audit.ts';
import type { PrivatePostgres } from '../../harness/service/private-postgres.ts';
import type { PrivateRedis } from '../../harness/service/private-redis.ts';
import { createConcert } from '../sale/concert.ts';
import { LIMITS_OFF } from '../sale/sale.ts';
import { startFrontrow } from '../../harness/service/server-process.ts';

/** A fresh service with a database of its own, which admits entries to its lines. */
export interface EntryDesk {
  readonly port: number;
  readonly clocks: CpuClocks;
  /** Creates a concert of the usual policy: at most 100 active people, ten more every ten seconds. */
  openConcert(): Promise<number>;
  /** Entries of a concert in the database. */
  countRecorded(concertId: number): Promise<number>;
  /** The queue tokens of a concert. */
  tokensOf(concertId: number): Promise<string[]>;
  findFaults(): Promise<readonly string[]>;
  close(): Promise<void>;
}

const POLICY = { maxActive: 100, batch: 10, intervalMs: 10_000, activeTtlMs: 3_600_000 };
let created = 0;

/** Without `redis` the process keeps the lines. It empties Redis first. */
export async function createEntryDesk(settings: {
  readonly postgres: PrivatePostgres;
  readonly redis: PrivateRedis | null;
  readonly holders: TokenHolders;
  readonly authSecret: string;
  /** Another checkout of the service, which also audits its database; by default this one. */
  readonly checkout?: string | undefined;
}): Promise<EntryDesk> {
  const { postgres, redis, holders, authSecret, checkout } = settings;
  created += 1;
  const databaseUrl = await postgres.createDatabase(`entries_${created}`);
  await redis?.flush();
  const adminToken = randomBytes(32).toString('hex');
  const env = {
    ...LIMITS_OFF,
    DATABASE_URL: databaseUrl,
    REDIS_URL: redis?.url ?? '',
    ADMIN_TOKEN: adminToken,
    AUTH_SECRET: authSecret,
    CLUSTER_SECRET: randomBytes(32).toString('hex'),
    DRAIN_MS: '0',
  };
  const server = await startFrontrow(env, checkout === undefined ? {} : { checkout });
  const pool = openPool(databaseUrl, 1);
  await holders.register(databaseUrl);
  await postgres.settle([databaseUrl]);
  const scribe = createTokenScribe({ secret: authSecret });
  return {
    port: server.port,
    clocks: {
      node: () => processCpuUs(server.processId),
      postgres: () => familyCpuUs(postgres.postmasterId),
      ...(redis === null ? {} : { redis: () => processCpuUs(redis.processId ?? 0) }),
    },
    openConcert: () => createConcert(server.url, adminToken, POLICY),
    async countRecorded(concertId) {
      const { rows } = await pool.query<{ entries: number }>(
        'SELECT count(*)::int AS entries FROM queue_tokens WHERE concert_id = $1',
        [concertId],
      );
      return rows[0]?.entries ?? 0;
    },
    async tokensOf(concertId) {
      const { rows } = await pool.query<{ token_id: string; user_id: string }>(
        'SELECT token_id, user_id FROM queue_tokens WHERE concert_id = $1',
        [concertId],
      );
      return rows.map(({ token_id: tokenId, user_id: userId }) => scribe.write({ tokenId, userId, concertId }));
    },
    findFaults: () => findFaultsBy(checkout, databaseUrl),
    async close() {
      await pool.end();
      await server.stop();
    },
  };
}
