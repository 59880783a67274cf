import { type ToPay, toPay } from '../state/own-holds.ts';
import { reservedSeatName } from '../language/seat-name.ts';
import { hashOf } from '../state/route.ts';
import { type Child, type ElementNode, h } from '../view/node.ts';
import { extendButton } from './extend-button.ts';
import { icon } from './icon.ts';
import { poster } from './poster.ts';
import type { ViewContext } from './view-context.ts';

/** The countdown warns below this. */
const HURRY_MS = 60_000;

/** Links to the checkout of seats that are held and unpaid, on every page that does not show them otherwise. */
export function holdsStrip(context: ViewContext): Child {
  const { state, t } = context;
  const { route } = state;
  if (route.name === 'tickets') return null;
  const here = route.name === 'hall' || route.name === 'checkout' ? route.scheduleId : null;
  const waiting = toPay(state).filter(({ scheduleId }) => scheduleId !== here);
  if (waiting.length === 0) return null;
  return h(
    'ul',
    { key: 'holds', class: 'holds-strip', 'aria-label': t.holds.label },
    waiting.map((one) => h('li', { key: one.scheduleId }, payLink(context, one), extendButton(context, one))),
  );
}

function payLink({ state, t, f }: ViewContext, one: ToPay): ElementNode {
  const remainingMs = one.endMs - state.nowMs;
  return h(
    'a',
    { class: remainingMs < HURRY_MS ? 'hold-link hurry' : 'hold-link', href: hashOf({ name: 'checkout', ...one }) },
    icon('clock'),
    h(
      'span',
      { class: 'hold-link-words' },
      h('strong', { class: 'figures' }, t.holds.remaining(one.seats.length, f.countdown(remainingMs))),
      h('span', { class: 'hold-link-name' }, state.concertById.get(one.concertId)?.title ?? ''),
    ),
    h('span', { class: 'hold-link-go' }, t.holds.pay),
    icon('forward'),
  );
}

/** The same among the tickets, where it will become one. */
export function holdCards({ state, t, f }: ViewContext): readonly ElementNode[] {
  return toPay(state).map((one) => {
    const concert = state.concertById.get(one.concertId);
    const timeZone = concert?.timeZone ?? 'Asia/Seoul';
    return h(
      'li',
      { key: `hold-${one.scheduleId}` },
      h(
        'a',
        { class: 'ticket-line ticket-line-unpaid', href: hashOf({ name: 'checkout', ...one }) },
        h('span', { class: 'ticket-line-art' }, poster(one.concertId)),
        h(
          'span',
          { class: 'ticket-line-words' },
          h('strong', { class: 'ticket-line-name' }, concert?.title ?? ''),
          h('span', { class: 'soft' }, `${f.date(one.startsAt, timeZone)} ${f.time(one.startsAt, timeZone)}`),
          h('span', { class: 'soft' }, f.list(one.seats.map((seat) => reservedSeatName(seat, t)))),
        ),
        h(
          'span',
          { class: 'ticket-line-end' },
          h('span', { class: 'figures' }, f.money(one.amount)),
          h(
            'span',
            { class: 'chip chip-accent figures' },
            t.holds.remaining(one.seats.length, f.countdown(one.endMs - state.nowMs)),
          ),
        ),
        icon('forward'),
      ),
    );
  });
}
