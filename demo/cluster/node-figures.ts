import { processCpuUs } from '../../harness/machine/cpu-time.ts';
import type { Cluster } from '../../harness/cluster/cluster.ts';
import type { ClusterNode } from '../../harness/cluster/cluster-node.ts';
import type { Target } from './front/target.ts';

/** One node as the terminal shows it. */
export interface NodeFigures {
  readonly name: string;
  readonly processId: number | null;
  readonly state: 'ready' | 'draining' | 'waiting' | 'away';
  /** Why it is not ready; empty when it is. */
  readonly note: string;
  /** Null while it does not answer. */
  readonly schedules: number | null;
  /** Holds that the node granted in the last second, on schedules of any owner. */
  readonly holdsPerSecond: number | null;
  /** Of one core, in percent; null where the system does not report it. */
  readonly cpuPercent: number | null;
}

const LOOK_EVERY_MS = 1_000;
const LOOK_LIMIT_MS = 800;
const HOLDS =
  /^http_request_duration_seconds_count\{method="POST",route="\/api\/v1\/reservations",status="2xx"\} (\d+)/m;
const SCHEDULES = /^frontrow_schedules_owned (\d+)/m;

interface Look {
  readonly atMs: number;
  readonly processId: number | null;
  readonly holds: number | null;
  readonly cpuUs: number;
}

/** Looks at every node once a second until closed. */
export function watchFigures(
  cluster: Cluster,
  targets: readonly Target[],
): { current(): readonly NodeFigures[]; close(): void } {
  let figures: readonly NodeFigures[] = [];
  const before = new Map<ClusterNode, Look>();
  let isLooking = false;

  async function lookAt(node: ClusterNode): Promise<NodeFigures> {
    const text = node.state === 'running' ? await readMetrics(node.url) : null;
    const look: Look = {
      atMs: performance.now(),
      processId: node.processId,
      holds: readFigure(text, HOLDS) ?? (text === null ? null : 0),
      cpuUs: node.processId === null ? 0 : processCpuUs(node.processId),
    };
    const last = before.get(node);
    before.set(node, look);
    const isSame = last !== undefined && last.processId === look.processId && look.processId !== null;
    const seconds = isSame ? (look.atMs - last.atMs) / 1_000 : 0;
    const holds = isSame && look.holds !== null && last.holds !== null ? (look.holds - last.holds) / seconds : null;
    return {
      name: node.name,
      processId: node.processId,
      ...stateOf(
        node,
        targets.find(({ name }) => name === node.name),
      ),
      schedules: readFigure(text, SCHEDULES),
      holdsPerSecond: holds,
      cpuPercent: isSame && process.platform === 'linux' ? (look.cpuUs - last.cpuUs) / seconds / 10_000 : null,
    };
  }

  async function lookAtAll(): Promise<void> {
    if (isLooking) return;
    isLooking = true;
    figures = await Promise.all(cluster.nodes.map(lookAt));
    isLooking = false;
  }

  void lookAtAll();
  const timer = setInterval(() => void lookAtAll(), LOOK_EVERY_MS);
  return { current: () => figures, close: () => clearInterval(timer) };
}

function stateOf(node: ClusterNode, target: Target | undefined): Pick<NodeFigures, 'state' | 'note'> {
  if (node.state === 'gone') return { state: 'away', note: 'no process' };
  if (node.state === 'paused') return { state: 'away', note: 'stopped' };
  if (target === undefined || target.isReady) return { state: 'ready', note: '' };
  const note = target.reasons.join('; ');
  if (target.reasons.includes('draining')) return { state: 'draining', note };
  return { state: target.reasons.includes('no answer') ? 'away' : 'waiting', note };
}

/** The text of a node's metrics; null when it does not answer in time. */
async function readMetrics(url: string): Promise<string | null> {
  try {
    const answer = await fetch(`${url}/metrics`, { signal: AbortSignal.timeout(LOOK_LIMIT_MS) });
    return answer.ok ? await answer.text() : null;
  } catch {
    return null;
  }
}

function readFigure(text: string | null, pattern: RegExp): number | null {
  const found = text === null ? null : pattern.exec(text)?.[1];
  return found === undefined || found === null ? null : Number(found);
}
