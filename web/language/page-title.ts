import type { PageState } from '../state/page-state.ts';
import { firstEndMs, viewOf } from '../state/view.ts';
import type { Format } from './format.ts';
import type { Texts } from './korean.ts';

const NAME = 'frontrow';

/** The tab's title: it shows the place in line or the time left to pay, without a look at the page. */
export function pageTitle(state: PageState, t: Texts, f: Format): string {
  const view = viewOf(state);
  switch (view.name) {
    case 'waiting-room':
      return `${t.page.waiting(f.number(view.place.queuePosition ?? 0))} · ${NAME}`;
    case 'dates':
      return `${state.notice?.kind === 'admitted' ? t.page.admitted : t.dates.title} · ${view.concert.title} · ${NAME}`;
    case 'hall':
      return `${t.hall.title} · ${view.concert.title} · ${NAME}`;
    case 'checkout':
      return `${t.page.remaining(f.countdown((firstEndMs(view.holds) ?? state.nowMs) - state.nowMs))} · ${NAME}`;
    case 'lobby':
      return `${view.concert.title} · ${NAME}`;
    case 'ticket': {
      const { ticket } = state;
      const concert =
        typeof ticket === 'object' && ticket !== null ? state.concertById.get(ticket.concertId) : undefined;
      return concert === undefined ? `${t.tickets.title} · ${NAME}` : `${t.ticket.label} · ${concert.title} · ${NAME}`;
    }
    case 'tickets':
      return `${t.tickets.title} · ${NAME}`;
    case 'wallet':
      return `${t.wallet.title} · ${NAME}`;
    case 'missing':
      return `${t.missing.title} · ${NAME}`;
    case 'concerts': {
      const isAwaited = [...state.places.values()].some(({ status }) => status === 'ACTIVE');
      return `${isAwaited ? t.page.admitted : t.page.concerts} · ${NAME}`;
    }
    case 'loading':
      return `${t.page.concerts} · ${NAME}`;
  }
}
