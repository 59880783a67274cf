import { setTimeout as pause } from 'node:timers/promises';
import type { Cluster } from '../../harness/cluster/cluster.ts';
import type { ClusterNode } from '../../harness/cluster/cluster-node.ts';
import type { TcpProxy } from '../../harness/cluster/tcp-proxy.ts';
import type { Random } from '../../harness/random.ts';
import { answers } from '../../harness/service/server-process.ts';
import type { Temptation } from './temptation.ts';

/** A fault that is injected into a cluster and undone again. */
export interface Fault {
  readonly name: FaultName;
  /** The subject of the fault, and its duration. */
  readonly words: string;
  /** Resolves when it is undone. */
  inject(): Promise<void>;
}

export const FAULT_NAMES = [
  'kill node',
  'stop node for long',
  'stop node briefly',
  'stall PostgreSQL for node',
  'restart node',
  'kill PostgreSQL',
  'restart PostgreSQL',
  'kill Redis',
  'empty Redis',
  'cut peers one way',
  'cut peers both ways',
] as const;

export type FaultName = (typeof FAULT_NAMES)[number];

export interface FaultDependencies {
  readonly cluster: Cluster;
  readonly random: Random;
  readonly tempt: (node: ClusterNode) => Temptation;
}

const LONGEST_STOP_MS = 6_000;
const LONGEST_STALL_MS = 5_500;

/** A node that cannot reach its database when it starts exits; its supervisor starts it again. */
const START_ATTEMPTS = 30;
const START_AGAIN_MS = 1_000;
const LOOK_EVERY_MS = 100;

async function startAgain(node: ClusterNode): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await node.start();
      return;
    } catch (error) {
      if (attempt === START_ATTEMPTS) throw error;
      await pause(START_AGAIN_MS);
    }
  }
}

/** A rolling restart waits for each node to be ready, but not longer than this, because other faults may prevent it. */
const READY_LIMIT_MS = 20_000;

async function untilReady(node: ClusterNode): Promise<void> {
  const deadlineMs = performance.now() + READY_LIMIT_MS;
  while (performance.now() < deadlineMs && !(await answers(`${node.url}/readyz`))) await pause(LOOK_EVERY_MS);
}

/** From `least` up to `least + span` milliseconds. */
function span(random: Random, least: number, more: number): number {
  return least + random.below(more);
}

/** A fault of that kind whose subject has no other fault at the moment; null when there is no such subject. */
export function createFault(
  name: FaultName,
  deps: FaultDependencies,
  busy: ReadonlySet<object>,
): (Fault & { subject: object }) | null {
  const { cluster, random } = deps;
  const { postgres, redis } = cluster;
  const free = cluster.nodes.filter((each) => !busy.has(each));
  const node = free[random.below(free.length)];
  const fault = (subject: object, words: string, inject: () => Promise<void>) =>
    busy.has(subject) ? null : { name, subject, words, inject };
  switch (name) {
    case 'kill PostgreSQL':
    case 'restart PostgreSQL': {
      const ms = span(random, 0, 2_000);
      const signal = name === 'kill PostgreSQL' ? 'SIGKILL' : 'SIGINT';
      return fault(postgres, `${signal}, back after ${seconds(ms)}`, async () => {
        await postgres.end(signal);
        await pause(ms);
        await postgres.start();
      });
    }
    case 'kill Redis': {
      const ms = span(random, 0, 3_000);
      return fault(redis, `back after ${seconds(ms)}, empty`, async () => {
        await redis.kill();
        await pause(ms);
        await redis.start();
      });
    }
    case 'empty Redis':
      return fault(redis, 'FLUSHALL', () => redis.flush());
    default:
      return node === undefined ? null : { name, subject: node, ...createNodeFault(name, deps, node) };
  }
}

type NodeFaultName = Exclude<FaultName, `${string} Redis` | 'kill PostgreSQL' | 'restart PostgreSQL'>;

function createNodeFault(
  name: NodeFaultName,
  { random, tempt }: FaultDependencies,
  node: ClusterNode,
): Pick<Fault, 'words' | 'inject'> {
  /** Cuts the node off and tempts it meanwhile. */
  const cutOff = async (ms: number, longestMs: number, cut: () => void, mend: () => void): Promise<void> => {
    const temptation = tempt(node);
    await temptation.choose();
    cut();
    await Promise.all([pause(ms), Promise.race([temptation.prepare(), pause(longestMs)])]);
    mend();
    await temptation.conclude();
  };
  switch (name) {
    case 'kill node': {
      const ms = span(random, 200, 4_000);
      const inject = async (): Promise<void> => {
        await node.kill();
        await pause(ms);
        await startAgain(node);
      };
      return { words: `${node.name}, back after ${seconds(ms)}`, inject };
    }
    case 'stop node for long': {
      // Longer than the lease of 2 s; a request that waits for the node's answer must have it within 10 s.
      const ms = span(random, 3_000, 3_000);
      const inject = () => cutOff(ms, LONGEST_STOP_MS, node.pause, node.resume);
      return { words: `${node.name} for at least ${seconds(ms)}`, inject };
    }
    case 'stall PostgreSQL for node': {
      // Less than the 6 s after which a connection that does not answer is given up.
      const ms = span(random, 2_800, 1_500);
      const proxy = proxyOf(node, 'postgresProxy');
      const inject = () => cutOff(ms, LONGEST_STALL_MS, proxy.holdClients, proxy.passOn);
      return { words: `bytes of ${node.name} arrive at least ${seconds(ms)} late`, inject };
    }
    case 'stop node briefly': {
      const ms = span(random, 200, 1_300);
      const inject = async (): Promise<void> => {
        node.pause();
        await pause(ms);
        node.resume();
      };
      return { words: `${node.name} for ${seconds(ms)}`, inject };
    }
    case 'restart node': {
      const inject = async (): Promise<void> => {
        await node.stop();
        await startAgain(node);
        await untilReady(node);
      };
      return { words: node.name, inject };
    }
    case 'cut peers one way':
    case 'cut peers both ways': {
      const ms = span(random, 500, 4_500);
      const proxy = proxyOf(node, 'peerProxy');
      const isToNode = random.chance(0.5);
      const isBoth = name === 'cut peers both ways';
      const inject = async (): Promise<void> => {
        if (isBoth || isToNode) proxy.muteClients();
        if (isBoth || !isToNode) proxy.muteServer();
        await pause(ms);
        // Its connections have lost bytes, so they cannot continue.
        proxy.cut();
      };
      const way = isBoth ? 'both ways' : isToNode ? 'to the node' : 'from the node';
      return { words: `before ${node.name}, ${way}, for ${seconds(ms)}`, inject };
    }
  }
}

function proxyOf(node: ClusterNode, kind: 'postgresProxy' | 'peerProxy'): TcpProxy {
  const proxy = node[kind];
  if (proxy === null) throw new Error(`${node.name} has no ${kind}.`);
  return proxy;
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}
