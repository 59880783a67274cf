import { type Child, h } from '../view/node.ts';
import { bookingNumber } from '../language/booking-number.ts';
import { hashOf } from '../state/route.ts';
import { icon } from './icon.ts';
import { signInFirst } from './ticket.ts';
import { topUp } from './top-up.ts';
import type { ViewContext } from './view-context.ts';

/** The money in the wallet, and all changes of it. */
export function walletView(context: ViewContext): Child {
  const { state, office, t, f } = context;
  if (state.account === 'none') return signInFirst(context);
  const { ledger } = state;
  return [
    h('h1', { key: 'title', tabindex: -1 }, t.wallet.title),
    h(
      'div',
      { key: 'wallet', class: 'wallet' },
      h(
        'section',
        { class: 'panel stack', 'aria-label': t.wallet.balance },
        h('p', { class: 'soft' }, t.wallet.balance),
        h(
          'p',
          { class: 'wallet-balance figures', 'data-testid': 'balance' },
          state.balance === null ? '…' : f.money(state.balance),
        ),
        topUp(context, null),
        typeof state.account === 'object' &&
          h(
            'div',
            { class: 'account' },
            h('p', { class: 'small soft' }, `${state.account.name} · ${state.account.email}`),
            h(
              'div',
              { class: 'button-row' },
              h(
                'button',
                { type: 'button', class: 'button', on: { click: () => office.showReturnLink() } },
                icon('device'),
                t.returnLink.show,
              ),
              h(
                'button',
                { type: 'button', class: 'button button-quiet', on: { click: () => office.askToSignOut() } },
                t.wallet.signOut,
              ),
            ),
          ),
      ),
      h(
        'section',
        { class: 'panel ledger', 'aria-labelledby': 'ledger-title' },
        h('h2', { id: 'ledger-title' }, t.wallet.ledger),
        ledger === null
          ? h('p', { key: 'loading', class: 'soft' }, t.frame.loading)
          : ledger.items.length === 0
            ? h('p', { key: 'none', class: 'soft' }, t.wallet.none)
            : h(
                'table',
                { key: 'table', class: 'table' },
                h(
                  'thead',
                  {},
                  h(
                    'tr',
                    {},
                    h('th', { scope: 'col' }, t.wallet.what),
                    h('th', { scope: 'col', class: 'number' }, t.wallet.amount),
                    h('th', { scope: 'col', class: 'number' }, t.wallet.after),
                  ),
                ),
                h(
                  'tbody',
                  {},
                  ledger.items.map(({ entryId, type, amount, balanceAfter, createdAt, paymentId }) =>
                    h(
                      'tr',
                      { key: entryId },
                      h(
                        'td',
                        {},
                        h('span', { class: 'ledger-what' }, t.wallet.types[type]),
                        h('span', { class: 'small soft ledger-when' }, f.moment(createdAt)),
                        paymentId !== null &&
                          h(
                            'a',
                            { class: 'small soft figures', href: hashOf({ name: 'ticket', paymentId }) },
                            bookingNumber(paymentId),
                          ),
                      ),
                      h('td', { class: 'number' }, `${amount > 0 ? '+' : '−'}${f.money(Math.abs(amount))}`),
                      h('td', { class: 'number' }, f.money(balanceAfter)),
                    ),
                  ),
                ),
              ),
        ledger !== null &&
          ledger.nextCursor !== null &&
          h(
            'button',
            {
              key: 'more',
              type: 'button',
              class: 'button',
              'aria-busy': state.busy.has('ledger'),
              on: { click: () => office.readMoreLedger() },
            },
            t.wallet.more,
          ),
      ),
    ),
  ];
}
