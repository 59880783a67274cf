import { viewOf } from '../state/view.ts';
import { type Child, type ElementNode, h } from '../view/node.ts';
import { checkoutView } from './checkout.ts';
import { concertsView } from './concerts.ts';
import { datesView } from './dates.ts';
import { dialogView } from './dialogs.ts';
import { hallView } from './hall.ts';
import { lobbyView } from './lobby.ts';
import { pageFrame } from './page-frame.ts';
import { ticketView } from './ticket.ts';
import { ticketsView } from './tickets.ts';
import { waitingRoomView } from './waiting-room.ts';
import { walletView } from './wallet.ts';
import type { ViewContext } from './view-context.ts';

/** The whole page. */
export function pageOf(context: ViewContext): readonly ElementNode[] {
  const dialog = dialogView(context);
  return [...pageFrame(context, viewOf(context.state).name, contentOf(context)), h('div', { key: 'dialogs' }, dialog)];
}

function contentOf(context: ViewContext): Child {
  const { t } = context;
  const view = viewOf(context.state);
  switch (view.name) {
    case 'concerts':
      return concertsView(context);
    case 'loading':
      return h('p', { class: 'soft' }, t.frame.loading);
    case 'missing':
      return [
        h('h1', { key: 'title', tabindex: -1 }, t.missing.title),
        h('p', { key: 'words', class: 'soft' }, t.missing.lead),
        h('a', { key: 'back', class: 'button button-primary', href: '#/' }, t.missing.back),
      ];
    case 'lobby':
      return lobbyView(context, view);
    case 'waiting-room':
      return waitingRoomView(context, view);
    case 'dates':
      return datesView(context, view);
    case 'hall':
      return hallView(context, view);
    case 'checkout':
      return checkoutView(context, view);
    case 'tickets':
      return ticketsView(context);
    case 'ticket':
      return ticketView(context);
    case 'wallet':
      return walletView(context);
  }
}
