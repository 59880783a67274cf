import type { LineFigures } from '../footprint/line.ts';
import type { MemoryFigures } from '../footprint/memory.ts';
import type { StorageFigures } from '../footprint/storage.ts';
import { describeRun, describeVerdict, type RunFigures } from './run-figures.ts';
import { formatCount, formatFixed, formatTable } from '../../harness/table.ts';

interface FootprintFigures extends RunFigures {
  readonly storage: readonly StorageFigures[];
  readonly schedules: { readonly small: MemoryFigures; readonly large: MemoryFigures };
  readonly watchers: MemoryFigures;
  readonly line: LineFigures | null;
}

/** The report of what things cost in bytes, as text. */
export function summariseFootprint(figures: FootprintFigures): string {
  const { storage, schedules, watchers, line, faults, settings } = figures;
  const names = [...new Set(storage.flatMap(({ bytesByTable }) => Object.keys(bytesByTable)))];
  const each = (value: (figures: StorageFigures) => number, decimals = 0) =>
    storage.map((of) => formatFixed(value(of) / of.holds, decimals));
  const total = ({ bytesByTable }: StorageFigures) =>
    Object.values(bytesByTable).reduce((sum, bytes) => sum + bytes, 0);
  return [
    ...describeRun(figures, `${formatCount(Number(settings['holds']))} holds`),
    '',
    formatTable(
      ['a hold', ...storage.map(({ connections }) => `${connections} connections`)],
      [
        ['holds per flush', ...storage.map((of) => formatFixed(of.holdsPerFlush, 1))],
        ['CPU µs of the node', ...storage.map((of) => formatFixed(of.nodeUs, 1))],
        ['CPU µs of PostgreSQL', ...storage.map((of) => formatFixed(of.databaseUs, 1))],
        ['bytes in tables and indexes', ...each(total)],
        ...names.map((name) => [`  ${name}`, ...each(({ bytesByTable }) => bytesByTable[name] ?? 0, 1)]),
        ['WAL bytes', ...each(({ walBytes }) => walBytes)],
        ['  of these at most page images', ...each(({ walPageImages }) => walPageImages * 8_192)],
      ],
    ),
    '',
    formatTable(
      ['memory of a node, bytes each', 'heap', 'resident'],
      [
        rowOf('schedule of 50 seats at rest', schedules.small),
        rowOf('schedule of 500 seats at rest', schedules.large),
        rowOf('live connection that watches', watchers),
      ],
    ),
    ...(line === null ? [] : ['', describeLine(line)]),
    '',
    describeVerdict(faults, 'audit: all well'),
  ].join('\n');
}

function rowOf(name: string, { heapBytesEach, residentBytesEach }: MemoryFigures): string[] {
  return [name, formatCount(heapBytesEach), formatCount(residentBytesEach)];
}

function describeLine(line: LineFigures): string {
  const { waiting, entry, poll, watch } = line;
  const costs = [
    ['entry', entry],
    [`poll of the place, ${formatFixed(line.scriptsPerPoll, 1)} scripts`, poll],
    ['second of a live connection', watch],
  ] as const;
  const rows = costs.map(([name, { perSecond, cpuUs }]) => [
    name,
    formatCount(perSecond),
    ...['node', 'postgres', 'redis'].map((part) => formatFixed(cpuUs[part] ?? NaN, 1)),
  ]);
  return [
    formatTable([`line of ${formatCount(waiting)} in Redis`, 'a second', 'node µs', 'PG µs', 'Redis µs'], rows),
    `for each who waits ${formatCount(line.redisBytesEach)} bytes of Redis, ${formatCount(line.databaseBytesEach)} bytes in tables ` +
      `and indexes, ${formatCount(line.walBytesEach)} bytes of WAL`,
    '',
    formatTable(
      ['entries of one line in a statement', 'ms', 'PG µs each'],
      line.statements.map(({ entriesPerStatement, statementMs, databaseUs }) => [
        formatCount(entriesPerStatement),
        formatFixed(statementMs, 1),
        formatFixed(databaseUs, 1),
      ]),
    ),
  ].join('\n');
}
