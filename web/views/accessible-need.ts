import type { Hall } from '../state/page-state.ts';
import type { SeatPlan } from '../state/seat-plan.ts';
import { type Child, h } from '../view/node.ts';
import type { ViewContext } from './view-context.ts';

/** The declaration of a need, where the hall has wheelchair spaces. */
export function accessibleNeed({ office, t }: ViewContext, { needsAccessible }: Hall, plan: SeatPlan): Child {
  const hasSpaces = [...plan.seats.values()].some(({ attributes }) => attributes.includes('ACCESSIBLE'));
  if (!hasSpaces) return null;
  return h(
    'label',
    { key: 'need', class: 'check' },
    h('input', {
      type: 'checkbox',
      checked: needsAccessible,
      on: {
        change: ({ currentTarget }) => {
          if (currentTarget instanceof HTMLInputElement) office.declareNeed(currentTarget.checked);
        },
      },
    }),
    t.choice.needsAccessible,
  );
}
