import { formatFixed } from '../../harness/table.ts';
import type { MeasuredLoad } from '../load/measured-load.ts';
import { acceptedRate, cpuUsOf, describePhases, ratioOf } from './phase-tables.ts';
import { describeRun, describeVerdict, judge, type RunFigures } from './run-figures.ts';

const LABELS = new Map([
  ['local', 'hold at the owning node'],
  ['forwarded', 'hold at the other node'],
  ['one-node', 'hold at a single node'],
  ['without-redis', 'hold at a single node without Redis'],
  ['local map', 'map at the owning node'],
  ['forwarded map', 'map at the other node'],
  ['one-node map', 'map at a single node'],
  ['without-redis map', 'map at a single node without Redis'],
]);
/** The CPU of a forwarded hold may be this many times that of a local one. */
const RATIO_TARGET = 1.6;

/** The report of the forwarding benchmark as text. */
export function summariseForwarding(figures: RunFigures & { readonly phases: readonly MeasuredLoad[] }): string {
  const { phases, faults } = figures;
  const compare = (...pair: readonly [string, string]): string => {
    const rate = ratioOf(phases, pair, acceptedRate);
    return `${formatFixed(ratioOf(phases, pair, cpuUsOf), 2)} × the CPU, ${formatFixed(rate, 2)} × the rate`;
  };
  const isMet = ratioOf(phases, ['forwarded', 'local'], cpuUsOf) <= RATIO_TARGET;
  return [
    ...describeRun(figures),
    '',
    ...describePhases(phases, {
      labels: LABELS,
      parts: {
        'node A': (cpuUs) => cpuUs['node-1'] ?? NaN,
        'node B': (cpuUs) => cpuUs['node-2'] ?? NaN,
        PG: ({ postgres }) => postgres ?? NaN,
        Redis: ({ redis }) => redis ?? NaN,
      },
    }),
    '',
    `a forwarded hold, compared with a local one: ${compare('forwarded', 'local')} (${judge(isMet)}: ${RATIO_TARGET} × the CPU)`,
    `a forwarded map, compared with a local one: ${compare('forwarded map', 'local map')}`,
    `a local hold on two nodes, compared with one on a single node: ${compare('local', 'one-node')}`,
    `a hold on a single node with Redis, compared with one without: ${compare('one-node', 'without-redis')}`,
    describeVerdict(faults, 'audit: every acknowledged hold is stored once, every schedule had the expected owner'),
  ].join('\n');
}
