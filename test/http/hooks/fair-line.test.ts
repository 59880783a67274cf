import t from 'tap';
import { FairLine } from '../../../src/http/hooks/fair-line.ts';

function takeAll(line: FairLine<string>): string[] {
  const taken: string[] = [];
  for (let next = line.takeNext(); next !== null; next = line.takeNext()) taken.push(next);
  return taken;
}

t.test('keys take turns, and within a key the order is that of arrival', async (t) => {
  const line = new FairLine<string>(100);
  for (const what of ['a1', 'a2', 'a3', 'b1', 'c1', 'c2']) t.equal(line.add(what.slice(0, 1), what, 0), true);
  t.equal(line.waiting, 6);
  t.same(takeAll(line), ['a1', 'b1', 'c1', 'a2', 'c2', 'a3']);
  t.equal(line.waiting, 0);
  line.add('b', 'b2', 0);
  line.add('a', 'a4', 0);
  t.same(takeAll(line), ['b2', 'a4'], 'a key that left may come again');
});

t.test('a key that comes again in the middle of a round has its turn once', async (t) => {
  const line = new FairLine<string>(100);
  line.add('a', 'a1', 0);
  line.add('b', 'b1', 0);
  line.add('b', 'b2', 0);
  t.equal(line.takeNext(), 'a1');
  for (const what of ['a2', 'a3']) line.add('a', what, 0);
  t.same(takeAll(line), ['b1', 'a2', 'b2', 'a3']);
});

t.test('a key may have as many places as are free', async (t) => {
  const line = new FairLine<string>(12);
  const add = (key: string, count: number) =>
    Array.from({ length: count }, () => line.add(key, key, 0)).filter((isIn) => isIn).length;
  t.equal(add('a', 20), 6, 'one alone has half');
  t.equal(add('b', 20), 3);
  t.equal(add('c', 20), 2, 'and there is room for the next one');
  t.equal(add('a', 1), 0);
  takeAll(line);
  t.equal(add('a', 20), 6, 'places that were left are free');
});

t.test('the oldest is taken whatever its key, once it is old enough', async (t) => {
  const line = new FairLine<string>(100);
  line.add('a', 'a1', 1);
  line.add('b', 'b1', 2);
  line.add('a', 'a2', 3);
  line.add('b', 'b2', 9);
  t.equal(line.takeOldest(0), null);
  t.equal(line.takeNext(), 'a1');
  t.equal(line.takeOldest(1), null, 'what was taken is not there');
  t.equal(line.takeOldest(5), 'b1');
  t.equal(line.takeOldest(5), 'a2');
  t.equal(line.takeOldest(5), null);
  t.equal(line.waiting, 1);
  t.same(takeAll(line), ['b2']);
  t.equal(line.takeOldest(100), null);
});
