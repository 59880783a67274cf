import type { Figures } from './holds-report.ts';
import type { Phase } from './phase.ts';
import { formatPhases, LATENCY_COLUMNS, LOAD_COLUMNS, medianOf, PROCESS_COLUMNS, rateColumn } from './phase-tables.ts';
import { describeRun, describeVerdict } from './run-figures.ts';
import { formatCount, formatFixed } from '../../harness/table.ts';

const LABELS = new Map([
  ['frontrow', 'frontrow, seat taken'],
  ['empty', 'empty Fastify route, POST'],
  ['empty-get', 'empty Fastify route, GET'],
]);

/** Answers a second, whatever they say. */
function rateOf({ acceptedPerSecond, refusedPerSecond }: Phase): number {
  return acceptedPerSecond + refusedPerSecond;
}

/** The report of the refusals benchmark as text. */
export function summariseRefusals(figures: Figures): string {
  const { phases, faults } = figures;
  const share = (name: string): string =>
    formatFixed(medianOf(phases, 'frontrow', rateOf) / medianOf(phases, name, rateOf), 2);
  return [
    ...describeRun(figures),
    '',
    ...formatPhases({
      phases,
      labels: LABELS,
      columns: [rateColumn('answers/s', rateOf), ...LATENCY_COLUMNS, ...PROCESS_COLUMNS, ...LOAD_COLUMNS],
      eachRound: { heading: 'answers/s', show: (phase) => formatCount(rateOf(phase)) },
    }),
    '',
    `frontrow refuses at ${share('empty')} × the rate of the empty POST route, ${share('empty-get')} × of the empty GET route`,
    describeVerdict(faults, 'audit: nothing was sold twice, nothing was written by a refusal'),
  ].join('\n');
}
