import type { MeasuredLoad } from '../load/measured-load.ts';
import { sumOfParts } from '../machine/cpu-parts.ts';
import type { MachineDescription } from '../machine/description.ts';
import { formatCount, formatFixed, formatTable, median } from './table.ts';

/** What a run on several nodes measured. */
export interface ClusterFigures {
  readonly machine: MachineDescription;
  readonly postgres: Readonly<Record<string, string>>;
  readonly settings: Readonly<Record<string, number | boolean>>;
  readonly phases: readonly MeasuredLoad[];
  readonly faults: readonly string[];
}

/** Above this share of a core the load process may be what limits the rate. */
const LOAD_SHARE_SUSPECT = 0.85;

/** The phases of one contestant. */
function phasesOf(phases: readonly MeasuredLoad[], contestant: string): MeasuredLoad[] {
  return phases.filter((phase) => phase.contestant === contestant);
}

/** The median of a figure over the phases of one contestant. */
export function medianOf(
  phases: readonly MeasuredLoad[],
  contestant: string,
  figure: (phase: MeasuredLoad) => number,
): number {
  return median(phasesOf(phases, contestant).map(figure));
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
  const names = [...labels.keys()].filter((name) => phasesOf(phases, name).length > 0);
  const cells = (name: string): string[] => {
    const of = (figure: (phase: MeasuredLoad) => number): number => medianOf(phases, name, figure);
    const knows = (part: string): boolean => phasesOf(phases, name).some(({ cpuUs }) => part in cpuUs);
    return [
      labels.get(name) ?? name,
      formatCount(of(({ acceptedPerSecond }) => acceptedPerSecond)),
      formatFixed(
        of(({ p50Ms }) => p50Ms),
        2,
      ),
      formatFixed(
        of(({ p99Ms }) => p99Ms),
        2,
      ),
      ...[...parts.keys()].map((part) => formatFixed(knows(part) ? of(({ cpuUs }) => cpuUs[part] ?? 0) : NaN, 1)),
      formatFixed(of(cpuUsOf), 1),
      formatFixed(
        of(({ loadCpuUs }) => loadCpuUs),
        1,
      ),
      formatFixed(
        of(({ loadCoreShare }) => loadCoreShare),
        2,
      ),
    ];
  };
  const partHeadings = [...parts.values()].map((part) => `${part} µs`);
  const rounds = Math.max(...phases.map(({ round }) => round));
  return [
    formatTable(
      ['medians', 'accepted/s', 'p50 ms', 'p99 ms', ...partHeadings, 'CPU µs', 'load µs', 'load core'],
      names.map(cells),
    ),
    '',
    formatTable(
      ['each round: accepted/s (CPU µs)', ...Array.from({ length: rounds }, (_, index) => `${index + 1}`)],
      names.map((name) => [
        labels.get(name) ?? name,
        ...phasesOf(phases, name).map(
          (phase) => `${formatCount(phase.acceptedPerSecond)} (${formatFixed(cpuUsOf(phase), 0)})`,
        ),
      ]),
    ),
    ...phases.flatMap(describeSuspicions),
  ];
}

/** What casts doubt on a phase. */
export function describeSuspicions({ contestant, round, loadCoreShare, result }: MeasuredLoad): string[] {
  const where = `note: ${contestant}, round ${round}`;
  if (result.exhausted)
    return [`${where}: all that was prepared was used up after ${formatFixed(result.elapsedMs, 0)} ms`];
  if (loadCoreShare <= LOAD_SHARE_SUSPECT) return [];
  return [`${where}: the load used ${formatFixed(loadCoreShare, 2)} of a core and may be the limit`];
}

/** The last line of a run. */
export function describeVerdict(faults: readonly string[], praise: string): string {
  return faults.length === 0 ? praise : `VOID.\n${faults.map((fault) => `  ${fault}`).join('\n')}`;
}

/** Whether a target was met, in a word. */
export function judge(isMet: boolean): string {
  return isMet ? 'met' : 'MISSED';
}
