import type { MeasuredLoad } from '../load/measured-load.ts';
import { type CpuParts, sumOfParts } from '../../harness/machine/cpu-parts.ts';
import { type ClusterFigures, cpuUsOf } from './cluster-report.ts';
import { describeRun, describeVerdict } from './run-figures.ts';
import { describeSuspicions } from './suspicions.ts';
import { formatCount, formatFixed, formatTable, median } from '../../harness/table.ts';

/** A phase on so many nodes. */
export interface NodesPhase extends MeasuredLoad {
  readonly nodes: number;
  /** Commands that one node took to another, of the accepted holds. */
  readonly forwardedShare: number;
  readonly holdsPerFlush: number;
  /** Cores that each part uses when nobody asks for anything. */
  readonly idleCores: CpuParts;
}

interface NodesFigures extends ClusterFigures {
  readonly phases: readonly NodesPhase[];
}

/** The report of the benchmark of one to several nodes as text. */
export function summariseNodes(figures: NodesFigures): string {
  const { phases, faults, machine } = figures;
  const numbers = [...new Set(phases.map(({ nodes }) => nodes))].sort((one, other) => one - other);
  const medianAt = (nodes: number, figure: (phase: NodesPhase) => number): number =>
    median(phases.filter((phase) => phase.nodes === nodes).map(figure));
  const rows = numbers.map((nodes) => {
    const of = (figure: (phase: NodesPhase) => number): number => medianAt(nodes, figure);
    return [
      String(nodes),
      formatCount(of(({ acceptedPerSecond }) => acceptedPerSecond)),
      formatFixed(
        of(({ p50Ms }) => p50Ms),
        2,
      ),
      formatFixed(
        of(({ p99Ms }) => p99Ms),
        2,
      ),
      formatFixed(
        of(({ cpuUs }) => sumOfNodes(cpuUs)),
        1,
      ),
      formatFixed(
        of(({ cpuUs }) => cpuUs['postgres'] ?? 0),
        1,
      ),
      formatFixed(
        of(({ cpuUs }) => cpuUs['redis'] ?? 0),
        1,
      ),
      formatFixed(of(cpuUsOf), 1),
      formatFixed(
        of(({ forwardedShare }) => forwardedShare),
        2,
      ),
      formatFixed(
        of(({ holdsPerFlush }) => holdsPerFlush),
        1,
      ),
      formatFixed(
        of(({ loadCoreShare }) => loadCoreShare),
        2,
      ),
      formatFixed(
        of(({ idleCores }) => sumOfNodes(idleCores)),
        3,
      ),
      formatFixed(
        of(({ idleCores }) => idleCores['postgres'] ?? 0),
        3,
      ),
    ];
  });
  const headings = [
    'nodes',
    'accepted/s',
    'p50 ms',
    'p99 ms',
    'nodes µs',
    'PG µs',
    'Redis µs',
    'CPU µs',
    'forwarded',
    'holds/flush',
    'load core',
    'idle nodes',
    'idle PG',
  ];
  const rounds = Math.max(...phases.map(({ round }) => round));
  return [
    ...describeRun(figures),
    '',
    formatTable(headings, rows),
    '',
    formatTable(
      ['each round: accepted/s (CPU µs)', ...Array.from({ length: rounds }, (_, index) => `${index + 1}`)],
      numbers.map((nodes) => [
        String(nodes),
        ...phases
          .filter((phase) => phase.nodes === nodes)
          .map((phase) => `${formatCount(phase.acceptedPerSecond)} (${formatFixed(cpuUsOf(phase), 0)})`),
      ]),
    ),
    ...phases.flatMap(describeSuspicions),
    '',
    `All nodes, PostgreSQL, Redis and the load share ${machine.cores} cores: the rate says nothing of more machines, CPU per hold does.`,
    ...checkModel(numbers, medianAt),
    describeVerdict(faults, 'audit: every acknowledged hold is stored once, no seat has two holders'),
  ].join('\n');
}

/** Whether the nodes' CPU per hold is that of one node and so much for each command that is taken to another. */
function checkModel(
  numbers: readonly number[],
  medianAt: (nodes: number, figure: (phase: NodesPhase) => number) => number,
): string[] {
  if (!numbers.includes(1) || !numbers.includes(2)) return [];
  const nodesUs = (nodes: number): number => medianAt(nodes, ({ cpuUs }) => sumOfNodes(cpuUs));
  const share = (nodes: number): number => medianAt(nodes, ({ forwardedShare }) => forwardedShare);
  const forwardUs = (nodesUs(2) - nodesUs(1)) / share(2);
  return [
    `taking a command to another node, from one and two nodes: ${formatFixed(forwardUs, 1)} µs on both together`,
    ...numbers
      .filter((nodes) => nodes > 2)
      .map((nodes) => {
        const expectedUs = nodesUs(1) + forwardUs * share(nodes);
        const ratio = formatFixed(nodesUs(nodes) / expectedUs, 2);
        return `so ${nodes} nodes should use ${formatFixed(expectedUs, 1)} µs per hold; they used ${formatFixed(nodesUs(nodes), 1)} (${ratio} ×)`;
      }),
  ];
}

function sumOfNodes(parts: CpuParts): number {
  const { postgres: _postgres, redis: _redis, ...nodes } = parts;
  return sumOfParts(nodes);
}
