import t from 'tap';
import { createUndoing } from '../../src/node/undoing.ts';
import { createManualClock } from '../fixtures/manual-clock.ts';
import { waitFor } from '../fixtures/wait-for.ts';

function setUp() {
  const clock = createManualClock();
  const lines: string[] = [];
  const keep = (level: string) => (fields: object) => void lines.push(`${level} ${Object.values(fields).at(-1)}`);
  const log = { debug: keep('debug'), info: keep('info'), warn: keep('warn'), error: keep('error') };
  const done: string[] = [];
  const does = (name: string) => async () => void done.push(name);
  return { clock, lines, done, does, undoing: createUndoing({ log, clock }) };
}

t.test('what was done last is undone first, once, whatever fails', async (t) => {
  const { undoing, lines, done, does } = setUp();
  undoing.add('first', does('first'));
  undoing.add('broken', () => {
    throw new Error('it is broken');
  });
  undoing.add('last', does('last'));
  await Promise.all([undoing.run(), undoing.run()]);
  t.strictSame(done, ['last', 'first']);
  t.strictSame(lines, ['warn broken']);
});

t.test('a step that hangs is named and left, and what comes after it is undone all the same', async (t) => {
  const { clock, undoing, lines, done, does } = setUp();
  undoing.add('PostgreSQL', does('PostgreSQL'), 'vital');
  undoing.add('also stuck', () => new Promise(() => undefined));
  undoing.add('pool', does('pool'));
  undoing.add('stuck', () => new Promise(() => undefined));
  const { promise, resolve } = Promise.withResolvers<void>();
  undoing.add('drain', () => promise, 'vital');
  const undone = undoing.run();
  clock.advance(30_000);
  resolve();
  await waitFor(() => clock.pending() === 1, { what: 'the first stuck step' });
  clock.advance(17_999);
  t.strictSame(lines, []);
  clock.advance(1);
  t.strictSame(lines, ['error stuck']);
  await waitFor(() => done.length === 1 && clock.pending() === 1, { what: 'the next stuck step' });
  clock.advance(500);
  await undone;
  t.strictSame(lines, ['error stuck', 'error also stuck']);
  t.strictSame(done, ['pool', 'PostgreSQL']);
});

t.test('a vital step is waited for, however late it is', async (t) => {
  const { clock, undoing, lines } = setUp();
  const { promise, resolve } = Promise.withResolvers<void>();
  undoing.add('PostgreSQL', () => promise, 'vital');
  let isUndone = false;
  const undone = undoing.run().then(() => (isUndone = true));
  clock.advance(60_000);
  t.equal(isUndone, false);
  resolve();
  await undone;
  t.strictSame(lines, []);
});

t.test('what a start still brings up while it is being undone is undone too', async (t) => {
  const { undoing, done, does } = setUp();
  undoing.add('first', does('first'));
  await undoing.run();
  undoing.add('late', does('late'));
  await undoing.run();
  t.strictSame(done, ['first', 'late']);
});
