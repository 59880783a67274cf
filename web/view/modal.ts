import { type Child, type ElementNode, h } from './node.ts';

interface Modal {
  readonly key?: string;
  /** The id of the element that describes it further. */
  readonly describedBy?: string;
  close(): void;
}

/** A dialog above the page, named by the element `dialog-title` in it. The browser keeps the focus in it and restores it afterwards. */
export function modal({ key = 'dialog', describedBy, close }: Modal, content: Child): ElementNode {
  return h(
    'dialog',
    {
      key,
      class: 'dialog',
      'aria-labelledby': 'dialog-title',
      'aria-describedby': describedBy,
      placed: (element) => {
        if (element instanceof HTMLDialogElement) element.showModal();
      },
      leaving: (element) => {
        // Returns the focus to the control that opened the dialog.
        if (element instanceof HTMLDialogElement) element.close();
      },
      on: {
        // The browser closes the dialog on Escape; the page's state must follow.
        cancel: (event) => {
          event.preventDefault();
          close();
        },
        click: (event) => {
          if (event.target === event.currentTarget) close();
        },
      },
    },
    content,
  );
}
