import { closeOnInterruption } from '../../harness/interruption.ts';
import { createLoadProcess, type LoadProcess } from '../load/load-process.ts';
import type { CpuClocks } from '../../harness/machine/cpu-parts.ts';
import { familyCpuUs, processCpuUs } from '../../harness/machine/cpu-time.ts';
import { auditDatabase } from '../../harness/service/database-audit.ts';
import { createSale, LIMITS_OFF, type Sale } from '../sale/sale.ts';
import { type Cluster, startCluster } from '../../harness/cluster/cluster.ts';
import { type Heads, readHeads } from './heads.ts';

/** A cluster with a sale on it, for benchmarks. */
export interface ClusterField {
  readonly cluster: Cluster;
  readonly sale: Sale;
  readonly heads: Heads;
  readonly load: LoadProcess;
  /** Queue tokens of the sale. */
  readonly tokens: readonly string[];
  /**
   * Ends every node by SIGKILL, so that nothing is handed over, settles the database, and starts the first `count` anew. Their names
   * by incarnation, in the order of the cluster's nodes, once nobody else is taken for alive.
   */
  restart(count: number): Promise<readonly string[]>;
  /** Of the first `count` nodes apart, of PostgreSQL with all its processes, and of Redis. */
  clocks(count: number): CpuClocks;
  /** What the audit of the database finds wrong. */
  findFaults(): Promise<string[]>;
  /** Once, however often it is asked for. */
  close(keepFiles: boolean): Promise<void>;
}

/** Starts so many nodes and opens the sale to `users`. */
export async function createClusterField(settings: {
  readonly nodes: number;
  readonly users: number;
  readonly environment?: Readonly<Record<string, string>>;
}): Promise<ClusterField> {
  const starting = startCluster({
    nodes: settings.nodes,
    environment: { ...LIMITS_OFF, ...settings.environment },
  });
  const load = createLoadProcess();
  let sale: Sale | null = null;
  let closing: Promise<void> | null = null;
  const closeAll = async (keepFiles: boolean): Promise<void> => {
    load.close();
    await sale?.close();
    const [started] = await Promise.allSettled([starting]);
    if (started.status === 'rejected') return;
    // Nothing of what they own is of interest any more, and nobody is left to have it.
    await Promise.all(started.value.nodes.map((node) => node.kill()));
    await started.value.close({ keepFiles });
  };
  const close = (keepFiles: boolean): Promise<void> => (closing ??= closeAll(keepFiles));
  closeOnInterruption(() => close(false));
  try {
    const cluster = await starting;
    await cluster.untilReady();
    const opened = createSale({
      databaseUrl: cluster.databaseUrl,
      adminToken: cluster.adminToken,
      users: settings.users,
    });
    sale = opened;
    await opened.open(cluster.nodes[0]?.url ?? '');
    const heads = readHeads(opened.pool);
    return {
      cluster,
      sale: opened,
      heads,
      load,
      tokens: opened.shoppers().map(({ token }) => token),
      async restart(count) {
        await Promise.all(cluster.nodes.map((node) => node.kill()));
        await cluster.postgres.settle([cluster.databaseUrl]);
        const started = cluster.nodes.slice(0, count);
        await Promise.all(started.map((node) => node.start()));
        // A node answers before it has joined, and until it has, its former self counts as alive.
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
      findFaults: async () => [...(await auditDatabase(cluster.databaseUrl)).faults],
      close,
    };
  } catch (error) {
    await close(false);
    throw error;
  }
}
