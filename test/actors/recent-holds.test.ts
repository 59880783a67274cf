import t from 'tap';
import { RecentHolds } from '../../src/actors/recent-holds.ts';

const END = { userId: 'a', seatNumber: 7, firstHeldAt: 1_000, endedAt: 100_000 };

t.test('a seat that its user gave back within a minute counts from its first hold', async (t) => {
  const holds = new RecentHolds([END]);
  t.equal(holds.firstHeldAt('a', 7, 160_000), 1_000);
  t.equal(holds.firstHeldAt('a', 7, 160_001), null, 'a minute later it is forgotten');
  t.equal(holds.firstHeldAt('b', 7, 100_000), null, 'for another user it is new');
  t.equal(holds.firstHeldAt('a', 8, 100_000), null);
});

t.test('the seats of a user are those that the user gave back within a minute, each once', async (t) => {
  const later = { ...END, endedAt: 110_000 };
  const other = { ...END, seatNumber: 8, endedAt: 130_000 };
  const holds = new RecentHolds([END, { ...END, userId: 'b' }, later, other]);
  t.same(holds.ofUser('a', 160_000), [later, other]);
  t.same(holds.ofUser('a', 170_001), [other]);
  t.same(holds.ofUser('c', 160_000), []);
  holds.remember({ ...END, userId: 'c', endedAt: 190_001 });
  t.same(holds.ofUser('a', 160_000), [], 'older ends make room');
});
