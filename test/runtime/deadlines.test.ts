import fc from 'fast-check';
import t from 'tap';
import { createDeadlines } from '../../src/runtime/deadlines.ts';

t.test('deadlines come due in order, without those that do not count any more', async () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(1_000), fc.boolean()), { maxLength: 3_000 }), fc.nat(1_000), (ends, nowMs) => {
      const live = new Set<number>();
      const deadlines = createDeadlines<number>({ counts: (item) => live.has(item), live: () => live.size });
      ends.forEach(([atMs, isLive], item) => {
        if (isLive) live.add(item);
        deadlines.add(atMs, item);
      });
      const right = ends
        .flatMap(([atMs, isLive]) => (isLive && atMs <= nowMs ? [atMs] : []))
        .sort((one, other) => one - other);
      const came: number[] = [];
      for (let item = deadlines.takeDue(nowMs); item !== null; item = deadlines.takeDue(nowMs))
        came.push(ends[item]?.[0] ?? -1);
      const later = ends.flatMap(([atMs, isLive]) => (isLive && atMs > nowMs ? [atMs] : []));
      const next = later.length === 0 ? null : Math.min(...later);
      return (
        came.length === right.length && came.every((atMs, nth) => atMs === right[nth]) && deadlines.nextMs() === next
      );
    }),
    { numRuns: 60 },
  );
});
