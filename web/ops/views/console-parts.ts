import { type Child, type ElementNode, h, type Props } from '../../view/node.ts';
import type { OpsContext } from './ops-context.ts';

/** A panel with its heading and, beside it, what one can do. */
export function panel(id: string, title: string, beside: Child, ...content: readonly Child[]): ElementNode {
  return h(
    'section',
    { key: id, class: 'ops-panel stack', 'aria-labelledby': `${id}-title` },
    h('div', { class: 'ops-panel-head' }, h('h2', { id: `${id}-title` }, title), beside),
    ...content,
  );
}

/** The heading of a section. */
export function sectionHead(title: string, ...beside: readonly Child[]): ElementNode {
  return h('div', { class: 'section-head' }, h('h1', { tabindex: -1 }, title), ...beside);
}

export interface FieldOptions {
  readonly label: string;
  readonly name: string;
  /** The first value; what the organiser types afterwards stays. */
  readonly value?: string;
  readonly hint?: string;
  readonly attributes?: Props;
}

/** A labelled input of a form. Give its form another key to fill it anew. */
export function textField(form: string, { label, name, value = '', hint, attributes = {} }: FieldOptions): ElementNode {
  const id = `${form}-${name}`;
  return h(
    'div',
    { key: name, class: 'field' },
    h('label', { class: 'field-label', for: id }, label),
    h('input', {
      id,
      name,
      class: 'field-input',
      type: 'text',
      autocomplete: 'off',
      'aria-describedby': hint === undefined ? null : `${id}-hint`,
      placed: (element) => {
        if (element instanceof HTMLInputElement) element.value = value;
      },
      ...attributes,
    }),
    hint !== undefined && h('p', { id: `${id}-hint`, class: 'soft small' }, hint),
  );
}

/** A button that shows when its task is in flight. */
export function taskButton(
  { state }: OpsContext,
  task: string,
  name: string,
  { look = '', label, press }: { readonly look?: string; readonly label?: string; press?(): void },
): ElementNode {
  const isBusy = state.console.busy.has(task);
  return h(
    'button',
    {
      key: name,
      type: press === undefined ? 'submit' : 'button',
      class: `button ${look}`,
      'aria-busy': isBusy,
      'aria-disabled': isBusy,
      'aria-label': label,
      ...(press === undefined ? {} : { on: { click: () => !isBusy && press() } }),
    },
    name,
  );
}

/** What the service said against a task. */
export function faultOf({ state, t, format }: OpsContext, task: string): Child {
  const { fault } = state.console;
  if (fault === null || fault.at !== task) return null;
  return h(
    'div',
    { key: `fault ${task}`, class: 'notice notice-danger', role: 'alert', 'data-code': fault.code },
    h(
      'div',
      { class: 'notice-words' },
      h('p', { class: 'notice-title' }, fault.title(t, format)),
      fault.lines.length > 0 &&
        h(
          'ul',
          { class: 'fault-lines small' },
          fault.lines.map((line) => h('li', { key: line }, line)),
        ),
    ),
  );
}

/** A form whose values arrive as texts. */
export function form(key: string, submit: (values: FormValues) => void, ...content: readonly Child[]): ElementNode {
  return h(
    'form',
    {
      key,
      class: 'stack',
      on: {
        submit: (event) => {
          event.preventDefault();
          if (event.currentTarget instanceof HTMLFormElement) submit(valuesOf(event.currentTarget));
        },
      },
    },
    ...content,
  );
}

export interface FormValues {
  text(name: string): string;
  /** Null for an empty field. */
  number(name: string): number | null;
}

function valuesOf(element: HTMLFormElement): FormValues {
  const given = new FormData(element);
  const text = (name: string): string => {
    const value = given.get(name);
    return typeof value === 'string' ? value.trim() : '';
  };
  return { text, number: (name) => (text(name) === '' ? null : Number(text(name))) };
}

export function chip(word: string, tone: 'good' | 'danger' | 'accent' | '' = ''): ElementNode {
  return h('span', { key: word, class: `chip ${tone === '' ? '' : `chip-${tone}`}` }, word);
}

export function link(href: string, name: string, attributes: Props = {}): ElementNode {
  return h('a', { key: href, class: 'button button-quiet', href, ...attributes }, name);
}
