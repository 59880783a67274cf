import { type CpuParts, sumOfParts } from '../../harness/machine/cpu-parts.ts';
import { formatFixed } from '../../harness/table.ts';
import type { MeasuredLoad } from '../load/measured-load.ts';
import { describePhases, medianOf } from './phase-tables.ts';
import { describeRun, describeVerdict, type RunFigures } from './run-figures.ts';

/** A phase on one or more nodes; the contestant is their number. */
export interface NodesPhase extends MeasuredLoad {
  /** Commands that one node forwarded to another, divided by the accepted holds. */
  readonly forwardedShare: number;
  readonly holdsPerFlush: number;
  /** Cores that each part uses without requests. */
  readonly idleCores: CpuParts;
}

/** The report of the benchmark of one to several nodes as text. */
export function summariseNodes(figures: RunFigures & { readonly phases: readonly NodesPhase[] }): string {
  const { phases, faults, machine } = figures;
  const numbers = [...new Set(phases.map(({ contestant }) => contestant))].sort(
    (one, other) => Number(one) - Number(other),
  );
  return [
    ...describeRun(figures),
    '',
    ...describePhases(phases, {
      labels: new Map(numbers.map((number) => [number, number === '1' ? '1 node' : `${number} nodes`])),
      parts: { nodes: sumOfNodes, PG: ({ postgres }) => postgres ?? 0, Redis: ({ redis }) => redis ?? 0 },
      columns: [
        { heading: 'forwarded', figure: ({ forwardedShare }) => forwardedShare, decimals: 2 },
        { heading: 'holds/flush', figure: ({ holdsPerFlush }) => holdsPerFlush, decimals: 1 },
        { heading: 'idle nodes', figure: ({ idleCores }) => sumOfNodes(idleCores), decimals: 3 },
        { heading: 'idle PG', figure: ({ idleCores }) => idleCores['postgres'] ?? 0, decimals: 3 },
      ],
    }),
    '',
    `All nodes, PostgreSQL, Redis and the load share ${machine.cores} cores: CPU per hold says something about more machines, the rate does not.`,
    ...checkModel(phases, numbers),
    describeVerdict(faults, 'audit: every acknowledged hold is stored once, no seat has two holders'),
  ].join('\n');
}

/** Compares the nodes' CPU per hold with that of one node plus a fixed price for each forwarded command. */
function checkModel(phases: readonly NodesPhase[], numbers: readonly string[]): string[] {
  if (!numbers.includes('1') || !numbers.includes('2')) return [];
  const nodesUs = (number: string): number => medianOf(phases, number, ({ cpuUs }) => sumOfNodes(cpuUs));
  const share = (number: string): number => medianOf(phases, number, ({ forwardedShare }) => forwardedShare);
  const forwardUs = (nodesUs('2') - nodesUs('1')) / share('2');
  return [
    `forwarding a command, calculated from one and two nodes: ${formatFixed(forwardUs, 1)} µs on both together`,
    ...numbers
      .filter((number) => Number(number) > 2)
      .map((number) => {
        const expectedUs = nodesUs('1') + forwardUs * share(number);
        const ratio = formatFixed(nodesUs(number) / expectedUs, 2);
        return `so ${number} nodes should use ${formatFixed(expectedUs, 1)} µs per hold; they used ${formatFixed(nodesUs(number), 1)} (${ratio} ×)`;
      }),
  ];
}

function sumOfNodes(parts: CpuParts): number {
  const { postgres: _postgres, redis: _redis, ...nodes } = parts;
  return sumOfParts(nodes);
}
