import { formatCount, formatFixed, formatTable } from '../../harness/table.ts';
import type { FanEnd } from './fan.ts';
import type { RushResult } from './rush.ts';
import { STEPS } from './statistics.ts';

/** The result of the audit; null where the service's database is not known. */
export type AuditVerdict = { readonly faults: readonly string[]; readonly checks: number } | null;

const LUCKY_SHOWN = 8;
const FAULTS_SHOWN = 20;

/** All faults of a rush. */
export function findFaults(result: RushResult, audit: AuditVerdict): string[] {
  const unsold = result.board.reduce((count, date) => count + date.total - date.sold, 0);
  const ticketsHeld = result.fans.reduce((count, fan) => count + fan.tickets.length, 0);
  const sold = result.board.reduce((count, date) => count + date.sold, 0);
  return [
    ...(unsold > 0 ? [`${unsold} seats were left unsold`] : []),
    ...(sold === ticketsHeld ? [] : [`the seat maps show ${sold} seats sold, the fans have ${ticketsHeld} tickets`]),
    ...result.doubleSales,
    ...result.moneyDrifts,
    ...result.statistics.surprises(),
    ...(audit?.faults ?? []),
  ];
}

/** The summary of a rush, for people. */
export function summariseRush(result: RushResult, audit: AuditVerdict): string {
  const { board, fans, statistics, saleMs } = result;
  const sold = board.reduce((count, date) => count + date.sold, 0);
  const total = board.reduce((count, date) => count + date.total, 0);
  const saleSeconds = Math.max(saleMs / 1_000, 0.1);
  const faults = findFaults(result, audit);
  const ends = new Map<FanEnd, number>();
  for (const { end } of fans) {
    if (end !== null) ends.set(end, (ends.get(end) ?? 0) + 1);
  }
  const lucky = fans.filter((fan) => fan.tickets.length > 0);
  const taken = [...STEPS].filter(([step]) => statistics.answersOf(step) > 0);
  const latencies = taken.map(([step, words]) => {
    const { count, p50Ms, p95Ms, p99Ms, maxMs } = statistics.latencyOf(step);
    return [words, formatCount(count), ...[p50Ms, p95Ms, p99Ms, maxMs].map((ms) => formatFixed(ms, 1))];
  });
  const payments = statistics.latencyOf('pay').count;
  return [
    '',
    `${result.stage.title}`,
    `${sold} of ${total} seats sold in ${formatFixed(saleSeconds, 1)} s`,
    ...board.map((date) => `  ${date.startsAt.slice(0, 16).replace('T', ' ')} UTC  ${date.sold} of ${date.total}`),
    '',
    `Fans      ${formatCount(fans.length)}: ${listCounts(ends)}`,
    ...lucky.slice(0, LUCKY_SHOWN).map((fan) => {
      const dateOf = (scheduleId: number): string =>
        board.find((date) => date.scheduleId === scheduleId)?.startsAt.slice(5, 10) ?? '';
      const seats = fan.tickets.map((ticket) => `${dateOf(ticket.scheduleId)} seat ${ticket.seatNumber}`);
      return `  ${fan.name}: ${seats.join(', ')}`;
    }),
    ...(lucky.length > LUCKY_SHOWN ? [`  … and ${lucky.length - LUCKY_SHOWN} more`] : []),
    '',
    `Refusals  ${listCounts(statistics.refusals()) || 'none'}`,
    `Retries   ${listCounts(statistics.retries()) || 'none'}`,
    `Live      ${formatCount(statistics.pushes())} maps and places pushed, ${formatFixed(statistics.pushes() / saleSeconds, 0)}/s; ${formatCount(statistics.reconnects())} connections made again`,
    `Rates     ${formatCount((statistics.answers() - statistics.answersOf('register')) / saleSeconds)} answers/s, ${formatFixed(statistics.answersOf('hold') / saleSeconds, 1)} attempts to hold/s, ${formatFixed(payments / saleSeconds, 1)} attempts to pay/s`,
    '',
    formatTable(['milliseconds', 'answers', 'p50', 'p95', 'p99', 'max'], latencies),
    '',
    `Fans' own books   ${result.doubleSales.length} double sales, ${result.moneyDrifts.length} of ${formatCount(result.walletsChecked)} wallets drift`,
    `Audit             ${describeAudit(audit)}`,
    ...(faults.length === 0
      ? ['', 'All well.']
      : ['', `${faults.length} things are wrong:`, ...faults.slice(0, FAULTS_SHOWN).map((fault) => `  ${fault}`)]),
  ].join('\n');
}

function describeAudit(audit: AuditVerdict): string {
  if (audit === null) return 'not run: the service’s database is not known here (set DATABASE_URL or DATA_DIR)';
  return audit.faults.length === 0 ? `clean, ${audit.checks} invariants checked` : `${audit.faults.length} faults`;
}

function listCounts(counts: ReadonlyMap<string, number>): string {
  return [...counts]
    .sort(([, one], [, other]) => other - one)
    .map(([name, count]) => `${formatCount(count)} ${name}`)
    .join(' · ');
}
