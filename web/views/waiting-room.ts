import type { ListedConcert, QueueToken } from '../../src/client/answers.ts';
import { type Child, type ElementNode, h } from '../view/node.ts';
import type { View } from '../state/view.ts';
import { steps } from './steps.ts';
import type { ViewContext } from './view-context.ts';

/** Seats of the row that lights up as the line moves. */
const SEATS_IN_ROW = 20;
/** A wait of this or less is over before the next look at the page. */
const SOON_SECONDS = 10;

/** The fan's place in the line. It updates by itself, and so does the next view. */
export function waitingRoomView(
  { state, office, t, f }: ViewContext,
  { concert, visit, place }: View & { name: 'waiting-room' },
): Child {
  const position = place.queuePosition ?? 0;
  const share = visit.furthestPosition <= 1 ? 1 : 1 - (position - 1) / visit.furthestPosition;
  return [
    steps('line', t),
    h(
      'section',
      { key: 'room', class: 'waiting-room', 'aria-labelledby': 'waiting-title' },
      h('p', { class: 'eyebrow' }, concert.title),
      h('h1', { id: 'waiting-title', class: 'waiting-title', tabindex: -1 }, t.waiting.title),
      h(
        'p',
        { class: 'waiting-place figures', 'data-testid': 'queue-position' },
        h('span', { class: 'unseen' }, t.waiting.place(f.number(position))),
        h('span', { key: position, class: 'waiting-number', 'aria-hidden': true }, f.number(position)),
      ),
      h('p', { class: 'waiting-eta' }, eta(place, concert, { t, f })),
      rowOfSeats(share, t.waiting.progress),
      h('p', { class: 'waiting-stay' }, t.waiting.stay),
      h(
        'button',
        {
          type: 'button',
          class: 'button button-quiet',
          'aria-busy': state.busy.has('leave'),
          on: { click: () => office.askToLeave() },
        },
        t.waiting.leave,
      ),
    ),
  ];
}

function eta(
  { estimatedWaitTime, estimatedWaitRange }: QueueToken,
  { queue }: ListedConcert,
  { t, f }: Pick<ViewContext, 't' | 'f'>,
): string {
  if (estimatedWaitTime === null || estimatedWaitRange === null)
    return queue?.paused === true ? t.waiting.paused : t.waiting.unknown;
  const [low, high] = estimatedWaitRange;
  if (high <= SOON_SECONDS) return t.waiting.anyMoment;
  const { from, to } = f.durationRange(low, high);
  return from === null ? t.waiting.upTo(to) : t.waiting.between(from, to);
}

function rowOfSeats(share: number, label: string): ElementNode {
  const lit = Math.round(Math.min(1, Math.max(0, share)) * SEATS_IN_ROW);
  return h(
    'div',
    {
      class: 'seat-progress',
      role: 'progressbar',
      'aria-label': label,
      'aria-valuemin': 0,
      'aria-valuemax': 100,
      'aria-valuenow': Math.round(share * 100),
    },
    Array.from({ length: SEATS_IN_ROW }, (_, index) => h('span', { class: index < lit ? 'seat-dot lit' : 'seat-dot' })),
  );
}
