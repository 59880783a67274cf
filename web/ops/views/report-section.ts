import type { SalesReport } from '../../../src/client/answers.ts';
import { type Child, type ElementNode, h } from '../../view/node.ts';
import { may } from '../console-state.ts';
import { EXPORT_FORMS, EXPORTED } from '../desks/report-desk.ts';
import { faultOf, panel, sectionHead, taskButton } from './console-parts.ts';
import { type Column, dataTable } from './data-table.ts';
import type { OpsContext } from './ops-context.ts';
import { barChart } from './bar-chart.ts';

type Row = SalesReport['rows'][number];

const GROUPS = ['date', 'hour', 'section', 'concert'] as const;
/** More bars cannot be told apart on a phone; the table has all rows. */
const MOST_BARS = 48;

/** The sales as a chart and as a table, and files of everything. */
export function reportSection(context: OpsContext): readonly Child[] {
  const { state, t, desks } = context;
  const { report } = state.console.reports;
  return [
    sectionHead(t.reports.title),
    h('div', { class: 'choices' }, concertChoice(context), groupChoice(context)),
    faultOf(context, 'report'),
    report === null
      ? h('p', { class: 'soft' }, t.loading)
      : panel('sales', t.reports.chart(t.reports.groups[report.by]), null, salesView(report, context)),
    may(state.console, 'MANAGER') &&
      panel(
        'exports',
        t.reports.exports,
        null,
        h('p', { class: 'soft small' }, t.reports.exportsHint),
        EXPORTED.map((table) =>
          h(
            'div',
            { key: table, class: 'export-row' },
            h('h3', { class: 'row-title' }, t.reports.tables[table]),
            h(
              'div',
              { class: 'button-row' },
              EXPORT_FORMS.map((form) =>
                taskButton(context, `export ${table}.${form}`, form.toUpperCase(), {
                  label: t.reports.download(t.reports.tables[table], form.toUpperCase()),
                  press: () => void desks.reports.download(table, form),
                }),
              ),
            ),
            EXPORT_FORMS.map((form) => faultOf(context, `export ${table}.${form}`)),
          ),
        ),
      ),
  ];
}

function concertChoice({ state, t, desks }: OpsContext): ElementNode {
  const { concertId } = state.console.reports;
  return h(
    'div',
    { class: 'field' },
    h('label', { class: 'field-label', for: 'report-concert' }, t.reports.concert),
    h(
      'select',
      {
        id: 'report-concert',
        class: 'field-input',
        value: String(concertId ?? ''),
        on: {
          change: ({ target }) => {
            if (!(target instanceof HTMLSelectElement)) return;
            void desks.reports.choose({ concertId: target.value === '' ? null : Number(target.value) });
          },
        },
      },
      h('option', { key: '', value: '' }, t.reports.allConcerts),
      (state.console.catalogue.concerts ?? []).map((concert) =>
        h('option', { key: concert.concertId, value: String(concert.concertId) }, concert.title),
      ),
    ),
  );
}

function groupChoice({ state, t, desks }: OpsContext): ElementNode {
  return h(
    'div',
    { class: 'segments', role: 'group', 'aria-label': t.reports.by },
    GROUPS.map((by) =>
      h(
        'button',
        {
          key: by,
          type: 'button',
          class: 'segment',
          'aria-pressed': by === state.console.reports.by,
          on: { click: () => void desks.reports.choose({ by }) },
        },
        t.reports.groups[by],
      ),
    ),
  );
}

function salesView(report: SalesReport, context: OpsContext): Child {
  const { t, format } = context;
  const { by, rows, totals } = report;
  if (rows.length === 0) return h('p', { class: 'soft' }, t.reports.noSales);
  const columns: readonly Column<Row>[] = [
    { name: t.reports.groups[by], cell: (row) => nameOf(row, report, context) },
    { name: t.reports.sold, isNumber: true, cell: ({ seatsSold }) => format.number(seatsSold) },
    { name: t.reports.refunded, isNumber: true, cell: ({ seatsRefunded }) => format.number(seatsRefunded) },
    { name: t.reports.net, isNumber: true, cell: ({ net }) => format.money(net) },
  ];
  const sums = [totals.seatsSold, totals.seatsRefunded].map((sum) => format.number(sum));
  return [
    barChart(
      rows.slice(-MOST_BARS).map((row) => ({ name: nameOf(row, report, context), value: row.net })),
      { label: t.reports.chart(t.reports.groups[by]), compact: format.compact },
    ),
    dataTable(t.reports.title, columns, rows, [
      h('th', { scope: 'row' }, t.reports.total),
      [...sums, format.money(totals.net)].map((sum, index) => h('td', { key: index, class: 'number' }, sum)),
    ]),
  ];
}

function nameOf(row: Row, { by, concertId }: SalesReport, { t, format }: OpsContext): string {
  const title = concertId === null && row.title !== null ? ` · ${row.title}` : '';
  switch (by) {
    case 'concert':
      return row.title ?? '';
    case 'date':
      return `${row.date === null ? '' : format.day(row.date)}${title}`;
    case 'section':
      return `${row.section ?? t.reports.noSection}${title}`;
    case 'hour':
      // The service writes the hour of the concert's clocks.
      return row.hour === null ? '' : `${format.day(row.hour.slice(0, 10))} ${row.hour.slice(11, 16)}`;
  }
}
