import { type ElementNode, h } from '../view/node.ts';
import { amountsFor, isChargeable, LARGEST_CHARGE } from '../state/top-up-amounts.ts';
import type { ViewContext } from './view-context.ts';

/** Charges the wallet with a round amount that covers what is `missing`, or with any other. */
export function topUp({ state, office, t, f }: ViewContext, missing: number | null): ElementNode {
  const pressed = state.busy.get('charge');
  const isBusy = pressed !== undefined || state.busy.has('pay');
  return h(
    'div',
    { key: 'top-up', class: 'top-up' },
    h(
      'div',
      { class: 'top-up-amounts' },
      amountsFor(missing).map((amount) =>
        h(
          'button',
          {
            key: amount,
            type: 'button',
            class: 'button',
            disabled: isBusy && pressed !== String(amount),
            'aria-busy': pressed === String(amount),
            on: { click: () => office.charge(amount, String(amount)) },
          },
          t.topUp.add(f.money(amount)),
        ),
      ),
    ),
    h(
      'form',
      {
        class: 'top-up-own',
        on: {
          submit: (event) => {
            event.preventDefault();
            const form = event.currentTarget;
            if (!(form instanceof HTMLFormElement)) return;
            const amount = Number(new FormData(form).get('amount'));
            if (!isChargeable(amount)) return;
            office.charge(amount, 'own');
            form.reset();
          },
        },
      },
      h('label', { class: 'small', for: 'own-amount' }, t.topUp.own),
      h(
        'div',
        { class: 'top-up-fields' },
        h('input', {
          id: 'own-amount',
          class: 'field-input figures',
          name: 'amount',
          type: 'number',
          inputmode: 'numeric',
          min: 1,
          max: LARGEST_CHARGE,
          step: 1,
          required: true,
          autocomplete: 'off',
        }),
        h(
          'button',
          { type: 'submit', class: 'button', disabled: isBusy && pressed !== 'own', 'aria-busy': pressed === 'own' },
          t.topUp.charge,
        ),
      ),
    ),
  );
}
