import type { Dialog } from '../state/page-state.ts';
import { type Child, type ElementNode, h } from '../view/node.ts';
import { modal as modalDialog } from '../view/modal.ts';
import { sentenceOf } from '../language/notice-sentence.ts';
import { returnLinkDialog, signOutDialog } from './account-dialogs.ts';
import type { ViewContext } from './view-context.ts';

/** The open dialog, if any. The browser keeps the focus in it and restores it afterwards. */
export function dialogView(context: ViewContext): Child {
  const { dialog } = context.state;
  return dialog === null ? null : h('div', { key: `dialog-${dialog.name}` }, contentOf(context, dialog));
}

function contentOf(context: ViewContext, dialog: Dialog): ElementNode {
  const { state, office, t, f } = context;
  switch (dialog.name) {
    case 'sign-in':
      return signIn(context, dialog);
    case 'leave':
      return question(context, {
        title: t.leaveDialog.title,
        words: t.leaveDialog.words,
        yes: t.leaveDialog.yes,
        isBusy: state.busy.has('leave'),
        run: () => office.leave(),
      });
    case 'sign-out':
      return modal(context, signOutDialog(context));
    case 'return-link':
      return modal(context, returnLinkDialog(context, dialog));
    case 'switch-account':
      return question(context, {
        title: t.switchDialog.title,
        words: t.switchDialog.words(
          typeof state.account === 'object' ? state.account.name : '',
          `${dialog.user.name} (${dialog.user.email})`,
        ),
        yes: t.switchDialog.yes,
        isBusy: false,
        run: () => office.switchAccount(),
      });
    case 'refund':
      return question(context, {
        title: t.refundDialog.title,
        words: t.refundDialog.words(f.money(dialog.payment.amount)),
        yes: t.refundDialog.yes,
        isBusy: state.busy.has('refund'),
        run: () => office.refund(dialog.payment),
      });
  }
}

interface Question {
  readonly title: string;
  readonly words: string;
  readonly yes: string;
  readonly isBusy: boolean;
  run(): void;
}

function question(context: ViewContext, { title, words, yes, isBusy, run }: Question): ElementNode {
  const { office, t } = context;
  return modal(context, [
    h('h2', { id: 'dialog-title' }, title),
    h('p', { class: 'soft' }, words),
    h(
      'div',
      { class: 'button-row' },
      h('button', { type: 'button', class: 'button button-danger', 'aria-busy': isBusy, on: { click: run } }, yes),
      h(
        'button',
        { type: 'button', class: 'button button-quiet', autofocus: true, on: { click: () => office.closeDialog() } },
        t.frame.cancel,
      ),
    ),
  ]);
}

function signIn(context: ViewContext, { way, fault, joins }: Dialog & { name: 'sign-in' }): ElementNode {
  const { state, office, t, f } = context;
  const isBusy = state.busy.has('sign-in');
  const words = fault === null ? null : sentenceOf(fault, t, f, null);
  const faultId = words === null ? null : 'sign-in-fault';
  const fields =
    way === 'register'
      ? [
          field(t.signIn.name, {
            name: 'name',
            autocomplete: 'name',
            maxlength: 100,
            autofocus: true,
            'aria-describedby': faultId,
          }),
          field(t.signIn.email, {
            name: 'email',
            type: 'email',
            autocomplete: 'email',
            maxlength: 254,
            'aria-describedby': faultId,
          }),
        ]
      : [
          field(t.signIn.token, {
            name: 'token',
            autocomplete: 'off',
            spellcheck: 'false',
            'aria-describedby': faultId,
          }),
        ];
  return modal(context, [
    h('h2', { id: 'dialog-title' }, way === 'register' ? t.signIn.title : t.signIn.tokenTitle),
    h('p', { class: 'soft' }, way === 'register' ? t.signIn.lead : t.signIn.tokenLead),
    h(
      'form',
      {
        key: way,
        class: 'stack',
        on: {
          submit: (event) => {
            event.preventDefault();
            const { currentTarget: form } = event;
            if (!(form instanceof HTMLFormElement)) return;
            const given = new FormData(form);
            const text = (name: string): string => {
              const value = given.get(name);
              return typeof value === 'string' ? value.trim() : '';
            };
            if (way === 'register') office.register({ name: text('name'), email: text('email') });
            else office.useToken(text('token'));
          },
        },
      },
      fields,
      h(
        'div',
        { class: 'sign-in-fault', role: 'alert' },
        words !== null &&
          h(
            'div',
            { id: 'sign-in-fault', class: 'field-fault' },
            h('p', {}, words.title),
            words.next !== null && h('p', {}, words.next),
          ),
      ),
      h(
        'button',
        { type: 'submit', class: 'button button-primary button-large button-wide', 'aria-busy': isBusy },
        joins === null ? t.signIn.go : t.signIn.goAndJoin,
      ),
    ),
    h(
      'div',
      { class: 'button-row sign-in-ways' },
      h(
        'button',
        {
          type: 'button',
          class: 'button button-quiet',
          on: { click: () => office.signInBy(way === 'register' ? 'token' : 'register') },
        },
        way === 'register' ? t.signIn.byToken : t.signIn.byName,
      ),
      h(
        'button',
        { type: 'button', class: 'button button-quiet', on: { click: () => office.closeDialog() } },
        t.frame.cancel,
      ),
    ),
  ]);
}

function field(label: string, attributes: Readonly<Record<string, string | number | boolean | null>>): ElementNode {
  const id = `sign-in-${String(attributes['name'])}`;
  return h(
    'div',
    { class: 'field' },
    h('label', { class: 'field-label', for: id }, label),
    h('input', { id, class: 'field-input', type: 'text', required: true, ...attributes }),
  );
}

function modal({ office }: ViewContext, content: Child): ElementNode {
  return modalDialog({ close: () => office.closeDialog() }, h('div', { class: 'stack' }, content));
}
