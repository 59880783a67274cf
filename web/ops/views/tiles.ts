import { type ElementNode, h } from '../../view/node.ts';
import { ratePerSecond, topRefusals } from '../timeline.ts';
import type { OpsContext } from './ops-context.ts';

/** Enough samples that a figure can be read before it changes. */
const RATE_STEPS = 5;
const MINUTE_STEPS = 60;

/** The figures that an operator needs first. */
export function tiles({ state, words, format }: OpsContext): ElementNode {
  const { samples } = state.timeline;
  const last = samples.at(-1);
  const totals = state.overview?.totals;
  const seats = state.overview?.schedules.reduce((sum, { totalSeats }) => sum + totalSeats, 0) ?? 0;
  const rate = (count: Parameters<typeof ratePerSecond>[2]): string =>
    format.figure(ratePerSecond(samples, RATE_STEPS, count), 0);
  const [refusal] = topRefusals(samples, MINUTE_STEPS);
  const paid = samples.slice(-MINUTE_STEPS).reduce((sum, { payments }) => sum + payments, 0);
  const known = (value: number | undefined, show: (value: number) => string): string =>
    value === undefined ? '–' : show(value);
  const seatsSold = state.overview?.schedules.reduce((sum, { confirmed }) => sum + confirmed, 0) ?? 0;

  const most = state.overview?.concerts.reduce((sum, { queue }) => sum + queue.maxActive, 0) ?? 0;

  function tile(name: string, value: string, unit: string, note: string, look = 'tile'): ElementNode {
    return h(
      'div',
      { key: name, class: look },
      h('dt', { class: 'tile-name' }, name),
      h('dd', { class: 'tile-value figures' }, value, unit !== '' && h('span', { class: 'tile-unit' }, unit)),
      h('dd', { class: 'tile-note' }, note),
    );
  }

  return h(
    'section',
    { class: 'tiles-frame', 'aria-label': words.figures },
    h(
      'dl',
      { class: 'tiles' },
      tile(
        words.holdsRate,
        rate((sample) => sample.holds),
        words.perSecond,
        known(totals?.held, (held) => words.holding(format.number(held))),
      ),
      tile(
        words.refusalsRate,
        rate((sample) => sample.refusals),
        words.perSecond,
        refusal?.code ?? words.none,
      ),
      tile(
        words.paymentsRate,
        rate((sample) => sample.payments),
        words.perSecond,
        words.paymentsOf(format.number(paid)),
      ),
      tile(
        words.sold,
        known(totals?.confirmed, format.number),
        '',
        words.ofSeats(format.number(seats), format.percent(seats === 0 ? 0 : seatsSold / seats)),
      ),
      tile(
        words.revenue,
        known(totals?.revenue, format.moneyShort),
        '',
        words.concertsOf(format.number(state.overview?.concerts.length ?? 0)),
        'tile tile-wide',
      ),
      tile(
        words.waiting,
        known(last?.waiting, format.number),
        '',
        words.admissionsOf(rate((sample) => sample.admissions)),
      ),
      tile(words.active, known(last?.active, format.number), '', words.insideOf(format.number(most))),
    ),
  );
}
