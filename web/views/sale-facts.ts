import type { ListedConcert, QueueCounts } from '../../src/client/answers.ts';
import { datesOf, type Sale } from '../state/sale.ts';
import { type Child, type ElementNode, h } from '../view/node.ts';
import { icon, type IconName } from './icon.ts';
import type { ViewContext } from './view-context.ts';

type Words = Pick<ViewContext, 't' | 'f'>;

const LOOKS: Readonly<Record<Sale['name'], 'good' | 'accent' | 'plain'>> = {
  'on-sale': 'good',
  'few-left': 'accent',
  paused: 'accent',
  upcoming: 'accent',
  'sold-out': 'plain',
  undated: 'plain',
  closed: 'plain',
  cancelled: 'plain',
};

/** The one state of a sale, in a word or two. */
export function saleWords(sale: Sale, nowMs: number, { t, f }: Words): string {
  switch (sale.name) {
    case 'upcoming':
      return t.sale.opensIn(f.until(sale.opensMs - nowMs));
    case 'on-sale':
      return t.sale.onSale;
    case 'few-left':
      return t.sale.fewLeft(f.number(sale.left));
    case 'paused':
      return t.sale.paused;
    case 'sold-out':
      return t.sale.soldOut;
    case 'undated':
      return t.sale.undated;
    case 'closed':
      return t.sale.closed;
    case 'cancelled':
      return t.sale.cancelled;
  }
}

export function saleChip(sale: Sale, nowMs: number, words: Words): ElementNode {
  return h(
    'span',
    { class: `chip chip-${LOOKS[sale.name]}`, 'data-testid': `sale-${sale.name}` },
    saleWords(sale, nowMs, words),
  );
}

/** The length of the line, where it helps to join it; nothing while it is unknown, or empty because nobody is admitted. */
export function lineChip(queue: QueueCounts | null, { t, f }: Words): Child {
  if (queue === null || (queue.paused && queue.waiting === 0)) return null;
  const { waiting } = queue;
  return h(
    'span',
    { class: 'line-length' },
    icon(waiting === 0 ? 'check' : 'line'),
    waiting === 0 ? t.concerts.noLine : t.concerts.waiting(f.number(waiting)),
  );
}

/** When, where, for how much, and how many seats are left. */
export function saleFacts(concert: ListedConcert, sale: Sale, nowMs: number, { t, f }: Words): ElementNode {
  const { venue, timeZone, priceFrom, priceTo, bookingOpensAt } = concert;
  const dates = datesOf(concert.schedules, nowMs).filter(({ cancelled }) => !cancelled);
  const starts = dates.map(({ startsAt }) => startsAt);
  const opensAt = sale.name === 'upcoming' ? new Date(sale.opensMs).toISOString() : bookingOpensAt;
  const left = 'left' in sale ? t.sale.left(f.number(sale.left), f.number(sale.total)) : null;
  return h(
    'ul',
    { class: 'facts' },
    starts.length > 0 &&
      fact('calendar', f.dates(starts, timeZone), dates.length > 1 && ` · ${t.sale.dates(dates.length)}`),
    fact('place', venue),
    priceFrom !== null && priceTo !== null && fact('ticket', f.moneyRange(priceFrom, priceTo)),
    left !== null && fact('seat', left),
    sale.name === 'upcoming' && fact('clock', t.sale.opensAt(f.moment(opensAt))),
  );
}

function fact(sign: IconName, ...words: readonly Child[]): ElementNode {
  return h('li', { key: sign, class: 'fact' }, icon(sign), h('span', {}, ...words));
}
