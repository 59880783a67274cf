import { formatFixed, formatTable, median } from '../../harness/table.ts';
import { countAccepted, type MeasuredLoad } from '../load/measured-load.ts';
import { cpuUsOf } from './phase-tables.ts';
import { describeRun, describeVerdict, type RunFigures } from './run-figures.ts';

/** One measured burst. */
export interface Burst {
  readonly scenario: string;
  /** `now` is the checkout that measures. */
  readonly checkout: 'now' | 'before';
  readonly measured: MeasuredLoad;
}

/** The counted answers of a burst. */
function answersOf({ measured: { result } }: Burst): number {
  const accepted = countAccepted(result.allAnswers);
  return accepted > 0 ? accepted : Object.values(result.allAnswers).reduce((sum, answers) => sum + answers, 0);
}

/** CPU of all bursts, divided by their answers: a burst that was disturbed counts by the work that it did. */
function cpuPerAnswer(bursts: readonly Burst[], cpuOf: (measured: MeasuredLoad) => number): number {
  const answers = bursts.reduce((sum, burst) => sum + answersOf(burst), 0);
  return bursts.reduce((sum, burst) => sum + cpuOf(burst.measured) * answersOf(burst), 0) / answers;
}

function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? NaN;
}

/** The report of the comparison as text: CPU per answer of both checkouts, and how the pairs of bursts spread. */
export function summariseComparison(figures: RunFigures & { readonly phases: readonly Burst[] }): string {
  const { phases, faults } = figures;
  const rows = [...new Set(phases.map(({ scenario }) => scenario))].map((scenario) => {
    const of = (checkout: Burst['checkout']): readonly Burst[] =>
      phases.filter((burst) => burst.scenario === scenario && burst.checkout === checkout);
    const [now, before] = [of('now'), of('before')];
    const ratios = now.map(({ measured }, index) => {
      const other = before[index]?.measured;
      return other === undefined ? NaN : cpuUsOf(measured) / cpuUsOf(other);
    });
    const node = ({ cpuUs }: MeasuredLoad): number => cpuUs['node'] ?? NaN;
    const [nowUs, beforeUs] = [cpuPerAnswer(now, cpuUsOf), cpuPerAnswer(before, cpuUsOf)];
    const rates = median(now.map(answersOf)) / median(before.map(answersOf));
    return [
      scenario,
      formatFixed(cpuPerAnswer(before, node), 1),
      formatFixed(cpuPerAnswer(now, node), 1),
      formatFixed(beforeUs, 1),
      formatFixed(nowUs, 1),
      formatFixed(nowUs / beforeUs, 3),
      `${formatFixed(median(ratios), 3)} (${formatFixed(quantile(ratios, 0.25), 2)}–${formatFixed(quantile(ratios, 0.75), 2)})`,
      formatFixed(rates, 3),
    ];
  });
  return [
    ...describeRun(figures),
    '',
    formatTable(
      [
        'CPU µs per answer',
        'node before',
        'node now',
        'all before',
        'all now',
        'ratio',
        'pairs: median (quartiles)',
        'rate',
      ],
      rows,
    ),
    '',
    'Ratios are this checkout divided by the other one: below 1 this checkout needs less CPU, or answers slower.',
    describeVerdict(faults, 'audit: both databases are clean, and every answer was the expected one'),
  ].join('\n');
}
