import type { Figures } from './holds-report.ts';
import { describeRun } from './holds-report.ts';
import type { Phase } from './phase.ts';
import { cpuColumn, formatPhases, LATENCY_COLUMNS, LOAD_COLUMNS, medianOf, rateColumn } from './phase-tables.ts';
import { formatCount, formatFixed } from './table.ts';

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
      columns: [
        rateColumn('answers/s', rateOf),
        ...LATENCY_COLUMNS,
        cpuColumn<Phase>('node µs', ({ serverCpuUs }) => serverCpuUs),
        cpuColumn<Phase>('PG µs', ({ databaseCpuUs }) => databaseCpuUs),
        ...LOAD_COLUMNS,
      ],
      eachRound: { heading: 'answers/s', show: (phase) => formatCount(rateOf(phase)) },
    }),
    '',
    `frontrow refuses at ${share('empty')} × the rate of the empty POST route, ${share('empty-get')} × of the empty GET route`,
    faults.length === 0
      ? 'audit: nothing was sold twice, nothing was written by a refusal'
      : `VOID.\n${faults.map((fault) => `  ${fault}`).join('\n')}`,
  ].join('\n');
}
