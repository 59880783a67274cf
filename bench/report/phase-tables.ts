import { formatCount, formatFixed, formatTable, median } from '../../harness/table.ts';

/** A column of medians. */
export interface MedianColumn<Phase> {
  readonly heading: string;
  /** Of one phase; NaN where there is none. */
  readonly figure: (phase: Phase) => number;
  readonly show: (value: number) => string;
}

/** Two columns of how long the answers took. */
export const LATENCY_COLUMNS: readonly MedianColumn<{ readonly p50Ms: number; readonly p99Ms: number }>[] = [
  { heading: 'p50 ms', figure: ({ p50Ms }) => p50Ms, show: decimals(2) },
  { heading: 'p99 ms', figure: ({ p99Ms }) => p99Ms, show: decimals(2) },
];

/** Two columns of what an answer cost the service and PostgreSQL. */
export const PROCESS_COLUMNS: readonly MedianColumn<{
  readonly serverCpuUs: number;
  readonly databaseCpuUs: number;
}>[] = [
  { heading: 'node µs', figure: ({ serverCpuUs }) => serverCpuUs, show: decimals(1) },
  { heading: 'PG µs', figure: ({ databaseCpuUs }) => databaseCpuUs, show: decimals(1) },
];

/** Two columns that say whether the load process itself was the limit. */
export const LOAD_COLUMNS: readonly MedianColumn<{ readonly loadCpuUs: number; readonly loadCoreShare: number }>[] = [
  { heading: 'load µs', figure: ({ loadCpuUs }) => loadCpuUs, show: decimals(1) },
  { heading: 'load core', figure: ({ loadCoreShare }) => loadCoreShare, show: decimals(2) },
];

/** A column of a rate, in whole numbers. */
export function rateColumn<Phase>(heading: string, figure: (phase: Phase) => number): MedianColumn<Phase> {
  return { heading, figure, show: formatCount };
}

/** A column of CPU in microseconds. */
export function cpuColumn<Phase>(heading: string, figure: (phase: Phase) => number): MedianColumn<Phase> {
  return { heading, figure, show: decimals(1) };
}

function decimals(count: number): (value: number) => string {
  return (value) => formatFixed(value, count);
}

/** The median of a figure over the phases of one contestant. */
export function medianOf<Phase extends { readonly contestant: string }>(
  phases: readonly Phase[],
  contestant: string,
  figure: (phase: Phase) => number,
): number {
  return median(phases.filter((phase) => phase.contestant === contestant).map(figure));
}

/**
 * Two tables with a line for each contestant that was measured, by its label and in the order of the labels: medians, and one
 * figure of every round.
 */
export function formatPhases<Phase extends { readonly contestant: string; readonly round: number }>(settings: {
  readonly phases: readonly Phase[];
  readonly labels: ReadonlyMap<string, string>;
  readonly columns: readonly MedianColumn<Phase>[];
  readonly eachRound: { readonly heading: string; readonly show: (phase: Phase) => string };
}): string[] {
  const { phases, labels, columns, eachRound } = settings;
  const measured = [...labels].filter(([name]) => phases.some(({ contestant }) => contestant === name));
  const rounds = Math.max(...phases.map(({ round }) => round));
  return [
    formatTable(
      ['medians', ...columns.map(({ heading }) => heading)],
      measured.map(([name, label]) => [
        label,
        ...columns.map(({ figure, show }) => show(medianOf(phases, name, figure))),
      ]),
    ),
    '',
    formatTable(
      [`each round: ${eachRound.heading}`, ...Array.from({ length: rounds }, (_, index) => `${index + 1}`)],
      measured.map(([name, label]) => [
        label,
        ...phases.filter(({ contestant }) => contestant === name).map(eachRound.show),
      ]),
    ),
  ];
}
