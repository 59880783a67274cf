import { formatFixed } from '../../harness/table.ts';
import type { MeasuredLoad } from '../load/measured-load.ts';
import { describePhases, ratioOf } from './phase-tables.ts';
import { describeRun, describeVerdict, type RunFigures } from './run-figures.ts';

const LABELS = new Map([
  ['frontrow', 'frontrow, seat taken'],
  ['empty', 'empty Fastify route, POST'],
  ['empty-get', 'empty Fastify route, GET'],
]);

/** Answers a second with any status. */
function rateOf({ acceptedPerSecond, refusedPerSecond }: MeasuredLoad): number {
  return acceptedPerSecond + refusedPerSecond;
}

/** The report of the refusals benchmark as text. */
export function summariseRefusals(figures: RunFigures & { readonly phases: readonly MeasuredLoad[] }): string {
  const { phases, faults } = figures;
  const share = (name: string): string => formatFixed(ratioOf(phases, ['frontrow', name], rateOf), 2);
  return [
    ...describeRun(figures),
    '',
    ...describePhases(phases, {
      labels: LABELS,
      parts: { node: ({ node }) => node ?? NaN, PG: ({ postgres }) => postgres ?? NaN },
      rate: { heading: 'answers/s', figure: rateOf },
    }),
    '',
    `frontrow refuses at ${share('empty')} × the rate of the empty POST route, ${share('empty-get')} × that of the empty GET route`,
    describeVerdict(faults, 'audit: no seat was sold twice, no refusal wrote anything'),
  ].join('\n');
}
