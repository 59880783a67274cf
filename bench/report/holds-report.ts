import type { MachineDescription } from '../machine/description.ts';
import type { Phase } from './phase.ts';
import { cpuColumn, formatPhases, LATENCY_COLUMNS, LOAD_COLUMNS, medianOf, rateColumn } from './phase-tables.ts';
import { formatCount, formatFixed, median } from './table.ts';

/** What a run measured. */
export interface Figures {
  readonly machine: MachineDescription;
  readonly postgres: Readonly<Record<string, string>>;
  readonly settings: Readonly<Record<string, number | boolean>>;
  readonly phases: readonly Phase[];
  readonly faults: readonly string[];
}

const LABELS = new Map([
  ['frontrow', 'frontrow'],
  ['row-lock', 'SELECT … FOR UPDATE per hold'],
  ['row-lock-pipelined', 'the same, pipelined'],
  ['conditional', 'one UPDATE … INSERT per hold'],
  ['empty', 'empty Fastify route, POST'],
  ['empty-get', 'empty Fastify route, GET'],
]);

/** Above this share of a core the load process may be what limits the rate. */
const LOAD_SHARE_SUSPECT = 0.85;

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
        cpuColumn<Phase>('node µs', ({ serverCpuUs }) => serverCpuUs),
        cpuColumn<Phase>('PG µs', ({ databaseCpuUs }) => databaseCpuUs),
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
    ...suspicions(phases),
    faults.length === 0
      ? 'audit: every acknowledged hold is stored once, no seat has two holders'
      : `VOID. The audit found:\n${faults.map((fault) => `  ${fault}`).join('\n')}`,
  ];
  return lines.join('\n');
}

/** The machine and the settings that the figures belong to, in two lines. */
export function describeRun({
  machine,
  postgres,
  settings,
}: Pick<Figures, 'machine' | 'postgres' | 'settings'>): string[] {
  const { cores, cpu, memoryGiB, kernel, node, loadAverageBefore } = machine;
  return [
    `${cores} × ${cpu}, ${memoryGiB} GiB, Linux ${kernel}, Node ${node}, PostgreSQL ${postgres['server_version']}`,
    `fsync ${postgres['fsync']}, synchronous_commit ${postgres['synchronous_commit']}, ${settings['connections']} connections, load average before the run ${loadAverageBefore}`,
  ];
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

function suspicions(phases: readonly Phase[]): string[] {
  return phases
    .filter((phase) => phase.loadCoreShare > LOAD_SHARE_SUSPECT || phase.result.exhausted)
    .map((phase) =>
      phase.result.exhausted
        ? `note: ${phase.contestant}, round ${phase.round}: all prepared seats were held after ${formatFixed(phase.result.elapsedMs, 0)} ms`
        : `note: ${phase.contestant}, round ${phase.round}: the load used ${formatFixed(phase.loadCoreShare, 2)} of a core and may be the limit`,
    );
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
