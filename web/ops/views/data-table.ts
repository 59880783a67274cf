import { type Child, type ElementNode, h } from '../../view/node.ts';

export interface Column<T> {
  readonly name: string;
  readonly isNumber?: boolean;
  cell(row: T): Child;
}

/** A table that scrolls to the side in itself where the page is too narrow. The first column names the row. */
export function dataTable<T>(
  label: string,
  columns: readonly Column<T>[],
  rows: readonly T[],
  foot: readonly Child[] = [],
): ElementNode {
  const look = ({ isNumber }: Column<T>): string | null => (isNumber === true ? 'number' : null);
  return h(
    'div',
    { key: label, class: 'table-frame', role: 'group', 'aria-label': label, tabindex: 0 },
    h(
      'table',
      { class: 'table small' },
      h(
        'thead',
        {},
        h(
          'tr',
          {},
          columns.map((column) => h('th', { key: column.name, scope: 'col', class: look(column) }, column.name)),
        ),
      ),
      h(
        'tbody',
        {},
        rows.map((row) =>
          h(
            'tr',
            {},
            columns.map((column, index) =>
              index === 0
                ? h('th', { scope: 'row', class: look(column) }, column.cell(row))
                : h('td', { class: look(column) }, column.cell(row)),
            ),
          ),
        ),
      ),
      foot.length > 0 && h('tfoot', {}, h('tr', {}, foot)),
    ),
  );
}
