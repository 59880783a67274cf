import type { OccupiedSchedule } from '../../../src/client/answers.ts';
import { type ElementNode, h } from '../../view/node.ts';
import { inOrder, neighbour } from '../occupancy.ts';
import type { OccupancyOrder } from '../ops-state.ts';
import type { OpsContext } from './ops-context.ts';
import { tableToggle } from './table-toggle.ts';

/** Up to this many schedules show their names; more are bars only, and the panel shows the chosen one's figures. */
const NAMED_DATES = 24;
const ARROWS: ReadonlySet<string> = new Set(['ArrowLeft', 'ArrowRight', 'ArrowUp', 'ArrowDown', 'Home', 'End']);

/** Whether there are too many schedules to name each. */
export function areDatesMany(count: number): boolean {
  return count > NAMED_DATES;
}

/** Every schedule as a bar: sold, on hold, free. */
export function occupancyPanel(context: OpsContext): ElementNode {
  const { state, words, format, actions } = context;
  const schedules = inOrder(state.overview?.schedules ?? [], state.order);
  const leftOut = state.overview?.schedulesLeftOut ?? 0;
  return h(
    'section',
    { class: 'ops-panel', 'aria-labelledby': 'occupancy-title' },
    h(
      'div',
      { class: 'ops-panel-head' },
      h('h2', { id: 'occupancy-title' }, words.occupancy),
      h('span', { class: 'soft small figures' }, words.occupancyOf(format.number(schedules.length + leftOut))),
      schedules.length > 0 && [
        tableToggle(state.isScheduleTableShown, words.asTable, actions.toggleScheduleTable),
        orderChoice(context),
      ],
    ),
    schedules.length === 0 && h('p', { class: 'soft' }, words.noSchedules),
    schedules.length > 0 &&
      (state.isScheduleTableShown ? scheduleTable(schedules, context) : field(schedules, context)),
    leftOut > 0 && h('p', { class: 'soft small' }, words.leftOut(format.number(leftOut))),
  );
}

function field(schedules: readonly OccupiedSchedule[], context: OpsContext): ElementNode {
  const { state, words } = context;
  const isDense = areDatesMany(schedules.length);
  const chosen = schedules.find(({ scheduleId }) => scheduleId === state.chosenSchedule);
  return h(
    'div',
    {},
    legend(context),
    h(
      'p',
      { class: 'date-read-out small figures' },
      chosen === undefined ? words.scheduleHint : readOut(chosen, context),
    ),
    h(
      'ul',
      { class: `dates ${isDense ? 'dates-dense' : 'dates-named'}` },
      schedules.map((schedule, index) => [
        !isDense &&
          schedule.concertId !== schedules[index - 1]?.concertId &&
          // For the eye only: the accessible name of each schedule includes the concert.
          h('li', { key: `group ${schedule.scheduleId}`, class: 'date-group', 'aria-hidden': true }, schedule.title),
        dateItem(schedule, index, schedules, isDense, context),
      ]),
    ),
  );
}

function orderChoice({ state, words, actions }: OpsContext): ElementNode {
  const orders: readonly (readonly [OccupancyOrder, string])[] = [
    ['date', words.byDate],
    ['fullness', words.byFullness],
  ];
  return h(
    'div',
    { class: 'segments', role: 'group', 'aria-label': words.order },
    orders.map(([order, name]) =>
      h(
        'button',
        {
          key: order,
          type: 'button',
          class: 'segment',
          'aria-pressed': order === state.order,
          on: { click: () => actions.orderBy(order) },
        },
        name,
      ),
    ),
  );
}

function legend({ words }: OpsContext): ElementNode {
  return h(
    'ul',
    { class: 'date-legend small' },
    [
      ['sold', words.soldSeats],
      ['held', words.heldSeats],
      ['free', words.freeSeats],
    ].map(([kind, name]) =>
      h('li', { key: kind ?? '' }, h('span', { class: `swatch seats-${kind}`, 'aria-hidden': 'true' }), name),
    ),
  );
}

