import type { NodeExit } from '../../harness/cluster/cluster-node.ts';
import type { Operation } from '../history/operation.ts';
import type { FaultName } from './faults.ts';

/** The result of a run. */
export interface Verdict {
  readonly seed: number;
  readonly perSecond: number;
  readonly durationMs: number;
  readonly faults: ReadonlyMap<FaultName, number>;
  readonly operations: readonly Operation[];
  /** Acts that were due while every fan waited. */
  readonly skipped: number;
  /** Invariants that the audit judged. */
  readonly invariants: number;
  /** Sentences; none when all is well. */
  readonly findings: readonly string[];
}

const SHOWN_MOST = 20;
/** The exit code of a node that cannot reach its database at its start. */
const EXIT_NOT_STARTED = 1;

/** Ends of processes without an order, and ordered ends with an error. A failed start does not count. */
export function findBadExits(exits: readonly NodeExit[]): string[] {
  return exits
    .filter(({ wasAsked, wasStarting, signal, code }) =>
      wasAsked ? signal !== 'SIGKILL' && code !== 0 : !(wasStarting && code === EXIT_NOT_STARTED),
    )
    .map(({ node, wasAsked, code, signal, output }) => {
      const how = signal ?? `exit code ${code}`;
      return `${node} ended with ${how}${wasAsked ? ' when told to' : ' by itself'}: ${output.slice(-1_000)}`;
    });
}

/** The verdict in words. */
export function describeVerdict(verdict: Verdict): string {
  const { operations, findings } = verdict;
  const kinds = Map.groupBy(operations, ({ matter }) => matter.kind);
  const rows = [...kinds].map(([kind, own]) => {
    const count = (effect: Operation['effect'], isFault: boolean): number =>
      own.filter((each) => each.effect === effect && (each.status ?? 599) >= 500 === isFault).length;
    return `  ${kind.padEnd(8)} ${String(count('done', false)).padStart(8)} done ${String(count('none', false)).padStart(8)} refused ${String(count('none', true)).padStart(7)} failed with nothing done ${String(count('unknown', true)).padStart(6)} in doubt`;
  });
  const faults = [...verdict.faults].map(([name, times]) => `${name} × ${times}`).join(', ');
  return [
    `--seed ${verdict.seed}: ${(verdict.durationMs / 1_000).toFixed(0)} s at ${verdict.perSecond.toFixed(0)} acts/s, ${verdict.skipped} skipped because all waited`,
    `faults: ${faults || 'none'}`,
    ...rows,
    ...(findings.length === 0
      ? [
          `All is well: ${verdict.invariants} invariants of the audit hold, ${operations.length} answers are one linear history, no process ended by itself, every request was answered.`,
        ]
      : [
          `WRONG: ${findings.length} findings`,
          ...findings.slice(0, SHOWN_MOST).map((finding) => `  ${finding}`),
          ...(findings.length > SHOWN_MOST ? [`  … and ${findings.length - SHOWN_MOST} more`] : []),
        ]),
  ].join('\n');
}
