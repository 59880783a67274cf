import type { ConcertQueue, Overview } from '../../../src/client/answers.ts';
import { type ElementNode, h } from '../../view/node.ts';
import { modal } from '../../view/modal.ts';
import type { QueueDialog } from '../ops-state.ts';
import type { OpsContext } from './ops-context.ts';

type ConcertRow = Overview['concerts'][number];
type Policy = Omit<ConcertQueue, 'paused'>;

interface Field {
  readonly name: keyof Policy;
  readonly label: string;
  readonly least: number;
  readonly most: number;
  /** The number of the policy's units in one displayed unit. */
  readonly scale: number;
  readonly step: number;
}

/** The values offered for a line whose policy has `batch` or `maxActive` 0; the service's own defaults. */
const USUAL_BATCH = 10;
const USUAL_MAX_ACTIVE = 100;
const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;

/** The dialog before a queue is changed. Null when none is open. */
export function queueDialog(context: OpsContext): ElementNode | null {
  const { state, words, actions } = context;
  const { dialog } = state;
  const concert = state.overview?.concerts.find(({ concertId }) => concertId === dialog?.concertId);
  if (dialog === null || concert === undefined) return null;
  const fields = fieldsOf(dialog.kind, concert, context);
  const { title, lead } = textOf(dialog.kind, concert, context);

  function submit(event: SubmitEvent): void {
    event.preventDefault();
    if (!(event.target instanceof HTMLFormElement) || concert === undefined || dialog === null) return;
    const values = new FormData(event.target);
    const policy: Partial<Record<keyof Policy, number>> = {};
    for (const { name, scale } of fields) policy[name] = Math.round(Number(values.get(name)) * scale);
    const change = dialog.kind === 'change' ? policy : { ...policy, paused: dialog.kind === 'pause' };
    actions.changeQueue(concert.concertId, change);
  }

  return modal(
    { key: `${dialog.kind} ${dialog.concertId}`, describedBy: 'dialog-lead', close: () => actions.dismiss() },
    h(
      'form',
      { class: 'stack', on: { submit } },
      h('h2', { id: 'dialog-title' }, title),
      h('p', { id: 'dialog-lead' }, lead),
      fields.length > 0 &&
        h(
          'div',
          { class: 'policy-fields' },
          fields.map((field) => policyField(field, concert.policy, dialog)),
        ),
      dialog.fault !== null && h('p', { class: 'field-fault', role: 'alert' }, dialog.fault),
      h(
        'div',
        { class: 'button-row' },
        h(
          'button',
          {
            type: 'submit',
            class: `button ${dialog.kind === 'pause' ? 'button-danger' : 'button-primary'}`,
            disabled: dialog.isBusy,
            'aria-busy': dialog.isBusy,
          },
          dialog.kind === 'pause' ? words.pause : dialog.kind === 'resume' ? words.resume : words.confirm,
        ),
        h(
          'button',
          { type: 'button', class: 'button button-quiet', on: { click: () => actions.dismiss() } },
          words.cancel,
        ),
      ),
    ),
  );
}

function textOf(kind: QueueDialog['kind'], { title, queue }: ConcertRow, { words, format }: OpsContext) {
  const waiting = format.number(queue.waiting);
  switch (kind) {
    case 'pause':
      return { title: words.pauseTitle, lead: words.pauseWords(title, waiting) };
    case 'resume':
      return { title: words.resumeTitle, lead: words.resumeWords(title, waiting) };
    case 'change':
      return { title: words.changeTitle, lead: words.changeWords(title) };
  }
}

function fieldsOf(kind: QueueDialog['kind'], { policy }: ConcertRow, { words }: OpsContext): readonly Field[] {
  const isResume = kind === 'resume';
  // A policy of 0 admits nobody even when the queue is not paused, so resuming needs another number.
  const least = isResume ? 1 : 0;
  const batch: Field = { name: 'batch', label: words.fieldBatch, least, most: 1_000_000, scale: 1, step: 1 };
  const maxActive: Field = { name: 'maxActive', label: words.fieldActive, least, most: 1_000_000, scale: 1, step: 1 };
  switch (kind) {
    case 'pause':
      return [];
    case 'resume':
      return [batch, maxActive].filter(({ name }) => policy[name] === 0);
    case 'change':
      return [
        batch,
        { name: 'intervalMs', label: words.fieldInterval, least: 0.1, most: 3_600, scale: SECOND_MS, step: 0.1 },
        maxActive,
        { name: 'activeTtlMs', label: words.fieldTtl, least: 0.1, most: 1_440, scale: MINUTE_MS, step: 0.1 },
      ];
  }
}

function policyField(
  { name, label, least, most, scale, step }: Field,
  policy: Policy,
  dialog: QueueDialog,
): ElementNode {
  const id = `policy-${name}`;
  const current = policy[name] / scale;
  const usual = name === 'batch' ? USUAL_BATCH : USUAL_MAX_ACTIVE;
  const first = dialog.kind === 'resume' && current === 0 ? usual : current;
  return h(
    'div',
    { key: name, class: 'field' },
    h('label', { class: 'field-label', for: id }, label),
    h('input', {
      id,
      name,
      class: 'field-input figures',
      type: 'number',
      inputmode: 'decimal',
      required: true,
      min: least,
      max: most,
      step,
      placed: (element) => {
        // Only the first value: later figures must not overwrite what the operator types.
        if (element instanceof HTMLInputElement) element.value = String(Math.round(first * 10) / 10);
      },
    }),
  );
}
