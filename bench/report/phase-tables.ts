import { sumOfParts } from '../../harness/machine/cpu-parts.ts';
import { formatCount, formatFixed, formatTable, median } from '../../harness/table.ts';
import type { MeasuredLoad } from '../load/measured-load.ts';

/** Above this share of a core the load process may limit the rate. */
const LOAD_SHARE_SUSPECT = 0.85;

/** A column of medians. */
export interface MedianColumn<Phase> {
  readonly heading: string;
  /** The figure of one phase; NaN where there is none. */
  readonly figure: (phase: Phase) => number;
  /** Decimals that are shown; by default none. */
  readonly decimals?: number;
}

/** CPU for each counted request, all parts together. */
export function cpuUsOf({ cpuUs }: Pick<MeasuredLoad, 'cpuUs'>): number {
  return sumOfParts(cpuUs);
}

export function acceptedRate({ acceptedPerSecond }: Pick<MeasuredLoad, 'acceptedPerSecond'>): number {
  return acceptedPerSecond;
}

/** The median of a figure over the phases of one contestant. */
export function medianOf<Phase extends Pick<MeasuredLoad, 'contestant'>>(
  phases: readonly Phase[],
  contestant: string,
  figure: (phase: Phase) => number,
): number {
  return median(phases.filter((phase) => phase.contestant === contestant).map(figure));
}

/** The median of a figure of one contestant, divided by that of another. */
export function ratioOf<Phase extends Pick<MeasuredLoad, 'contestant'>>(
  phases: readonly Phase[],
  [one, other]: readonly [string, string],
  figure: (phase: Phase) => number,
): number {
  return medianOf(phases, one, figure) / medianOf(phases, other, figure);
}

/**
 * Two tables with a line for each contestant that was measured, in the order of the labels: medians, and rate and CPU of every
 * round. Below them stand notes on phases that are open to doubt.
 */
export function describePhases<Phase extends MeasuredLoad>(
  phases: readonly Phase[],
  settings: {
    /** By name of the contestant. */
    readonly labels: ReadonlyMap<string, string>;
    /** The parts whose CPU has a column, by heading. */
    readonly parts: Readonly<Record<string, (cpuUs: Phase['cpuUs']) => number>>;
    /** The rate; by default that of accepted requests. */
    readonly rate?: MedianColumn<Phase>;
    readonly columns?: readonly MedianColumn<Phase>[];
  },
): string[] {
  const { labels, parts, columns = [] } = settings;
  const rate = settings.rate ?? { heading: 'accepted/s', figure: acceptedRate };
  const all: readonly MedianColumn<Phase>[] = [
    rate,
    { heading: 'p50 ms', figure: ({ p50Ms }) => p50Ms, decimals: 2 },
    { heading: 'p99 ms', figure: ({ p99Ms }) => p99Ms, decimals: 2 },
    ...Object.entries(parts).map(([label, of]) => ({
      heading: `${label} µs`,
      figure: ({ cpuUs }: Phase) => of(cpuUs),
      decimals: 1,
    })),
    { heading: 'CPU µs', figure: cpuUsOf, decimals: 1 },
    { heading: 'load µs', figure: ({ loadCpuUs }) => loadCpuUs, decimals: 1 },
    { heading: 'load core', figure: ({ loadCoreShare }) => loadCoreShare, decimals: 2 },
    ...columns,
  ];
  const measured = [...labels].filter(([name]) => phases.some(({ contestant }) => contestant === name));
  const rounds = Math.max(...phases.map(({ round }) => round));
  const show = (value: number, decimals = 0): string =>
    decimals === 0 ? formatCount(value) : formatFixed(value, decimals);
  return [
    formatTable(
      ['medians', ...all.map(({ heading }) => heading)],
      measured.map(([name, label]) => [
        label,
        ...all.map(({ figure, decimals }) => show(medianOf(phases, name, figure), decimals)),
      ]),
    ),
    '',
    formatTable(
      [`each round: ${rate.heading} (CPU µs)`, ...Array.from({ length: rounds }, (_, index) => `${index + 1}`)],
      measured.map(([name, label]) => [
        label,
        ...phases
          .filter(({ contestant }) => contestant === name)
          .map((phase) => `${formatCount(rate.figure(phase))} (${formatFixed(cpuUsOf(phase), 0)})`),
      ]),
    ),
    ...phases.flatMap(describeDoubts),
  ];
}

function describeDoubts({ contestant, round, loadCoreShare, result }: MeasuredLoad): string[] {
  const where = `note: ${contestant}, round ${round}`;
  if (result.exhausted) {
    return [`${where}: everything that was prepared was used up after ${formatFixed(result.elapsedMs, 0)} ms`];
  }
  if (loadCoreShare <= LOAD_SHARE_SUSPECT) return [];
  return [`${where}: the load used ${formatFixed(loadCoreShare, 2)} of a core and may be the limit`];
}
