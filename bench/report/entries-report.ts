import type { MeasuredLoad } from '../load/measured-load.ts';
import { type ClusterFigures, describePhases } from './cluster-report.ts';
import { medianOf } from './phase-tables.ts';
import { describeRun, describeVerdict, judge } from './run-figures.ts';
import { formatCount, formatFixed } from '../../harness/table.ts';

const LABELS = new Map([
  ['redis', 'entry, line in Redis'],
  ['in-process', 'entry, line in the process'],
  ['empty', 'empty Fastify route, POST'],
  ['redis poll', 'place, line in Redis'],
  ['in-process poll', 'place, line in the process'],
  ['empty poll', 'empty Fastify route, GET'],
]);
const PARTS = new Map([
  ['node', 'node'],
  ['postgres', 'PG'],
  ['redis', 'Redis'],
]);
/** Of the empty route's rate, with the durable record. */
const SHARE_TARGET = 0.35;

/** The report of the entries benchmark as text. */
export function summariseEntries(figures: ClusterFigures): string {
  const { phases, faults, settings } = figures;
  const rate = ({ acceptedPerSecond }: MeasuredLoad): number => acceptedPerSecond;
  const share = (one: string, other: string): number => medianOf(phases, one, rate) / medianOf(phases, other, rate);
  const entry = share('redis', 'empty');
  const line = (name: string): string =>
    `${formatFixed(share(name, 'empty'), 2)} × the rate of the empty POST route; places at ${formatFixed(share(`${name} poll`, 'empty poll'), 2)} × the empty GET route`;
  return [
    ...describeRun(figures),
    `places are asked for by ${formatCount(Number(settings['waiting']))} who wait`,
    '',
    ...describePhases(phases, LABELS, PARTS),
    '',
    `entries with Redis, recorded: ${line('redis')} (${judge(entry >= SHARE_TARGET)}: ${SHARE_TARGET} × for entries)`,
    `entries without Redis, recorded: ${line('in-process')}`,
    describeVerdict(faults, 'audit: every acknowledged entry is recorded once, numbers are without a gap'),
  ].join('\n');
}
