import autocannon from 'autocannon';
import type { DatabaseAudit } from '../../harness/service/database-audit.ts';
import type { LatencySummary } from '../../harness/latencies.ts';
import type { MachineDescription } from '../../harness/machine/description.ts';
import { formatCount, formatFixed } from '../../harness/table.ts';
import type { Shots } from '../autocannon/fire.ts';

export interface CannonFigures {
  readonly scenario: string;
  readonly says: string;
  /** The service, in words. */
  readonly origin: string;
  readonly machine: MachineDescription;
  readonly shots: Shots;
  /** What the service has stored, in words; null where the scenario stores nothing. */
  readonly stored: string | null;
  /** Null when no database could be audited. */
  readonly audit: DatabaseAudit | null;
  readonly faults: readonly string[];
}

/** autocannon's own table, and below it accepted and refused answers apart, and the verdict of the audit. */
export function summariseShots(figures: CannonFigures): string {
  const { scenario, says, origin, machine, shots, stored, audit, faults } = figures;
  const { result, accepted, refused, answers, isUsedUp } = shots;
  const lineOf = (label: string, { count, p50Ms, p99Ms }: LatencySummary, isOfThese: (status: number) => boolean) => {
    const statuses = Object.entries(answers)
      .filter(([answer]) => isOfThese(Number.parseInt(answer, 10)))
      .map(([answer, times]) => `${answer}: ${formatCount(times)}`);
    const latency = `p50 ${formatFixed(p50Ms, 1)} ms, p99 ${formatFixed(p99Ms, 1)} ms`;
    const rate = `${formatCount(count)} (${formatCount(count / result.duration)}/s)`;
    return `${label.padEnd(10)} ${count === 0 ? 'none' : `${rate}, ${latency}; ${statuses.join(', ')}`}`;
  };
  return [
    `${scenario}: ${says}`,
    `${origin}; ${result.connections} connections, ${result.duration} s`,
    `${machine.cores} × ${machine.cpu}, Node ${machine.node}, load average before the run ${machine.loadAverageBefore}; autocannon takes CPU of this machine too`,
    autocannon.printResult(result, { outputStream: process.stdout }),
    lineOf('Accepted', accepted, (status) => status < 300),
    lineOf('Refused', refused, (status) => status >= 300),
    ...(result.errors === 0
      ? []
      : [`Unanswered ${formatCount(result.errors)}, ${formatCount(result.timeouts)} of them by a timeout`]),
    ...(isUsedUp ? ['All prepared requests were sent before the time was over.'] : []),
    ...(stored === null ? [] : [`Stored     ${stored}`]),
    `Audit      ${describeAudit(audit)}`,
    ...faults.map((fault) => `FAULT      ${fault}`),
  ].join('\n');
}

function describeAudit(audit: DatabaseAudit | null): string {
  if (audit === null) return 'none: the database of that service is not known here. Give it with --database-url.';
  if (audit.faults.length > 0) return `${audit.faults.length} of ${audit.checks} invariants are broken`;
  return `all ${audit.checks} invariants hold`;
}
