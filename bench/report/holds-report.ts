import { formatFixed, median } from '../../harness/table.ts';
import type { MeasuredLoad } from '../load/measured-load.ts';
import { acceptedRate, cpuUsOf, describePhases, medianOf, ratioOf } from './phase-tables.ts';
import { describeRun, describeVerdict, type RunFigures } from './run-figures.ts';

/** A phase of holds. */
export interface HoldsPhase extends MeasuredLoad {
  /** Null where every hold is a commit of its own. */
  readonly flushes: { readonly entriesPerFlush: number; readonly flushMs: number } | null;
}

const LABELS = new Map([
  ['frontrow', 'frontrow'],
  ['row-lock', 'SELECT … FOR UPDATE per hold'],
  ['row-lock-pipelined', 'the same, pipelined'],
  ['conditional', 'one UPDATE … INSERT per hold'],
  ['empty', 'empty Fastify route, POST'],
  ['empty-get', 'empty Fastify route, GET'],
]);

/** The report of the holds benchmark as text. */
export function summariseHolds(figures: RunFigures & { readonly phases: readonly HoldsPhase[] }): string {
  const { phases, faults } = figures;
  return [
    ...describeRun(figures),
    '',
    ...describePhases(phases, {
      labels: LABELS,
      parts: { node: ({ node }) => node ?? NaN, PG: ({ postgres }) => postgres ?? NaN },
      columns: [{ heading: 'refused/s', figure: ({ refusedPerSecond }) => refusedPerSecond }],
    }),
    '',
    ...describeRatios(phases),
    ...describeFlushes(phases),
    describeVerdict(faults, 'audit: every acknowledged hold is stored once, no seat has two holders'),
  ].join('\n');
}

function describeRatios(phases: readonly HoldsPhase[]): string[] {
  const names = [...LABELS.keys()].filter((name) => phases.some(({ contestant }) => contestant === name));
  if (!names.includes('frontrow')) return [];
  return names
    .filter((name) => name !== 'frontrow')
    .map((name) => {
      const faster = formatFixed(ratioOf(phases, ['frontrow', name], acceptedRate), 2);
      const words = `frontrow / ${LABELS.get(name)}: ${faster} × the rate`;
      if (name.startsWith('empty')) return words;
      const cheaper = formatFixed(ratioOf(phases, [name, 'frontrow'], cpuUsOf), 2);
      const paired = formatFixed(median(ratiosByRound(phases, name)), 2);
      return `${words}, CPU per hold ${cheaper} × lower; median of the rounds' own ratios ${paired} ×`;
    });
}

/** CPU per hold of this contestant divided by frontrow's, round by round: seconds apart, on a machine whose pace drifts. */
function ratiosByRound(phases: readonly HoldsPhase[], name: string): number[] {
  return phases
    .filter(({ contestant }) => contestant === name)
    .flatMap((phase) => {
      const own = phases.filter(({ round }) => round === phase.round);
      const frontrowUs = medianOf(own, 'frontrow', cpuUsOf);
      return frontrowUs === 0 ? [] : [cpuUsOf(phase) / frontrowUs];
    });
}

function describeFlushes(phases: readonly HoldsPhase[]): string[] {
  const flushes = phases.flatMap((phase) => phase.flushes ?? []);
  if (flushes.length === 0) return [];
  const entries = formatFixed(median(flushes.map(({ entriesPerFlush }) => entriesPerFlush)), 1);
  const flushMs = formatFixed(median(flushes.map((flush) => flush.flushMs)), 2);
  return [`frontrow commits ${entries} holds at a time, in ${flushMs} ms`];
}
