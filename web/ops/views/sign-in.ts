import { type ElementNode, h } from '../../view/node.ts';
import type { OpsContext } from './ops-context.ts';

/** Asks for a key, and says where to find the admin token. */
export function signIn({ state, words, actions }: OpsContext): ElementNode {
  const fault = { refused: words.tokenRefused, 'no-admin': words.tokenNoAdmin, 'no-page': words.tokenNoPage };

  function submit(event: SubmitEvent): void {
    event.preventDefault();
    if (!(event.target instanceof HTMLFormElement)) return;
    const token = new FormData(event.target).get('token');
    if (typeof token === 'string' && token.trim() !== '') actions.open(token.trim());
  }

  return h(
    'section',
    { key: 'sign-in', class: 'panel sign-in stack', 'aria-labelledby': 'sign-in-title' },
    h('h1', { id: 'sign-in-title' }, words.tokenTitle),
    h(
      'form',
      { class: 'stack', on: { submit } },
      h(
        'div',
        { class: 'field' },
        h('label', { class: 'field-label', for: 'token' }, words.tokenLabel),
        h('input', {
          id: 'token',
          name: 'token',
          class: 'field-input',
          type: 'password',
          autocomplete: 'off',
          spellcheck: 'false',
          required: true,
          maxlength: 512,
          'aria-invalid': state.tokenFault !== null,
          'aria-describedby': state.tokenFault === null ? 'token-where' : 'token-fault token-where',
          placed: (element) => {
            if (element instanceof HTMLInputElement) element.focus();
          },
        }),
        state.tokenFault !== null &&
          h('p', { id: 'token-fault', class: 'field-fault', role: 'alert' }, fault[state.tokenFault]),
      ),
      h('button', { type: 'submit', class: 'button button-primary button-wide' }, words.tokenOpen),
    ),
    h(
      'div',
      { id: 'token-where', class: 'stack-tight soft small' },
      h('p', {}, words.tokenWhereOwn),
      h('p', {}, words.tokenWhereSet),
      h('p', {}, words.tokenKept),
    ),
  );
}
