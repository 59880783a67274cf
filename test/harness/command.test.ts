import t, { type Test } from 'tap';
import { type Command, runNamedCommand } from '../../harness/command.ts';

interface Call {
  readonly ran: readonly (readonly [name: string, args: readonly string[]])[];
  readonly printed: string;
  readonly refused: string;
  readonly exitCode: unknown;
}

async function call(t: Test, args: readonly string[], hasUsual = true): Promise<Call> {
  const ran: [string, readonly string[]][] = [];
  const command = (name: string): Command => ({
    name,
    says: `measures ${name}`,
    run: async (given) => void ran.push([name, given]),
  });
  const [holds, live] = [command('holds'), command('live-queue')];
  const printed = t.capture(console, 'log');
  const refused = t.capture(console, 'error');
  const before = process.exitCode;
  try {
    await runNamedCommand({ script: 'npm run it', commands: [holds, live], usual: hasUsual ? holds : null, args });
    const textOf = (calls: { args: unknown[] }[]): string => calls.map(({ args: words }) => words.join(' ')).join('\n');
    return { ran, printed: textOf(printed()), refused: textOf(refused()), exitCode: process.exitCode };
  } finally {
    process.exitCode = before;
  }
}

t.test('the first argument chooses the command, which gets the others', async (t) => {
  t.same((await call(t, ['live-queue', '--rounds', '1'])).ran, [['live-queue', ['--rounds', '1']]]);
});

t.test('without a name the usual command runs', async (t) => {
  t.same((await call(t, [])).ran, [['holds', []]]);
  t.same((await call(t, ['--rounds', '1'])).ran, [['holds', ['--rounds', '1']]]);
});

t.test('the list has a line for each command: asked for, or where no command is usual', async (t) => {
  for (const [args, hasUsual] of [[['--help'], true] as const, [[], false] as const]) {
    const { ran, printed } = await call(t, args, hasUsual);
    t.same(ran, []);
    t.match(printed, /^npm run it -- NAME \[options\]/);
    t.match(printed, /\n {2}holds {7}measures holds\n {2}live-queue {2}measures live-queue\n/);
  }
});

t.test('an unknown name is answered with the list and the exit code for a wrong call', async (t) => {
  const { ran, refused, exitCode } = await call(t, ['hold']);
  t.same(ran, []);
  t.match(refused, /^There is no "hold"\.\n\nnpm run it/);
  t.equal(exitCode, 64);
});
