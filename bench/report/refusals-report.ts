import type { Figures } from './holds-report.ts';
import { describeRun } from './holds-report.ts';
import type { Phase } from './phase.ts';
import { formatCount, formatFixed, formatTable, median } from './table.ts';

const LABELS: Readonly<Record<string, string>> = {
  frontrow: 'frontrow, seat taken',
  empty: 'empty Fastify route, POST',
  'empty-get': 'empty Fastify route, GET',
};

/** The report of the refusals benchmark as text. */
export function summariseRefusals(figures: Figures): string {
  const { settings, phases, faults } = figures;
  const names = Object.keys(LABELS).filter((name) => phases.some((phase) => phase.contestant === name));
  const of = (name: string): Phase[] => phases.filter((phase) => phase.contestant === name);
  const rate = (phase: Phase): number => phase.acceptedPerSecond + phase.refusedPerSecond;
  const medianOf = (name: string, figure: (phase: Phase) => number): number => median(of(name).map(figure));
  const rows = names.map((name) => [
    LABELS[name] ?? name,
    formatCount(medianOf(name, rate)),
    formatFixed(
      medianOf(name, (phase) => phase.p50Ms),
      2,
    ),
    formatFixed(
      medianOf(name, (phase) => phase.p99Ms),
      2,
    ),
    formatFixed(
      medianOf(name, (phase) => phase.serverCpuUs),
      1,
    ),
    formatFixed(
      medianOf(name, (phase) => phase.databaseCpuUs),
      1,
    ),
    formatFixed(
      medianOf(name, (phase) => phase.loadCpuUs),
      1,
    ),
    formatFixed(
      medianOf(name, (phase) => phase.loadCoreShare),
      2,
    ),
  ]);
  const rounds = Array.from({ length: Number(settings['rounds']) }, (_, index) => `${index + 1}`);
  const share = (name: string): string => formatFixed(medianOf('frontrow', rate) / medianOf(name, rate), 2);
  return [
    ...describeRun(figures),
    '',
    formatTable(['medians', 'answers/s', 'p50 ms', 'p99 ms', 'node µs', 'PG µs', 'load µs', 'load core'], rows),
    '',
    formatTable(
      ['each round: answers/s', ...rounds],
      names.map((name) => [LABELS[name] ?? name, ...of(name).map((phase) => formatCount(rate(phase)))]),
    ),
    '',
    `frontrow refuses at ${share('empty')} × the rate of the empty POST route, ${share('empty-get')} × of the empty GET route`,
    faults.length === 0
      ? 'audit: nothing was sold twice, nothing was written by a refusal'
      : `VOID.\n${faults.map((fault) => `  ${fault}`).join('\n')}`,
  ].join('\n');
}
