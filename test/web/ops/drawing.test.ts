import t from 'tap';
import { linePath } from '../../../web/ops/line-path.ts';
import { neighbour } from '../../../web/ops/occupancy.ts';
import { axisMarks } from '../../../web/ops/scale.ts';

t.test('an axis has few round marks and reaches above what it shows', async (t) => {
  t.same(axisMarks(0, 10), [0, 5, 10]);
  t.same(axisMarks(29, 10), [0, 10, 20, 30]);
  t.same(axisMarks(1_234, 10), [0, 500, 1_000, 1_500]);
  t.same(axisMarks(0.3, 0.1), [0, 0.1, 0.2, 0.3]);
  for (let value = 0.013; value < 1e7; value *= 1.37) {
    const marks = axisMarks(value, 0.01);
    t.ok((marks.at(-1) ?? 0) >= value, `${value} is under ${marks.at(-1)}`);
    t.ok(marks.length >= 2 && marks.length <= 5, `${marks.length} marks for ${value}`);
  }
});

t.test('a line breaks where figures are missing or far apart, and one that stands alone is a dot', async (t) => {
  const same = { x: (atMs: number) => atMs, y: (value: number) => value };
  const point = (atMs: number, value: number | null) => ({ atMs, value });
  t.equal(linePath([point(0, 1), point(1, 2), point(2, 3)], same, 2), 'M0.0 1.0h0L1.0 2.0L2.0 3.0');
  t.equal(linePath([point(0, 1), point(1, null), point(2, 3), point(3, 4)], same, 2), 'M0.0 1.0h0M2.0 3.0h0L3.0 4.0');
  t.equal(linePath([point(0, 1), point(9, 2)], same, 2), 'M0.0 1.0h0M9.0 2.0h0');
  t.equal(linePath([point(0, null)], same, 2), '');
});

t.test('arrows move within a grid and stop at its edges', async (t) => {
  const from = (index: number, key: string) => neighbour(index, key, 3, 8);
  t.same(
    ['ArrowRight', 'ArrowLeft', 'ArrowDown', 'ArrowUp', 'Home', 'End', 'x'].map((key) => from(4, key)),
    [5, 3, 7, 1, 0, 7, 4],
  );
  t.equal(from(0, 'ArrowLeft'), 0);
  t.equal(from(7, 'ArrowRight'), 7);
  t.equal(from(1, 'ArrowUp'), 1);
  t.equal(from(5, 'ArrowDown'), 5);
});
