import t from 'tap';
import { createLogger } from '../../src/runtime/logger.ts';
import { createReadableOutput } from '../../src/runtime/readable-output.ts';

t.test('at a terminal, a line of the log is one that a person reads', async (t) => {
  let shown = '';
  const output = createReadableOutput({
    isTerminal: true,
    droppedLines: 0,
    write: (line) => void (shown += line),
  });
  createLogger('info', output).warn({ given: 'HOLD_TLL_MS', token: 'fq_secret' }, 'is not read');
  t.match(shown, /\[\d\d:\d\d:\d\d\].*WARN.*: .*is not read.*HOLD_TLL_MS/);
  t.equal(shown.split('\n').length, 2, 'one line');
  t.notMatch(shown, 'fq_secret');
});
