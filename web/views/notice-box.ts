import { sentenceOf, signOf, toneOf } from '../language/notice-sentence.ts';
import type { Notice } from '../state/notice.ts';
import { type ElementNode, h } from '../view/node.ts';
import { icon } from './icon.ts';
import { noticeActions } from './notice-actions.ts';
import type { ViewContext } from './view-context.ts';

/** The event, and below it the next step. A refusal takes the focus, so that keyboards and screen readers are at its reason. */
export function noticeBox(context: ViewContext, notice: Notice): ElementNode {
  const { state, office, t, f } = context;
  const { title, next } = sentenceOf(notice, t, f, state.visit?.plan ?? null);
  const tone = toneOf(notice);
  return h(
    'div',
    {
      key: `${notice.kind} ${title} ${next}`,
      class: `notice notice-${tone}`,
      'data-testid': 'notice',
      tabindex: -1,
      placed: (box) => {
        if (tone === 'danger' && box instanceof HTMLElement) box.focus({ preventScroll: true });
      },
    },
    icon(signOf(notice), 'notice-sign'),
    h(
      'div',
      { class: 'notice-words' },
      h('p', { class: 'notice-title' }, title),
      next !== null && h('p', {}, next),
      noticeActions(context, notice),
    ),
    h(
      'button',
      {
        type: 'button',
        class: 'button button-icon notice-close',
        'aria-label': t.frame.dismiss,
        on: { click: () => office.dismissNotice() },
      },
      icon('close'),
    ),
  );
}
