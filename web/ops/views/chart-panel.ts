import type { ActivitySample } from '../../../src/client/answers.ts';
import { type ElementNode, h } from '../../view/node.ts';
import { type Chart, opsCharts, pointOf, type Series, tableOf } from '../chart.ts';
import { linePath, type Projection } from '../line-path.ts';
import { axisMarks } from '../scale.ts';
import type { OpsContext } from './ops-context.ts';
import { tableToggle } from './table-toggle.ts';

const WIDTH = 360;
const HEIGHT = 148;
const PLOT = { left: 42, right: 352, top: 10, bottom: 124 };
const SPANS_MINUTES = [2, 5, 10];
/** The times that the axis labels, in minutes ago, by its span. */
const TIME_MARKS: Readonly<Record<number, readonly number[]>> = {
  2: [2, 1, 0],
  5: [5, 4, 3, 2, 1, 0],
  10: [10, 8, 6, 4, 2, 0],
};
const MINUTE_MS = 60_000;
const TABLE_STEP_SAMPLES = 10;
/** Samples are a second apart; the line breaks where two are missing. */
const GAP_MS = 2_500;
const LINE_KINDS = ['solid', 'dashed', 'dotted'] as const;

function lineKind({ isAlarm }: Series, index: number): string {
  return isAlarm === true ? 'alarm' : (LINE_KINDS[index] ?? 'solid');
}

/** The charts of the last minutes, with one cursor for all. */
export function chartPanel(context: OpsContext): ElementNode {
  const { state, words, actions } = context;
  const samples = state.timeline.samples.slice(-state.minutes * 60);
  return h(
    'section',
    { class: 'ops-panel ops-charts', 'aria-labelledby': 'charts-title' },
    h(
      'div',
      { class: 'ops-panel-head' },
      h('h2', { id: 'charts-title' }, words.charts),
      tableToggle(state.areTablesShown, words.asTable, actions.toggleTables),
      h(
        'div',
        { class: 'segments', role: 'group', 'aria-label': words.span },
        SPANS_MINUTES.map((minutes) =>
          h(
            'button',
            {
              key: minutes,
              type: 'button',
              class: 'segment',
              'aria-pressed': minutes === state.minutes,
              on: { click: () => actions.showMinutes(minutes) },
            },
            words.minutes(minutes),
          ),
        ),
      ),
    ),
    h(
      'div',
      { class: 'chart-grid' },
      opsCharts(words).map((chart) => drawChart(chart, samples, context)),
    ),
  );
}

function drawChart(chart: Chart, samples: readonly ActivitySample[], context: OpsContext): ElementNode {
  const { state, words, format, actions } = context;
  const shown = samples.find(({ number }) => number === state.cursor) ?? samples.at(-1);
  const figure = (value: number | null | undefined): string => figureOf(value, chart, context);
  const atWords = shown === undefined ? words.noFigures : format.clock(Date.parse(shown.at));
  const figures = chart.series.map(({ name, read }) => `${name} ${figure(shown && read(shown))}`);
  const plot = (): ElementNode =>
    h(
      'div',
      { class: 'chart-plot' },
      drawing(chart, samples, context, `${chart.title}, ${chart.unit}. ${atWords}: ${figures.join(', ')}`),
      samples.length > 1 &&
        h('input', {
          type: 'range',
          class: 'chart-scrub',
          min: samples[0]?.number,
          max: samples.at(-1)?.number,
          step: 1,
          value: String(shown?.number ?? 0),
          'aria-label': words.readOut(chart.title),
          'aria-valuetext': `${atWords}: ${figures.join(', ')}`,
          on: {
            input: (event) => {
              if (event.target instanceof HTMLInputElement) actions.pointAt(Number(event.target.value));
            },
            blur: () => actions.pointAt(null),
          },
        }),
    );
  return h(
    'figure',
    { key: chart.id, class: 'chart', 'aria-labelledby': `chart-${chart.id}` },
    h(
      'figcaption',
      { class: 'chart-head' },
      h('h3', { id: `chart-${chart.id}`, class: 'chart-title' }, chart.title),
      h('span', { class: 'chart-unit' }, chart.unit),
      shown !== undefined && state.cursor === shown.number && h('span', { class: 'chart-time figures' }, atWords),
    ),
    h(
      'ul',
      { class: 'chart-legend figures' },
      chart.series.map((series, index) =>
        h(
          'li',
          { key: series.name },
          legendLine(lineKind(series, index)),
          h('span', {}, series.name),
          h('strong', {}, figure(shown && series.read(shown))),
        ),
      ),
    ),
    state.areTablesShown ? drawTable(chart, samples, context) : plot(),
  );
}

