import type { Dialog } from '../state/page-state.ts';
import { type Child, h } from '../view/node.ts';
import { qrCode } from './qr-code.ts';
import type { ViewContext } from './view-context.ts';

/** Signing out can lose the account, so it offers the return link first. */
export function signOutDialog({ office, t }: ViewContext): Child {
  return [
    h('h2', { id: 'dialog-title' }, t.signOutDialog.title),
    h('p', {}, t.signOutDialog.words),
    h(
      'div',
      { class: 'stack-tight' },
      h(
        'button',
        {
          type: 'button',
          class: 'button button-primary button-wide',
          autofocus: true,
          on: { click: () => office.showReturnLink() },
        },
        t.returnLink.show,
      ),
      h(
        'button',
        { type: 'button', class: 'button button-danger button-wide', on: { click: () => office.signOut() } },
        t.signOutDialog.yes,
      ),
      h(
        'button',
        { type: 'button', class: 'button button-quiet button-wide', on: { click: () => office.closeDialog() } },
        t.frame.cancel,
      ),
    ),
  ];
}

/** The way to the account from a second device. */
export function returnLinkDialog({ office, t, f }: ViewContext, dialog: Dialog & { name: 'return-link' }): Child {
  const { link, endMs, isCopied } = dialog;
  return [
    h('h2', { id: 'dialog-title' }, t.returnLink.title),
    h('p', { class: 'soft' }, t.returnLink.words),
    qrCode(link, t.returnLink.code),
    h(
      'div',
      { class: 'field' },
      h('label', { class: 'field-label', for: 'return-link' }, t.returnLink.label),
      h('input', {
        id: 'return-link',
        class: 'field-input return-link',
        readonly: true,
        value: link,
        on: {
          focus: ({ currentTarget }) => {
            if (currentTarget instanceof HTMLInputElement) currentTarget.select();
          },
        },
      }),
    ),
    h(
      'p',
      { class: 'small soft' },
      t.returnLink.secret,
      endMs !== null && ` ${t.returnLink.until(f.moment(new Date(endMs).toISOString()))}`,
    ),
    h(
      'div',
      { class: 'button-row' },
      h(
        'button',
        {
          type: 'button',
          class: 'button button-primary',
          autofocus: true,
          on: { click: () => office.copyReturnLink() },
        },
        isCopied ? t.returnLink.copied : t.returnLink.copy,
      ),
      h(
        'button',
        { type: 'button', class: 'button button-quiet', on: { click: () => office.closeDialog() } },
        t.returnLink.close,
      ),
    ),
    h('p', { class: 'unseen', role: 'status' }, isCopied && t.returnLink.copied),
  ];
}
