import type { MeasuredLoad } from '../load/measured-load.ts';
import { sumOfParts } from '../../harness/machine/cpu-parts.ts';
import { cpuColumn, formatPhases, LATENCY_COLUMNS, LOAD_COLUMNS, rateColumn } from './phase-tables.ts';
import type { RunFigures } from './run-figures.ts';
import { describeSuspicions } from './suspicions.ts';
import { formatCount, formatFixed } from '../../harness/table.ts';

/** What a run on several nodes measured. */
export interface ClusterFigures extends RunFigures {
  readonly phases: readonly MeasuredLoad[];
}

/** CPU for each accepted request, all parts together. */
export function cpuUsOf({ cpuUs }: MeasuredLoad): number {
  return sumOfParts(cpuUs);
}

/** A table of medians, a line for each contestant by its label, CPU by part; and one of the rounds. */
export function describePhases(
  phases: readonly MeasuredLoad[],
  labels: ReadonlyMap<string, string>,
  parts: ReadonlyMap<string, string>,
): string[] {
  return [
    ...formatPhases({
      phases,
      labels,
      columns: [
        rateColumn<MeasuredLoad>('accepted/s', ({ acceptedPerSecond }) => acceptedPerSecond),
        ...LATENCY_COLUMNS,
        ...[...parts].map(([part, label]) => cpuColumn<MeasuredLoad>(`${label} µs`, ({ cpuUs }) => cpuUs[part] ?? NaN)),
        cpuColumn('CPU µs', cpuUsOf),
        ...LOAD_COLUMNS,
      ],
      eachRound: {
        heading: 'accepted/s (CPU µs)',
        show: (phase) => `${formatCount(phase.acceptedPerSecond)} (${formatFixed(cpuUsOf(phase), 0)})`,
      },
    }),
    ...phases.flatMap(describeSuspicions),
  ];
}
