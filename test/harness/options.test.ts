import t from 'tap';
import { choice, count, counts, flag, optionalCount, parseOptions, some, text } from '../../harness/options.ts';

const OPTIONS = {
  rounds: count(5, 1, 100, 'phases'),
  warmUpSeconds: optionalCount(0, 10, 'before it'),
  watchers: counts('10,50', 1, 99, 'crowds'),
  via: choice(['nodes', 'front'], 'the way'),
  only: some(['one', 'two'], 'only these'),
  output: text('FILE', 'figures'),
  keep: flag('keep the files'),
};

function valuesOf(...args: string[]) {
  const reading = parseOptions('npm run it --', OPTIONS, args);
  return reading.type === 'values' ? reading.values : reading;
}

t.test('without arguments every option has its default', async (t) => {
  t.same(valuesOf(), {
    rounds: 5,
    warmUpSeconds: null,
    watchers: [10, 50],
    via: 'nodes',
    only: ['one', 'two'],
    output: null,
    keep: false,
  });
});

t.test('a call overrides the defaults, by names in kebab case', async (t) => {
  const args = [
    '--rounds',
    '7',
    '--warm-up-seconds',
    '0',
    '--watchers',
    '3',
    '--via',
    'front',
    '--only',
    'two',
    '--keep',
  ];
  t.match(valuesOf(...args), { rounds: 7, warmUpSeconds: 0, watchers: [3], via: 'front', only: ['two'], keep: true });
});

t.test('a mistake is answered with a sentence and the usage, and with the exit code for that', async (t) => {
  const mistakes: [string[], RegExp][] = [
    [['--rounds', '0'], /^--rounds takes a whole number from 1 to 100\./],
    [['--rounds', '1.5'], /^--rounds takes/],
    [['--warm-up-seconds', 'long'], /^--warm-up-seconds takes/],
    [['--watchers', '1,x'], /^--watchers takes/],
    [['--via', 'air'], /^--via takes nodes, front, not "air"\./],
    [['--only', 'one,three'], /^--only takes one, two, not "three"\./],
    [['--round', '1'], /--round/],
    [['stray'], /stray/],
  ];
  for (const [args, reason] of mistakes) {
    const reading = parseOptions('npm run it --', OPTIONS, args);
    t.match(reading, { type: 'text', text: reason, exitCode: 64 }, args.join(' '));
    t.match(reading, { text: /npm run it -- \[options\]\n {2}--rounds 5/ }, args.join(' '));
  }
});

t.test('the usage has a line for each option, with its default or kind', async (t) => {
  t.same(valuesOf('--help'), {
    type: 'text',
    exitCode: 0,
    text: [
      'npm run it -- [options]',
      '  --rounds 5           phases',
      '  --warm-up-seconds N  before it',
      '  --watchers 10,50     crowds',
      '  --via nodes          the way',
      '  --only LIST          only these: one, two',
      '  --output FILE        figures',
      '  --keep               keep the files',
    ].join('\n'),
  });
});
