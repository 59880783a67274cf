import { type ElementNode, h } from '../../view/node.ts';
import { modal } from '../../view/modal.ts';
import { faultOf, form, taskButton, textField } from './console-parts.ts';
import type { OpsContext } from './ops-context.ts';

/** Asks once before something that cannot be undone. */
export function questionDialog(context: OpsContext): ElementNode | null {
  const { state, t, format, desks } = context;
  const { question } = state.console;
  if (question === null) return null;
  const { task, title, lines, yes, needsReason } = question;
  return modal(
    { key: `question ${task}`, describedBy: 'question-lines', close: () => desks.dismissQuestion() },
    form(
      task,
      (values) => void desks.answerQuestion(values.text('reason')),
      h('h2', { id: 'dialog-title' }, title(t, format)),
      h(
        'div',
        { id: 'question-lines', class: 'stack-tight' },
        lines.map((line, index) => h('p', { key: index }, line(t, format))),
      ),
      needsReason === true &&
        textField('question', {
          label: t.reason,
          name: 'reason',
          hint: t.reasonHint,
          attributes: { required: true, maxlength: 200 },
        }),
      faultOf(context, task),
      h(
        'div',
        { class: 'button-row' },
        taskButton(context, task, yes(t, format), {
          look: question.isHarmless === true ? 'button-primary' : 'button-danger',
        }),
        h(
          'button',
          { type: 'button', class: 'button button-quiet', on: { click: () => desks.dismissQuestion() } },
          t.back,
        ),
      ),
    ),
  );
}