function dateItem(
  schedule: OccupiedSchedule,
  index: number,
  schedules: readonly OccupiedSchedule[],
  isDense: boolean,
  context: OpsContext,
): ElementNode {
  const { state, format, actions } = context;
  const { scheduleId, totalSeats, confirmed, held, availableSeats } = schedule;
  const isKnown = schedules.some((other) => other.scheduleId === state.chosenSchedule);
  const isChosen = scheduleId === state.chosenSchedule;
  const part = (seats: number): string => `${totalSeats === 0 ? 0 : (seats / totalSeats) * 100}%`;

  function move(event: KeyboardEvent): void {
    const item = event.currentTarget;
    if (!ARROWS.has(event.key) || !(item instanceof HTMLElement)) return;
    event.preventDefault();
    const buttons = [...(item.closest('ul')?.querySelectorAll('button') ?? [])];
    const next = neighbour(index, event.key, columnsOf(buttons), buttons.length);
    actions.choose(schedules[next]?.scheduleId ?? null);
    buttons[next]?.focus();
  }

  return h(
    'li',
    { key: scheduleId },
    h(
      'button',
      {
        type: 'button',
        class: `date ${availableSeats === 0 ? 'date-full' : ''}`,
        // One tab stop; arrow keys move within.
        tabindex: isChosen || (!isKnown && index === 0) ? 0 : -1,
        'aria-pressed': isChosen,
        on: {
          click: () => actions.choose(scheduleId),
          focus: () => actions.choose(scheduleId),
          pointerenter: () => actions.choose(scheduleId),
          keydown: move,
        },
      },
      h('span', { class: 'unseen' }, describe(schedule, context)),
      !isDense && h('span', { class: 'date-day figures', 'aria-hidden': true }, format.day(schedule.date)),
      h(
        'span',
        { class: 'date-bar', vars: { '--sold': part(confirmed), '--held': part(held) } },
        h('span', { class: 'seats-sold' }),
        h('span', { class: 'seats-held' }),
      ),
      !isDense &&
        h(
          'span',
          { class: 'date-counts figures', 'aria-hidden': true },
          h('span', {}, format.number(confirmed)),
          h('span', {}, `+${format.number(held)}`),
          h('span', { class: 'soft' }, `/ ${format.number(totalSeats)}`),
        ),
    ),
  );
}

/** The number of buttons in the first row. */
function columnsOf(buttons: readonly HTMLElement[]): number {
  const top = buttons[0]?.getBoundingClientRect().top;
  const inSecondRow = buttons.findIndex((button) => button.getBoundingClientRect().top !== top);
  return inSecondRow === -1 ? Math.max(1, buttons.length) : inSecondRow;
}

function describe(
  { title, startsAt, totalSeats, confirmed, held, availableSeats }: OccupiedSchedule,
  context: OpsContext,
): string {
  const { words, format } = context;
  const [total, sold, onHold, free] = [totalSeats, confirmed, held, availableSeats].map(format.number);
  return words.scheduleWords(title, format.moment(startsAt), total ?? '', sold ?? '', onHold ?? '', free ?? '');
}

function readOut(schedule: OccupiedSchedule, context: OpsContext): string {
  return `${describe(schedule, context)} · ${context.words.owner}: ${ownerWords(schedule, context)}`;
}

function ownerWords({ owner }: OccupiedSchedule, { state, words }: OpsContext): string {
  if (owner === null) return words.noOwner;
  const isAlive = state.overview?.nodes.some(({ node, alive }) => node === owner && alive) ?? false;
  const [name] = owner.split(':');
  return isAlive ? (name ?? owner) : `${name} (${words.deadOwner})`;
}

function scheduleTable(schedules: readonly OccupiedSchedule[], context: OpsContext): ElementNode {
  const { words, format } = context;
  const columns = [words.total, words.soldSeats, words.heldSeats, words.freeSeats];
  return h(
    'div',
    { class: 'chart-table-frame', role: 'region', 'aria-label': `${words.occupancy}: ${words.asTable}`, tabindex: 0 },
    h(
      'table',
      { class: 'table small figures' },
      h(
        'thead',
        {},
        h(
          'tr',
          {},
          [words.concert, words.date].map((name) => h('th', { key: name, scope: 'col' }, name)),
          columns.map((name) => h('th', { key: name, scope: 'col', class: 'number' }, name)),
          h('th', { key: 'owner', scope: 'col' }, words.owner),
        ),
      ),
      h(
        'tbody',
        {},
        schedules.map((schedule) =>
          h(
            'tr',
            { key: schedule.scheduleId },
            h('th', { scope: 'row' }, schedule.title),
            h('td', {}, format.moment(schedule.startsAt)),
            [schedule.totalSeats, schedule.confirmed, schedule.held, schedule.availableSeats].map((seats) =>
              h('td', { class: 'number' }, format.number(seats)),
            ),
            h('td', {}, ownerWords(schedule, context)),
          ),
        ),
      ),
    ),
  );
}
