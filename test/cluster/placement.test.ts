import t from 'tap';
import { createPlacement } from '../../src/cluster/placement.ts';

t.test('a node that cannot be counted on yet gets nothing, and its share once it can', async (t) => {
  const owners = ['a:1', 'b:1', 'c:1'];
  const reached = new Set(['a:1', 'b:1']);
  const placement = createPlacement({ membership: { owners: () => owners }, isReached: (node) => reached.has(node) });
  const ids = Array.from({ length: 300 }, (_, index) => index + 1);
  const before = ids.map((id) => placement.ownerOf(id));
  t.same(new Set(before), new Set(['a:1', 'b:1']));

  reached.add('c:1');
  t.same(
    ids.map((id) => placement.ownerOf(id)),
    before,
    'it is not asked for every command',
  );
  placement.reconsider();
  const after = ids.map((id) => placement.ownerOf(id));
  t.ok(after.includes('c:1'));
  t.ok(
    after.every((owner, index) => owner === before[index] || owner === 'c:1'),
    'nothing else moves',
  );
});

t.test('a change of the members is followed at once', async (t) => {
  let owners: readonly string[] = ['a:1'];
  const placement = createPlacement({ membership: { owners: () => owners } });
  t.equal(placement.ownerOf(7), 'a:1');
  owners = ['b:1'];
  t.equal(placement.ownerOf(7), 'b:1');
  owners = [];
  t.equal(placement.ownerOf(7), null);
});
