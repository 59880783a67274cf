/**
 * The last minutes of all nodes together. Once a second each node publishes its newest samples in a row of PostgreSQL and reads those of
 * the others in the same statement, so an answer needs no other node and waits for none.
 *
 * CLUSTER-1. Each sample of this node is summed with at most one sample of each other node, or with all that it is behind: samples
 *     arrive late and in pairs, and a sum must not show that.
 * CLUSTER-2. A node is silent when its row has not changed for SILENT_MS although this node has read it. While this node cannot read,
 *     it judges nobody.
 * CLUSTER-3. The numbers are those of this node's own samples.
 */
import type { Activity, ActivityReport } from './activity.ts';
import { type ActivitySample, addCounts, sumOverNodes, withoutCounts } from './activity-sample.ts';
import { judgeCluster, type NodeStanding, stateOfAnswering } from './cluster-verdict.ts';
import type { HealthReason } from './health-verdict.ts';
import type { Readiness } from './readiness.ts';
import { type Clock, every } from '../runtime/clock.ts';

/** Raised with every change of NodeFigures: a node shows no figures of another version. */
export const FIGURES_VERSION = 1;
const EXCHANGE_EVERY_MS = 1_000;
/** Three missed exchanges. */
const SILENT_MS = 3_500;
/** So many samples in each row that a late exchange loses none. */
const SAMPLES_PUBLISHED = 3;
/** More than this many that wait are summed at once. */
const SAMPLES_BEHIND = 2;
/** The span of the rates of each node. */
const RATE_SAMPLES = 10;

/** What a node publishes. */
export interface NodeFigures {
  readonly version: number;
  readonly samples: readonly ActivitySample[];
  readonly readiness: Pick<Readiness, 'reasons' | 'degraded'>;
  /** Of its own verdict. */
  readonly reasons: readonly HealthReason[];
}

/** A node as PostgreSQL knows it. */
export interface RecordedNode {
  readonly node: string;
  /** Epoch milliseconds; null: it lives. */
  readonly deadAtMs: number | null;
  /** It has said goodbye. */
  readonly hasLeft: boolean;
  /** Null: it has published nothing, or nothing that this version understands. */
  readonly figures: NodeFigures | null;
}

export interface FigureRecords {
  /** Publishes the figures of `node`. Returns all nodes that live or died within the last hour, in the order of joining. */
  exchange(node: string, figures: NodeFigures): Promise<readonly RecordedNode[]>;
}

export interface NodeHealth extends NodeStanding {
  /** The newest samples, at most ten. */
  readonly samples: readonly ActivitySample[];
}

export interface ClusterActivity extends Activity {
  /** All nodes that live or died within the last hour; at least this one. */
  nodes(): readonly NodeHealth[];
  start(): void;
  close(): void;
}

interface OtherNode {
  /** The newest first sample that was not summed yet comes first. */
  waiting: ActivitySample[];
  newest: ActivitySample[];
  figures: NodeFigures | null;
  /** Monotonic. */
  changedAtMs: number;
}

