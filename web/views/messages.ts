import { shownHall, viewOf } from '../state/view.ts';
import { type ElementNode, h } from '../view/node.ts';
import { connectionBanner } from './connection-banner.ts';
import { noticeBox } from './notice-box.ts';
import type { ViewContext } from './view-context.ts';

/**
 * The messages that lie above the page: below its header, or at the foot of a phone. Nothing moves when one comes or goes. In the
 * hall and at the checkout the notice is part of the panel that the fan uses there.
 */
export function messages(context: ViewContext): ElementNode {
  return h(
    'div',
    { key: 'messages', class: 'messages' },
    h('div', { key: 'connection', class: 'connection-place', role: 'status' }, connectionBanner(context)),
    h('div', { key: 'notice', class: 'notice-place', role: 'status' }, !isInPanel(context) && notice(context)),
  );
}

/** The notice inside of the panel of the hall or of the checkout. */
export function panelNotice(context: ViewContext): ElementNode {
  return h('div', { key: 'notice', class: 'panel-notice', role: 'status' }, isInPanel(context) && notice(context));
}

function notice(context: ViewContext): ElementNode | null {
  return context.state.notice === null ? null : noticeBox(context, context.state.notice);
}

function isInPanel({ state }: ViewContext): boolean {
  return viewOf(state).name === 'checkout' || shownHall(state) !== null;
}
