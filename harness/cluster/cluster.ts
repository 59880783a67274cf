import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readConfig } from '../../src/config/config.ts';
import { openDataDirectory } from '../../src/config/data-directory.ts';
import { completeSecrets, secretsFile } from '../../src/config/local-secrets.ts';
import { type PrivatePostgres, startPrivatePostgres } from '../service/private-postgres.ts';
import { type PrivateRedis, requireRedis, startPrivateRedis } from '../service/private-redis.ts';
import { answers } from '../service/server-process.ts';
import { findStablePort } from '../service/stable-port.ts';
import { waitFor } from '../wait-for.ts';
import { type ClusterNode, createClusterNode, type NodeExit } from './cluster-node.ts';
import { openTcpProxy, type TcpProxy } from './tcp-proxy.ts';
import { startWatchdog } from './watchdog.ts';

export interface ClusterSettings {
  readonly nodes: number;
  /** The directory of the files, which stay; by default they go with the cluster. */
  readonly dataDir?: string;
  /** Environment of every node; it overrides the cluster's own except for addresses and names. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Options of Node itself, for every node. */
  readonly nodeOptions?: readonly string[];
  /** Settings of the server by name, in addition to the service's own. */
  readonly postgresSettings?: Readonly<Record<string, string>>;
  /** The services that each node reaches, or is reached at, through a proxy of its own. */
  readonly proxies?: readonly ProxyKind[];
}

type ProxyKind = 'peers' | 'postgres' | 'redis';

/** Several real nodes on this machine, with a PostgreSQL and a Redis of their own. */
export interface Cluster {
  readonly nodes: readonly ClusterNode[];
  readonly postgres: PrivatePostgres;
  readonly redis: PrivateRedis;
  readonly databaseUrl: string;
  readonly adminToken: string;
  /** The file that holds the admin token. */
  readonly secretsFile: string;
  /** The end of every process of a node so far. */
  exits(): readonly NodeExit[];
  /** Resolves when every node that runs is ready to serve; an Error that names those that are not after `limitMs`. */
  untilReady(limitMs?: number): Promise<void>;
  /** Ends everything, once, and removes temporary files unless `keepFiles` is true. */
  close(options?: { keepFiles?: boolean }): Promise<void>;
}

/** Each node has 16 connections for requests and ownership, its lanes, and those of the alarm. */
const CONNECTIONS_PER_NODE = 40;
const CONNECTIONS_BESIDE = 40;
/** Three nodes that start at once on two busy cores. */
const READY_LIMIT_MS = 60_000;

/**
 * Starts a cluster and resolves when each node answers. Nothing of it outlives this process.
 * Throws a sentence when there is no redis-server.
 */
export async function startCluster(settings: ClusterSettings): Promise<Cluster> {
  requireRedis();
  const isTemporary = settings.dataDir === undefined;
  const dataDir = openDataDirectory(settings.dataDir ?? mkdtempSync(join(tmpdir(), 'frontrow-cluster-')));
  const watchdog = startWatchdog({ dataDir, isTemporary });
  const undoing: (() => unknown)[] = [];
  const nodes: ClusterNode[] = [];
  let closing: Promise<void> | null = null;

  async function closeAll(keepFiles: boolean): Promise<void> {
    const failed = await Promise.allSettled(nodes.map((node) => node.stop()));
    for (const undo of undoing.toReversed()) await undo();
    watchdog.close();
    if (isTemporary && !keepFiles) rmSync(dataDir, { recursive: true, force: true });
    else if (isTemporary) console.error(`The files of the cluster were kept in ${dataDir}.`);
    for (const result of failed) if (result.status === 'rejected') throw result.reason;
  }

  async function openProxy(kind: ProxyKind, url: string): Promise<TcpProxy | null> {
    if (settings.proxies?.includes(kind) !== true) return null;
    const proxy = await openTcpProxy(url);
    undoing.push(() => proxy.close());
    return proxy;
  }

  try {
    const postgres = await startPrivatePostgres({
      dataDir,
      settings: {
        max_connections: String(settings.nodes * CONNECTIONS_PER_NODE + CONNECTIONS_BESIDE),
        ...settings.postgresSettings,
      },
    });
    undoing.push(() => postgres.stop(false));
    const redis = await startPrivateRedis({ onStart: (processId) => watchdog.watch(processId) });
    undoing.push(() => redis.kill());
    const secrets = makeSecrets(dataDir);
    mkdirSync(join(dataDir, 'logs'), { recursive: true });

    for (let number = 1; number <= settings.nodes; number += 1) {
      const name = `node-${number}`;
      const peerPort = await findStablePort();
      const peerProxy = await openProxy('peers', `tcp://127.0.0.1:${peerPort}`);
      const postgresProxy = await openProxy('postgres', postgres.databaseUrl);
      const redisProxy = await openProxy('redis', redis.url);
      const announced = peerProxy === null ? `127.0.0.1:${peerPort}` : new URL(peerProxy.url).host;
      nodes.push(
        createClusterNode({
          name,
          port: await findStablePort(),
          nodeOptions: settings.nodeOptions ?? [],
          logFile: join(dataDir, 'logs', `${name}.log`),
          peerProxy,
          postgresProxy,
          redisProxy,
          environment: {
            LOG_LEVEL: 'warn',
            MAX_CONNECTIONS_PER_ADDRESS: '0',
            RATE_LIMIT_PER_MINUTE: '0',
            REGISTRATIONS_PER_MINUTE: '0',
            AUTH_ISSUE: 'true',
            // The front is on this machine.
            TRUST_PROXY: '127.0.0.1',
            ...secrets,
            ...settings.environment,
            DATABASE_URL: postgresProxy?.url ?? postgres.databaseUrl,
            REDIS_URL: redisProxy?.url ?? redis.url,
            NODE_ID: name,
            PEER_HOST: '127.0.0.1',
            PEER_PORT: String(peerPort),
            PEER_ADDRESS: announced,
          },
          onStart: (processId) => watchdog.watch(processId),
          onExit: (processId) => watchdog.forget(processId),
        }),
      );
    }
    // The first node migrates and loads data; the others would only wait for it.
    await nodes[0]?.start();
    await Promise.all(nodes.slice(1).map((node) => node.start()));

    return {
      nodes,
      postgres,
      redis,
      databaseUrl: postgres.databaseUrl,
      adminToken: secrets.ADMIN_TOKEN,
      secretsFile: secretsFile(dataDir),
      exits: () => nodes.flatMap((node) => node.exits),
      async untilReady(limitMs = READY_LIMIT_MS) {
        for (const node of nodes.filter(({ state }) => state === 'running')) {
          await waitFor(() => answers(`${node.url}/readyz`), { deadlineMs: limitMs, what: `${node.name} to be ready` });
        }
      },
      close: ({ keepFiles = false } = {}) => (closing ??= closeAll(keepFiles)),
    };
  } catch (error) {
    await closeAll(false);
    throw error;
  }
}

function makeSecrets(dataDir: string): { AUTH_SECRET: string; ADMIN_TOKEN: string; CLUSTER_SECRET: string } {
  const reading = readConfig({ DATA_DIR: dataDir });
  if (!reading.ok) throw new Error(reading.faults.join('; '));
  const { AUTH_SECRET, ADMIN_TOKEN, CLUSTER_SECRET } = completeSecrets(reading.config);
  return { AUTH_SECRET, ADMIN_TOKEN, CLUSTER_SECRET };
}
