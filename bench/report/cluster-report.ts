import type { MeasuredLoad } from '../load/measured-load.ts';
import { sumOfParts } from '../machine/cpu-parts.ts';
import type { MachineDescription } from '../machine/description.ts';
import { cpuColumn, formatPhases, LATENCY_COLUMNS, LOAD_COLUMNS, rateColumn } from './phase-tables.ts';
import { formatCount, formatFixed } from './table.ts';

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
