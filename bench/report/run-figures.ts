import type { MachineDescription } from '../../harness/machine/description.ts';

/** The figures that every run has besides its own measurements. */
export interface RunFigures {
  readonly machine: MachineDescription;
  /** The server's version and the settings that decide what a commit costs. */
  readonly postgres: Readonly<Record<string, string>>;
  /** The options of the run. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** Faults of the stored data or of the answers; a run with any fault is void. */
  readonly faults: readonly string[];
}

/** The machine and the settings that the figures belong to, in two lines. */
export function describeRun(
  { machine, postgres, settings }: Omit<RunFigures, 'faults'>,
  words = `${String(settings['connections'])} connections`,
): string[] {
  const { cores, cpu, memoryGiB, kernel, node, loadAverageBefore } = machine;
  return [
    `${cores} × ${cpu}, ${memoryGiB} GiB, Linux ${kernel}, Node ${node}, PostgreSQL ${postgres['server_version']}`,
    `fsync ${postgres['fsync']}, synchronous_commit ${postgres['synchronous_commit']}, ${words}, load average before the run ${loadAverageBefore}`,
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
