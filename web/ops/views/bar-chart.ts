import { type ElementNode, h } from '../../view/node.ts';
import { axisMarks } from '../scale.ts';

interface Bar {
  readonly name: string;
  readonly value: number;
}

const WIDTH = 720;
const HEIGHT = 200;
const PLOT = { left: 56, right: 712, top: 12, bottom: 176 };
const BAR_SHARE = 0.7;
const WIDEST_BAR = 64;
/** The axis reaches at least this far, in won, so that small sums look small. */
const LEAST_TOP = 1_000;
/** Names below the axis: the first, the last, and some between them. */
const NAMES = 4;

/** Bars of sums, in their order. The table beside them has the figures; this is for the eye. */
export function barChart(
  bars: readonly Bar[],
  { label, compact }: { readonly label: string; compact(value: number): string },
): ElementNode {
  const marks = axisMarks(
    bars.reduce((most, { value }) => Math.max(most, value), 0),
    LEAST_TOP,
  );
  const top = marks.at(-1) ?? LEAST_TOP;
  const step = (PLOT.right - PLOT.left) / bars.length;
  const width = Math.min(step * BAR_SHARE, WIDEST_BAR);
  const y = (value: number): number => PLOT.bottom - (Math.max(0, value) / top) * (PLOT.bottom - PLOT.top);
  const middle = (index: number): number => PLOT.left + (index + 0.5) * step;
  const namedEvery = Math.max(1, Math.ceil(bars.length / NAMES));
  return h(
    'svg',
    { key: label, class: 'chart bar-chart', viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: 'img', 'aria-label': label },
    marks.map((mark) =>
      h(
        'g',
        { key: `mark ${mark}` },
        h('line', { class: 'chart-grid-line', x1: PLOT.left, x2: PLOT.right, y1: y(mark), y2: y(mark) }),
        h('text', { class: 'chart-mark', x: PLOT.left - 6, y: y(mark) + 4, 'text-anchor': 'end' }, compact(mark)),
      ),
    ),
    bars.map(({ value }, index) =>
      h('rect', {
        key: `bar ${index}`,
        class: 'bar',
        x: (middle(index) - width / 2).toFixed(1),
        y: y(value).toFixed(1),
        width: width.toFixed(1),
        height: (PLOT.bottom - y(value)).toFixed(1),
        rx: 2,
      }),
    ),
    bars.map(
      ({ name }, index) =>
        index % namedEvery === 0 &&
        h(
          'text',
          { key: `name ${index}`, class: 'chart-mark', x: middle(index), y: HEIGHT - 6, 'text-anchor': 'middle' },
          name.length > 14 ? `${name.slice(0, 13)}…` : name,
        ),
    ),
  );
}
