import type { MachineDescription } from '../machine/description.ts';
import type { Phase } from './phase.ts';
import { formatCount, formatFixed, formatTable, median } from './table.ts';

/** What a run measured. */
export interface Figures {
  readonly machine: MachineDescription;
  readonly postgres: Readonly<Record<string, string>>;
  readonly settings: Readonly<Record<string, number | boolean>>;
  readonly phases: readonly Phase[];
  readonly faults: readonly string[];
}

const LABELS: Readonly<Record<string, string>> = {
  frontrow: 'frontrow',
  'row-lock': 'SELECT … FOR UPDATE per hold',
  'row-lock-pipelined': 'the same, pipelined',
  conditional: 'one UPDATE … INSERT per hold',
  empty: 'empty Fastify route, POST',
  'empty-get': 'empty Fastify route, GET',
};

/** Above this share of a core the load process may be what limits the rate. */
const LOAD_SHARE_SUSPECT = 0.85;

/** The report of the holds benchmark as text. */
export function summariseHolds(figures: Figures): string {
  const { settings, phases, faults } = figures;
  const names = Object.keys(LABELS).filter((name) => phases.some((phase) => phase.contestant === name));
  const medianOf = (name: string, figure: (phase: Phase) => number): number =>
    median(phases.filter((phase) => phase.contestant === name).map(figure));
  const cpu = (phase: Phase): number => phase.serverCpuUs + phase.databaseCpuUs;
  const rows = names.map((name) => [
    LABELS[name] ?? name,
    formatCount(medianOf(name, (phase) => phase.acceptedPerSecond)),
    formatCount(medianOf(name, (phase) => phase.refusedPerSecond)),
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
    formatFixed(medianOf(name, cpu), 1),
    formatFixed(
      medianOf(name, (phase) => phase.loadCpuUs),
      1,
    ),
    formatFixed(
      medianOf(name, (phase) => phase.loadCoreShare),
      2,
    ),
  ]);
  const headings = [
    'medians',
    'accepted/s',
    'refused/s',
    'p50 ms',
    'p99 ms',
    'node µs',
    'PG µs',
    'CPU µs',
    'load µs',
    'load core',
  ];
  const rounds = names.map((name) => [
    LABELS[name] ?? name,
    ...phases
      .filter((phase) => phase.contestant === name)
      .map((phase) => `${formatCount(phase.acceptedPerSecond)} (${formatFixed(cpu(phase), 0)})`),
  ]);
  const lines = [
    ...describeRun(figures),
    '',
    formatTable(headings, rows),
    '',
    formatTable(
      [
        'each round: accepted/s (CPU µs)',
        ...Array.from({ length: Number(settings['rounds']) }, (_, index) => `${index + 1}`),
      ],
      rounds,
    ),
    '',
    ...ratios(names, medianOf, cpu),
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

function ratios(
  names: readonly string[],
  medianOf: (name: string, figure: (phase: Phase) => number) => number,
  cpu: (phase: Phase) => number,
): string[] {
  if (!names.includes('frontrow')) {
    return [];
  }
  const rate = (name: string): number => medianOf(name, (phase) => phase.acceptedPerSecond);
  return names
    .filter((name) => name !== 'frontrow')
    .map((name) => {
      const faster = formatFixed(rate('frontrow') / rate(name), 2);
      if (name.startsWith('empty')) {
        return `frontrow / ${LABELS[name]}: ${faster} × the rate`;
      }
      const cheaper = formatFixed(medianOf(name, cpu) / medianOf('frontrow', cpu), 2);
      return `frontrow / ${LABELS[name]}: ${faster} × the rate, CPU per hold ${cheaper} × lower`;
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
