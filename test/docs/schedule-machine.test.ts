import t from 'tap';
import { drawScheduleMachine } from '../../scripts/machine-diagram.ts';
import { scheduleMachine } from '../../src/actors/schedule-machine.ts';
import { readDocument } from './documents.ts';

t.test('the drawing of the schedule machine is that of the machine; `npm run docs:machine` makes it so', async (t) => {
  t.equal(readDocument('docs/schedule-machine.md').text, drawScheduleMachine());
});

t.test('the drawing has every state, event and description of the machine, and every status of a seat', async (t) => {
  const drawing = drawScheduleMachine();
  for (const state of [scheduleMachine.root, ...Object.values(scheduleMachine.root.states)]) {
    if (state !== scheduleMachine.root) t.match(drawing, `  ${state.key} : ${state.key}\n`);
    for (const [event, candidates] of state.transitions) {
      t.match(drawing, `| \`${event}\` |`);
      for (const { description } of candidates) t.ok(drawing.includes(description ?? event), description ?? event);
    }
  }
  for (const status of ['AVAILABLE', 'HELD', 'PAYING', 'CONFIRMED', 'REFUNDING']) t.match(drawing, ` --> ${status}`);
});
