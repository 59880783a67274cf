import t from 'tap';
import { createNewcomers } from '../../src/cluster/newcomers.ts';
import { createManualClock } from '../fixtures/manual-clock.ts';

function setUp() {
  const clock = createManualClock();
  const state = { isUrgent: false };
  const newcomers = createNewcomers({ clock, isUrgent: () => state.isUrgent });
  /** Notes links: those of `up` stand, those of `down` do not. Whether more nodes can be counted on. */
  const note = (up: readonly string[], down: readonly string[] = []) =>
    newcomers.note([
      ...up.map((peer) => ({ peer, isUp: true, inFlight: 0 })),
      ...down.map((peer) => ({ peer, isUp: false, inFlight: 0 })),
    ]);
  return { clock, state, newcomers, note };
}

t.test('a node is counted on once its link has stood for two seconds', async (t) => {
  const { clock, newcomers, note } = setUp();
  t.equal(note([], ['a:1']), false);
  clock.advance(5_000);
  t.equal(note(['a:1']), false, 'before, there was no link');
  clock.advance(1_999);
  t.equal(note(['a:1']), false);
  t.equal(newcomers.hasSettled('a:1'), false);
  clock.advance(1);
  t.equal(note(['a:1']), true);
  t.equal(newcomers.hasSettled('a:1'), true);
  t.equal(note(['a:1']), false, 'nothing is new about it any more');
});

t.test('a link that breaks too soon has to stand anew; later it is no reason for doubt', async (t) => {
  const { clock, newcomers, note } = setUp();
  note(['a:1']);
  clock.advance(1_500);
  note([], ['a:1']);
  note(['a:1']);
  clock.advance(1_500);
  t.equal(note(['a:1']), false);
  clock.advance(500);
  t.equal(note(['a:1']), true);
  t.equal(note([], ['a:1']), false);
  t.equal(newcomers.hasSettled('a:1'), true);
});

t.test('a node that has gone is forgotten', async (t) => {
  const { clock, newcomers, note } = setUp();
  note(['a:1']);
  clock.advance(2_000);
  note(['a:1']);
  note(['a:2']);
  t.equal(newcomers.hasSettled('a:1'), false);
});

t.test('whoever leaves counts on everybody to whom a link stands', async (t) => {
  const { state, newcomers, note } = setUp();
  note(['a:1'], ['b:1']);
  state.isUrgent = true;
  t.equal(note(['a:1'], ['b:1']), true);
  t.equal(newcomers.hasSettled('a:1'), true);
  t.equal(newcomers.hasSettled('b:1'), false);
});
