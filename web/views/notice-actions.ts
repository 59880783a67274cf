import { numbersOf, placesOf, named } from '../language/notice-sentence.ts';
import type { Notice } from '../state/notice.ts';
import { type Child, type ElementNode, h } from '../view/node.ts';
import type { ViewContext } from './view-context.ts';

/** The ways out of a refusal that take one press: seats that can be had in place of those that were asked for. */
export function noticeActions(context: ViewContext, notice: Notice): Child {
  if (notice.kind !== 'problem') return null;
  const actions = actionsOf(context, notice);
  return actions.length > 0 && h('div', { class: 'notice-actions' }, actions);
}

function actionsOf(context: ViewContext, { code, members }: Notice & { kind: 'problem' }): readonly ElementNode[] {
  const { state, office, t, f } = context;
  const { hall = null, plan = null } = state.visit ?? {};
  switch (code) {
    case 'NO_BLOCK': {
      const [wish, largest] = [hall?.wish ?? null, members['largestBlock']];
      if (wish === null || typeof largest !== 'number' || largest === 0) return [];
      const { together = true, count } = wish;
      return [
        ...(largest < count
          ? [action(t.best.takeBlock(largest), () => office.holdBest({ ...wish, count: largest }))]
          : []),
        ...(together ? [action(t.best.takeApart(count), () => office.holdBest({ ...wish, together: false }))] : []),
      ];
    }
    case 'LEAVES_SINGLE_SEAT': {
      const suggestions = Array.isArray(members['suggestions']) ? members['suggestions'] : [];
      return suggestions
        .map(numbersOf)
        .map((seatNumbers) =>
          action(t.best.take(named(placesOf(seatNumbers, plan), t, f)), () => office.holdInstead(seatNumbers)),
        );
    }
    default:
      return [];
  }
}

function action(words: string, run: () => void): ElementNode {
  return h('button', { key: words, type: 'button', class: 'button notice-action', on: { click: run } }, words);
}
