import type { Phase } from './phase.ts';
import {
  cpuColumn,
  formatPhases,
  LATENCY_COLUMNS,
  LOAD_COLUMNS,
  medianOf,
  PROCESS_COLUMNS,
  rateColumn,
} from './phase-tables.ts';
import { describeRun, describeVerdict, type RunFigures } from './run-figures.ts';
import { describeSuspicions } from './suspicions.ts';
import { formatCount, formatFixed, median } from '../../harness/table.ts';

/** What a run measured. */
export interface Figures extends RunFigures {
  readonly phases: readonly Phase[];
}

const LABELS = new Map([
  ['frontrow', 'frontrow'],
  ['row-lock', 'SELECT … FOR UPDATE per hold'],
  ['row-lock-pipelined', 'the same, pipelined'],
  ['conditional', 'one UPDATE … INSERT per hold'],
  ['empty', 'empty Fastify route, POST'],
  ['empty-get', 'empty Fastify route, GET'],
]);

/** CPU for each accepted hold, of the service and of PostgreSQL. */
function cpuUsOf({ serverCpuUs, databaseCpuUs }: Phase): number {
  return serverCpuUs + databaseCpuUs;
}

/** The report of the holds benchmark as text. */
export function summariseHolds(figures: Figures): string {
  const { phases, faults } = figures;
  const lines = [
    ...describeRun(figures),
    '',
    ...formatPhases({
      phases,
      labels: LABELS,
      columns: [
        rateColumn<Phase>('accepted/s', ({ acceptedPerSecond }) => acceptedPerSecond),
        rateColumn<Phase>('refused/s', ({ refusedPerSecond }) => refusedPerSecond),
        ...LATENCY_COLUMNS,
        ...PROCESS_COLUMNS,
        cpuColumn('CPU µs', cpuUsOf),
        ...LOAD_COLUMNS,
      ],
      eachRound: {
        heading: 'accepted/s (CPU µs)',
        show: (phase) => `${formatCount(phase.acceptedPerSecond)} (${formatFixed(cpuUsOf(phase), 0)})`,
      },
    }),
    '',
    ...ratios(phases),
    ...flushLines(phases),
    ...phases.flatMap(describeSuspicions),
    describeVerdict(faults, 'audit: every acknowledged hold is stored once, no seat has two holders'),
  ];
  return lines.join('\n');
}

function ratios(phases: readonly Phase[]): string[] {
  const names = [...LABELS.keys()].filter((name) => phases.some(({ contestant }) => contestant === name));
  if (!names.includes('frontrow')) {
    return [];
  }
  const rate = (name: string): number => medianOf(phases, name, ({ acceptedPerSecond }) => acceptedPerSecond);
  return names
    .filter((name) => name !== 'frontrow')
    .map((name) => {
      const faster = formatFixed(rate('frontrow') / rate(name), 2);
      if (name.startsWith('empty')) {
        return `frontrow / ${LABELS.get(name)}: ${faster} × the rate`;
      }
      const cheaper = formatFixed(medianOf(phases, name, cpuUsOf) / medianOf(phases, 'frontrow', cpuUsOf), 2);
      const paired = formatFixed(median(roundRatios(phases, name)), 2);
      return `frontrow / ${LABELS.get(name)}: ${faster} × the rate, CPU per hold ${cheaper} × lower; median of the rounds' own ratios ${paired} ×`;
    });
}

/** How much more CPU a hold costs this contestant than frontrow, round by round: seconds apart, on a machine whose pace drifts. */
function roundRatios(phases: readonly Phase[], name: string): number[] {
  return phases
    .filter(({ contestant }) => contestant === name)
    .flatMap((phase) => {
      const own = phases.find(({ contestant, round }) => contestant === 'frontrow' && round === phase.round);
      return own === undefined ? [] : [cpuUsOf(phase) / cpuUsOf(own)];
    });
}

function flushLines(phases: readonly Phase[]): string[] {
  const figures = phases.flatMap((phase) => phase.flushes ?? []);
  if (figures.length === 0) {
    return [];
  }
  const entries = formatFixed(median(figures.map(({ entriesPerFlush }) => entriesPerFlush)), 1);
  const flushMs = formatFixed(median(figures.map((figure) => figure.flushMs)), 2);
  return [`frontrow commits ${entries} holds at a time, in ${flushMs} ms`];
}
