import { formatCount, formatFixed } from '../../harness/table.ts';
import type { MeasuredLoad } from '../load/measured-load.ts';
import { acceptedRate, describePhases, ratioOf } from './phase-tables.ts';
import { describeRun, describeVerdict, judge, type RunFigures } from './run-figures.ts';

const LABELS = new Map([
  ['redis', 'entry, line in Redis'],
  ['in-process', 'entry, line in the process'],
  ['empty', 'empty Fastify route, POST'],
  ['redis poll', 'place, line in Redis'],
  ['in-process poll', 'place, line in the process'],
  ['empty poll', 'empty Fastify route, GET'],
]);
/** Of the empty route's rate; an entry includes its durable record. */
const SHARE_TARGET = 0.35;

/** The report of the entries benchmark as text. */
export function summariseEntries(figures: RunFigures & { readonly phases: readonly MeasuredLoad[] }): string {
  const { phases, faults, settings } = figures;
  const share = (one: string, other: string): number => ratioOf(phases, [one, other], acceptedRate);
  const line = (name: string): string =>
    `${formatFixed(share(name, 'empty'), 2)} × the rate of the empty POST route; places at ${formatFixed(share(`${name} poll`, 'empty poll'), 2)} × the empty GET route`;
  return [
    ...describeRun(figures),
    `${formatCount(Number(settings['waiting']))} waiting people ask for their places`,
    '',
    ...describePhases(phases, {
      labels: LABELS,
      parts: {
        node: ({ node }) => node ?? NaN,
        PG: ({ postgres }) => postgres ?? NaN,
        Redis: ({ redis }) => redis ?? NaN,
      },
    }),
    '',
    `recorded entries with Redis: ${line('redis')} (${judge(share('redis', 'empty') >= SHARE_TARGET)}: ${SHARE_TARGET} × for entries)`,
    `recorded entries without Redis: ${line('in-process')}`,
    describeVerdict(faults, 'audit: every acknowledged entry is recorded once, the numbers have no gap'),
  ].join('\n');
}
