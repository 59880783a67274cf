import type { BestSeatsWish } from '../../src/client/shopper-client.ts';
import type { Hall } from '../state/page-state.ts';
import type { SeatPlan } from '../state/seat-plan.ts';
import { type Child, type ElementNode, h } from '../view/node.ts';
import { accessibleNeed } from './accessible-need.ts';
import { icon } from './icon.ts';
import { type PriceGroup, priceGroups } from './price-levels.ts';
import type { ViewContext } from './view-context.ts';

/** The service's limit of seats that it chooses at once. */
const MOST = 10;

/** Has the service choose the best seats: how many, side by side, where and for how much. */
export function bestSeats(context: ViewContext, hall: Hall, plan: SeatPlan, limit: number): Child {
  const { state, office, t } = context;
  return [
    h(
      'div',
      { key: 'best-head', class: 'best-head' },
      h('h2', { class: 'choice-title best-title' }, t.best.title),
      h(
        'button',
        {
          type: 'button',
          class: 'button button-icon',
          'aria-label': t.best.close,
          title: t.best.close,
          on: { click: () => office.turnToWishing(false) },
        },
        icon('close'),
      ),
    ),
    h(
      'form',
      {
        key: 'best',
        id: 'best-seats',
        class: 'best-form',
        'aria-label': t.best.title,
        placed: (form) => form.querySelector('select')?.focus({ preventScroll: true }),
        on: {
          submit: (event) => {
            event.preventDefault();
            if (event.currentTarget instanceof HTMLFormElement)
              office.holdBest(wishOf(new FormData(event.currentTarget)));
          },
        },
      },
      h('p', { class: 'soft small best-lead' }, t.best.lead),
      counts(context, Math.min(MOST, limit)),
      prices(context, priceGroups(hall.seats, plan), plan),
      plan.sections.length > 1 &&
        choice(
          t.best.section,
          'section',
          h('option', { value: '' }, t.best.anySection),
          plan.sections.map(({ name }) => h('option', { key: name, value: name }, name)),
        ),
      h(
        'label',
        { class: 'check' },
        h('input', { type: 'checkbox', name: 'together', value: 'true', placed: check }),
        t.best.together,
      ),
      accessibleNeed(context, hall, plan),
      h(
        'button',
        {
          type: 'submit',
          class: 'button button-primary button-large button-wide',
          'aria-busy': state.busy.get('hold') === 'best',
          disabled: state.busy.has('hold') && state.busy.get('hold') !== 'best',
        },
        t.best.go,
      ),
    ),
  ];
}

/** Opens the search in place of the map's choice. */
export function bestSeatsButton({ office, t }: ViewContext): ElementNode {
  return h(
    'button',
    {
      key: 'best-open',
      type: 'button',
      class: 'button button-large best-open',
      'aria-expanded': false,
      on: { click: () => office.turnToWishing(true) },
    },
    icon('seat'),
    t.best.open,
  );
}

function check(box: Element): void {
  if (box instanceof HTMLInputElement) box.checked = true;
}

function counts({ t }: ViewContext, most: number): ElementNode {
  const usual = Math.min(2, most);
  const numbers = [usual, ...Array.from({ length: most }, (_, index) => index + 1).filter((count) => count !== usual)];
  return choice(
    t.best.count,
    'count',
    numbers
      .toSorted((one, other) => one - other)
      .map((count) =>
        h('option', { key: count, value: String(count), selected: count === usual }, t.best.seats(count)),
      ),
  );
}

/** Levels by name in a drawn hall, and the highest price in every one. */
function prices({ t, f }: ViewContext, groups: ReadonlyMap<string, PriceGroup>, plan: SeatPlan): Child {
  if (groups.size < 2) return null;
  const all = [...groups.values()];
  const levels = [...new Set(all.flatMap(({ level }) => level ?? []))];
  const limits = [...new Set(all.map(({ price }) => price))].slice(1);
  const upTo = limits.map((price) => h('option', { key: price, value: `price ${price}` }, t.best.upTo(f.money(price))));
  return choice(
    t.best.price,
    'price',
    h('option', { value: '' }, t.best.anyPrice),
    plan.isDrawn
      ? [
          h(
            'optgroup',
            { key: 'levels', label: t.best.levels },
            levels.map((level) => h('option', { key: level, value: `level ${level}` }, level)),
          ),
          limits.length > 0 && h('optgroup', { key: 'limits', label: t.best.highest }, upTo),
        ]
      : upTo,
  );
}

function choice(label: string, name: string, ...options: readonly Child[]): ElementNode {
  const id = `best-${name}`;
  return h(
    'div',
    { key: name, class: 'best-field' },
    h('label', { class: 'field-label small', for: id }, label),
    h('select', { id, class: 'field-input', name }, options),
  );
}

function wishOf(form: FormData): BestSeatsWish {
  const [section, price] = [form.get('section'), form.get('price')];
  const level = typeof price === 'string' && price.startsWith('level ') ? price.slice('level '.length) : null;
  const maxPrice =
    typeof price === 'string' && price.startsWith('price ') ? Number(price.slice('price '.length)) : null;
  return {
    count: Number(form.get('count')),
    together: form.get('together') === 'true',
    ...(typeof section === 'string' && section !== '' ? { section } : {}),
    ...(level === null ? {} : { level }),
    ...(maxPrice === null ? {} : { maxPrice }),
  };
}