export function createClusterActivity(deps: {
  readonly clock: Clock;
  readonly own: Activity;
  readonly readiness: () => Readiness;
  readonly records: FigureRecords;
  readonly onFailure: (error: unknown) => void;
}): ClusterActivity {
  const { clock, own, readiness, records, onFailure } = deps;
  const others = new Map<string, OtherNode>();
  let recorded: readonly RecordedNode[] = [];
  let readAtMs = Number.NEGATIVE_INFINITY;
  let samples: ActivitySample[] = [];
  let stopExchanging: (() => void) | null = null;

  /** Sums the samples that this node has taken since. */
  function gather(): ActivityReport {
    const last = samples.at(-1)?.number ?? 0;
    const report = own.report(last);
    for (const sample of report.samples) {
      if (sample.number <= last) continue;
      const parts = [...others.values()].flatMap((other) => nextOf(other) ?? []);
      samples.push(sumOverNodes(sample, parts));
    }
    samples = samples.slice(-report.stepsKept);
    return report;
  }

  /** CLUSTER-1. */
  function nextOf(other: OtherNode): ActivitySample | null {
    const isBehind = other.waiting.length > SAMPLES_BEHIND;
    const taken = other.waiting.splice(0, isBehind ? other.waiting.length : 1);
    const [first, ...rest] = taken;
    if (first !== undefined) return rest.reduce(addCounts, first);
    const last = other.newest.at(-1);
    return last === undefined || isSilent(other) ? null : withoutCounts(last);
  }

  function isSilent({ changedAtMs }: OtherNode): boolean {
    return readAtMs - changedAtMs >= SILENT_MS;
  }

  function note(nodes: readonly RecordedNode[]): void {
    recorded = nodes;
    readAtMs = clock.monotonicMs();
    const living = new Map(
      nodes.flatMap(({ node, deadAtMs, figures }) => (deadAtMs === null ? [[node, figures]] : [])),
    );
    for (const name of others.keys()) if (!living.has(name)) others.delete(name);
    for (const [name, figures] of living) {
      const known = others.get(name);
      const other = known ?? { waiting: [], newest: [], figures: null, changedAtMs: readAtMs };
      others.set(name, other);
      if (figures === null) continue;
      const last = other.newest.at(-1)?.number ?? 0;
      const fresh = figures.samples.filter(({ number }) => number > last);
      // Of a node that this one meets now, only the newest second is news.
      other.waiting.push(...(known === undefined ? fresh.slice(-1) : fresh));
      other.newest = [...other.newest, ...fresh].slice(-RATE_SAMPLES);
      if (fresh.length > 0) other.changedAtMs = readAtMs;
      other.figures = figures;
    }
  }

  async function exchange(): Promise<void> {
    try {
      const report = gather();
      const figures = {
        version: FIGURES_VERSION,
        samples: own.report(Math.max(0, lastNumber() - SAMPLES_PUBLISHED)).samples.slice(-SAMPLES_PUBLISHED),
        readiness: { reasons: readiness().reasons, degraded: readiness().degraded },
        reasons: report.verdict.reasons,
      };
      const nodes = await records.exchange(report.node, figures);
      note(nodes.filter(({ node }) => node !== report.node));
    } catch (error) {
      onFailure(error);
    }
  }

  const lastNumber = (): number => samples.at(-1)?.number ?? 0;

  function standings(report: ActivityReport): NodeHealth[] {
    const { reasons } = report.verdict;
    const mine = {
      node: report.node,
      state: stateOfAnswering(readiness()),
      sinceMs: null,
      readiness: readiness().reasons,
      reasons,
      samples: own.report(Math.max(0, lastNumber() - RATE_SAMPLES)).samples.slice(-RATE_SAMPLES),
    } as const;
    return [mine, ...recorded.map(standingOf)];
  }

  function standingOf({ node, deadAtMs, hasLeft }: RecordedNode): NodeHealth {
    const other = others.get(node);
    const nothing = { node, readiness: [], reasons: [], samples: [] } as const;
    if (deadAtMs !== null) return { ...nothing, state: hasLeft ? 'STOPPED' : 'DEAD', sinceMs: deadAtMs };
    if (other === undefined || other.figures === null) return { ...nothing, state: 'JOINING', sinceMs: null };
    const { figures, newest } = other;
    if (isSilent(other)) return { ...nothing, state: 'NOT_ANSWERING', sinceMs: newest.at(-1)?.atMs ?? null };
    const state = stateOfAnswering(figures.readiness);
    const { reasons } = figures;
    return { node, state, sinceMs: null, readiness: figures.readiness.reasons, reasons, samples: newest };
  }

  return {
    report(since) {
      const report = gather();
      const isKnown = since <= lastNumber();
      return {
        ...report,
        verdict: judgeCluster(standings(report)),
        samples: isKnown ? samples.filter(({ number }) => number > since) : samples.slice(),
      };
    },
    nodes: () => standings(gather()),
    start() {
      stopExchanging ??= every(clock, EXCHANGE_EVERY_MS, exchange);
    },
    close: () => stopExchanging?.(),
  };
}
