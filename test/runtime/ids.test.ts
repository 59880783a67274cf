import t from 'tap';
import { createIdSource } from '../../src/runtime/ids.ts';

const NOW_MS = Date.parse('2026-05-01T12:00:00.123Z');
const V7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

function instantOf(id: string): number {
  return Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16);
}

t.test('an id carries the instant that it was given, not the time of this machine', async (t) => {
  const id = createIdSource()(NOW_MS);
  t.match(id, V7);
  t.equal(instantOf(id), NOW_MS);
});

t.test('ids of one source sort in the order in which they were made, within a millisecond too', async (t) => {
  const nextId = createIdSource();
  const ids = Array.from({ length: 2_000 }, (_, index) => nextId(NOW_MS + Math.floor(index / 700)));
  t.strictSame(ids, ids.toSorted());
  t.equal(new Set(ids).size, ids.length);
  t.equal(instantOf(ids.at(-1) ?? ''), NOW_MS + 2);
});

t.test('an id that is made after the clock was set back sorts behind the earlier ones', async (t) => {
  const nextId = createIdSource();
  const before = nextId(NOW_MS);
  t.ok(nextId(NOW_MS - 600_000) > before);
});

t.test('two sources never make the same id in one millisecond', async (t) => {
  const sources = [createIdSource(), createIdSource()];
  const ids = sources.flatMap((nextId) => Array.from({ length: 100 }, () => nextId(NOW_MS)));
  t.equal(new Set(ids).size, ids.length);
});

t.test('no id is made while the clock is not known', async (t) => {
  t.throws(() => createIdSource()(Number.POSITIVE_INFINITY), RangeError);
});
