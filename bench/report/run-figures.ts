import type { MachineDescription } from '../../harness/machine/description.ts';

/** What the figures of every run tell beside what it measured. */
export interface RunFigures {
  readonly machine: MachineDescription;
  readonly postgres: Readonly<Record<string, string>>;
  readonly settings: Readonly<Record<string, number | boolean>>;
  /** What is wrong with what was stored or answered; a run with any of them is void. */
  readonly faults: readonly string[];
}

/** The machine and the settings that the figures belong to, in two lines. */
export function describeRun({ machine, postgres, settings }: Omit<RunFigures, 'faults'>): string[] {
  const { cores, cpu, memoryGiB, kernel, node, loadAverageBefore } = machine;
  return [
    `${cores} × ${cpu}, ${memoryGiB} GiB, Linux ${kernel}, Node ${node}, PostgreSQL ${postgres['server_version']}`,
    `fsync ${postgres['fsync']}, synchronous_commit ${postgres['synchronous_commit']}, ${settings['connections']} connections, load average before the run ${loadAverageBefore}`,
  ];
}

/** The last line of a run. */
export function describeVerdict(faults: readonly string[], praise: string): string {
  return faults.length === 0 ? praise : `VOID.\n${faults.map((fault) => `  ${fault}`).join('\n')}`;
}

/** Whether a target was met, in a word. */
export function judge(isMet: boolean): string {
  return isMet ? 'met' : 'MISSED';
}