function drawing(
  chart: Chart,
  samples: readonly ActivitySample[],
  { state, words, format, actions }: OpsContext,
  label: string,
): ElementNode {
  const spanMs = state.minutes * MINUTE_MS;
  const endMs = Date.parse(samples.at(-1)?.at ?? '') || 0;
  const lines = chart.series.map((series, index) => ({
    kind: lineKind(series, index),
    points: samples.map((sample) => pointOf(series, sample)),
  }));
  const highest = Math.max(0, ...lines.flatMap(({ points }) => points.map(({ value }) => value ?? 0)));
  const marks = axisMarks(highest, chart.atLeast);
  const top = marks.at(-1) ?? chart.atLeast;
  const projection: Projection = {
    x: (atMs) => PLOT.right - ((endMs - atMs) / spanMs) * (PLOT.right - PLOT.left),
    y: (value) => PLOT.bottom - (value / top) * (PLOT.bottom - PLOT.top),
  };
  const cursor = samples.find(({ number }) => number === state.cursor);

  function pointAt(event: PointerEvent): void {
    if (!(event.currentTarget instanceof SVGElement)) return;
    const { left, width } = event.currentTarget.getBoundingClientRect();
    const x = ((event.clientX - left) / width) * WIDTH;
    const atMs = endMs - ((PLOT.right - x) / (PLOT.right - PLOT.left)) * spanMs;
    const distance = (sample: ActivitySample): number => Math.abs(Date.parse(sample.at) - atMs);
    let nearest = samples[0];
    for (const sample of samples) if (nearest === undefined || distance(sample) < distance(nearest)) nearest = sample;
    actions.pointAt(nearest?.number ?? null);
  }

  return h(
    'svg',
    {
      class: 'chart-drawing',
      viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
      role: 'img',
      'aria-label': label,
      on: { pointermove: pointAt, pointerdown: pointAt, pointerleave: () => actions.pointAt(null) },
    },
    marks.map((mark) =>
      h(
        'g',
        { key: `mark ${mark}` },
        h('line', {
          class: 'chart-grid-line',
          x1: PLOT.left,
          x2: PLOT.right,
          y1: projection.y(mark),
          y2: projection.y(mark),
        }),
        h(
          'text',
          { class: 'chart-mark', x: PLOT.left - 6, y: projection.y(mark) + 4, 'text-anchor': 'end' },
          format.compact(mark),
        ),
      ),
    ),
    TIME_MARKS[state.minutes]?.map((minutes) =>
      h(
        'text',
        {
          key: `time ${minutes}`,
          class: 'chart-mark',
          x: projection.x(endMs - minutes * MINUTE_MS),
          y: HEIGHT - 6,
          'text-anchor': minutes === 0 ? 'end' : 'middle',
        },
        minutes === 0 ? words.now : words.minutesAgo(minutes),
      ),
    ),
    // The most important line is drawn last, above the others.
    lines
      .map(({ kind, points }) =>
        h('path', {
          key: `line ${kind}`,
          class: `chart-line chart-line-${kind}`,
          d: linePath(points, projection, GAP_MS),
        }),
      )
      .toReversed(),
    cursor !== undefined && [
      h('line', {
        key: 'cursor',
        class: 'chart-cursor',
        x1: projection.x(Date.parse(cursor.at)),
        x2: projection.x(Date.parse(cursor.at)),
        y1: PLOT.top,
        y2: PLOT.bottom,
      }),
      chart.series.map((series, index) => {
        const value = pointOf(series, cursor).value;
        return (
          value !== null &&
          h('circle', {
            key: `dot ${index}`,
            class: `chart-dot chart-dot-${lineKind(series, index)}`,
            cx: projection.x(Date.parse(cursor.at)),
            cy: projection.y(value),
            r: 3.5,
          })
        );
      }),
    ],
  );
}

function legendLine(kind: string): ElementNode {
  return h(
    'svg',
    { class: 'legend-line', viewBox: '0 0 22 8', 'aria-hidden': 'true' },
    h('path', { class: `chart-line chart-line-${kind}`, d: 'M1 4H21' }),
  );
}

function drawTable(chart: Chart, samples: readonly ActivitySample[], context: OpsContext): ElementNode {
  const { words, format } = context;
  return h(
    'div',
    { class: 'chart-table-frame', role: 'region', 'aria-label': `${chart.title}: ${words.asTable}`, tabindex: 0 },
    h(
      'table',
      { class: 'table small figures' },
      h(
        'thead',
        {},
        h(
          'tr',
          {},
          h('th', { scope: 'col' }, words.time),
          chart.series.map(({ name }) => h('th', { key: name, scope: 'col', class: 'number' }, name)),
        ),
      ),
      h(
        'tbody',
        {},
        tableOf(chart, samples, TABLE_STEP_SAMPLES).map(({ at, values }) =>
          h(
            'tr',
            {},
            h('th', { scope: 'row' }, format.clock(Date.parse(at))),
            values.map((value) => h('td', { class: 'number' }, figureOf(value, chart, context))),
          ),
        ),
      ),
    ),
  );
}

function figureOf(value: number | null | undefined, { digits }: Chart, { format }: OpsContext): string {
  return value === null || value === undefined ? '–' : format.figure(value, digits);
}
