import type { Texts } from '../language/korean.ts';
import { type ElementNode, h } from '../view/node.ts';

const STEPS = ['line', 'date', 'seats', 'pay', 'ticket'] as const;

/** The fan's progress towards a ticket. */
export function steps(current: (typeof STEPS)[number], t: Texts): ElementNode {
  const at = STEPS.indexOf(current);
  return h(
    'ol',
    { key: 'steps', class: 'steps', 'aria-label': t.steps.label },
    STEPS.map((step, index) =>
      h(
        'li',
        { key: step, class: index < at ? 'step done' : 'step', 'aria-current': index === at ? 'step' : null },
        h('span', { class: 'step-word' }, t.steps[step]),
      ),
    ),
  );
}
