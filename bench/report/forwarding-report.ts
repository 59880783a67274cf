import type { MeasuredLoad } from '../load/measured-load.ts';
import { type ClusterFigures, cpuUsOf, describePhases } from './cluster-report.ts';
import { medianOf } from './phase-tables.ts';
import { describeRun, describeVerdict, judge } from './run-figures.ts';
import { formatFixed } from '../../harness/table.ts';

const LABELS = new Map([
  ['local', 'hold, owned where it arrives'],
  ['forwarded', 'hold, owned by the other node'],
  ['one-node', 'hold, a single node'],
  ['without-redis', 'hold, a single node without Redis'],
  ['local map', 'map, owned where it is asked for'],
  ['forwarded map', 'map, owned by the other node'],
  ['one-node map', 'map, a single node'],
  ['without-redis map', 'map, a single node without Redis'],
]);
const PARTS = new Map([
  ['node-1', 'node A'],
  ['node-2', 'node B'],
  ['postgres', 'PG'],
  ['redis', 'Redis'],
]);
/** What a forwarded hold may cost of a local one. */
const RATIO_TARGET = 1.6;

/** The report of the forwarding benchmark as text. */
export function summariseForwarding(figures: ClusterFigures): string {
  const { phases, faults } = figures;
  const ratio = (one: string, other: string, figure: (phase: MeasuredLoad) => number): number =>
    medianOf(phases, one, figure) / medianOf(phases, other, figure);
  const compare = (one: string, other: string): string => {
    const rate = ratio(one, other, ({ acceptedPerSecond }) => acceptedPerSecond);
    return `${formatFixed(ratio(one, other, cpuUsOf), 2)} × the CPU, ${formatFixed(rate, 2)} × the rate`;
  };
  const isMet = ratio('forwarded', 'local', cpuUsOf) <= RATIO_TARGET;
  return [
    ...describeRun(figures),
    '',
    ...describePhases(phases, LABELS, PARTS),
    '',
    `a forwarded hold, of a local one: ${compare('forwarded', 'local')} (${judge(isMet)}: ${RATIO_TARGET} × the CPU)`,
    `a forwarded map, of a local one: ${compare('forwarded map', 'local map')}`,
    `a local hold of two nodes, of a single node’s: ${compare('local', 'one-node')}`,
    `a single node’s hold with Redis, of one without: ${compare('one-node', 'without-redis')}`,
    describeVerdict(
      faults,
      'audit: every acknowledged hold is stored once, every schedule was owned where it should be',
    ),
  ].join('\n');
}
