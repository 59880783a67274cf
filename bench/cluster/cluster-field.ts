import { type Cluster, startCluster } from '../../harness/cluster/cluster.ts';
import type { CpuClocks } from '../../harness/machine/cpu-parts.ts';
import { familyCpuUs, processCpuUs } from '../../harness/machine/cpu-time.ts';
import { auditDatabase } from '../../harness/service/database-audit.ts';
import type { BenchmarkRun } from '../run-benchmark.ts';
import { createSale, LIMITS_OFF, type Sale } from '../sale/sale.ts';
import { type Heads, readHeads } from './heads.ts';

/** A cluster with a sale on it, for benchmarks. */
export interface ClusterField {
  readonly cluster: Cluster;
  readonly sale: Sale;
  readonly heads: Heads;
  /** Queue tokens of the sale. */
  readonly tokens: readonly string[];
  /**
   * Kills every node by SIGKILL, so that none hands anything over, settles the database, and starts the first `count` nodes again.
   * Resolves with their names by incarnation, in the order of the cluster's nodes, when no other node counts as alive.
   */
  restart(count: number): Promise<readonly string[]>;
  /** CPU of each of the first `count` nodes, of PostgreSQL with all its processes, and of Redis. */
  clocks(count: number): CpuClocks;
  /** Audits the database. */
  audit(): Promise<void>;
}

/** Starts the nodes and opens the sale to `users`. Everything ends with the run. */
export async function createClusterField(
  run: BenchmarkRun,
  settings: { readonly nodes: number; readonly users: number; readonly environment?: Readonly<Record<string, string>> },
): Promise<ClusterField> {
  const starting = startCluster({
    nodes: settings.nodes,
    environment: { ...LIMITS_OFF, ...settings.environment },
  });
  run.onEnd(async () => {
    const [started] = await Promise.allSettled([starting]);
    if (started.status === 'rejected') return;
    // No other node is left that could take over what they own.
    await Promise.all(started.value.nodes.map((node) => node.kill()));
    await started.value.close({ keepFiles: run.keepsFiles });
  });
  const cluster = await starting;
  await cluster.untilReady();
  const { databaseUrl, adminToken } = cluster;
  const sale = createSale({ databaseUrl, adminToken, users: settings.users });
  run.onEnd(() => sale.close());
  await sale.open(cluster.nodes[0]?.url ?? '');
  const heads = readHeads(sale.pool);
  return {
    cluster,
    sale,
    heads,
    tokens: sale.shoppers().map(({ token }) => token),
    async restart(count) {
      await Promise.all(cluster.nodes.map((node) => node.kill()));
      await cluster.postgres.settle([databaseUrl]);
      const started = cluster.nodes.slice(0, count);
      await Promise.all(started.map((node) => node.start()));
      // A node answers before it has joined, and until it has, its former incarnation counts as alive.
      await cluster.untilReady();
      const living = await heads.untilLiving(count);
      return started.map(({ name }) => living.find((node) => node.startsWith(`${name}:`)) ?? name);
    },
    clocks: (count) => ({
      ...Object.fromEntries(
        cluster.nodes.slice(0, count).map(({ name, processId }) => [name, () => processCpuUs(processId ?? 0)]),
      ),
      postgres: () => familyCpuUs(cluster.postgres.postmasterId),
      redis: () => processCpuUs(cluster.redis.processId ?? 0),
    }),
    audit: async () => run.addFaults((await auditDatabase(databaseUrl)).faults),
  };
}
