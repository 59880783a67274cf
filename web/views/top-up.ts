import { type ElementNode, h } from '../view/node.ts';
import { amountsFor, isChargeable } from '../state/top-up-amounts.ts';
import type { ViewContext } from './view-context.ts';

/** Charges the wallet: with the missing amount, with a round amount, or with any other. */
export function topUp({ state, office, t, f }: ViewContext, missing: number | null): ElementNode {
  const isBusy = state.busy.has('charge');
  return h(
    'div',
    { key: 'top-up', class: 'top-up' },
    h('h2', { class: 'top-up-title' }, missing === null ? t.topUp.title : t.topUp.missing),
    h(
      'div',
      { class: 'top-up-amounts' },
      amountsFor(missing).map((amount) =>
        h(
          'button',
          {
            key: amount,
            type: 'button',
            class: amount === missing ? 'button button-primary button-wide' : 'button',
            'aria-busy': isBusy,
            on: { click: () => office.charge(amount) },
          },
          amount === missing ? t.topUp.exactly(f.money(amount)) : t.topUp.add(f.money(amount)),
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
            office.charge(amount);
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
          max: 10_000_000,
          step: 1,
          required: true,
          autocomplete: 'off',
        }),
        h('button', { type: 'submit', class: 'button', 'aria-busy': isBusy }, t.topUp.charge),
      ),
    ),
  );
}
