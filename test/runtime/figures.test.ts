import { Registry } from 'prom-client';
import t from 'tap';
import { createFigures } from '../../src/runtime/figures.ts';

async function typesIn(registry: Registry): Promise<Readonly<Record<string, string>>> {
  const metrics = await registry.getMetricsAsJSON();
  return Object.fromEntries(metrics.map(({ name, type }) => [name, String(type)]));
}

t.test('a figure is a counter if its name ends in _total, else a gauge', async (t) => {
  const registry = new Registry();
  const { single } = createFigures(registry);
  single('made_total', 'What was made.', () => 1);
  single('waiting', 'What waits.', () => 1);
  t.same(await typesIn(registry), { made_total: 'counter', waiting: 'gauge' });
});

t.test('each scrape shows the present values, without labels that are gone', async (t) => {
  const registry = new Registry();
  const { single, labelled } = createFigures(registry);
  let made = 3;
  let byKind = new Map([
    ['a', 5],
    ['b', 0],
  ]);
  single('made_total', 'What was made.', () => made);
  labelled('waiting', 'What waits.', ['kind'], () => [...byKind].map(([kind, count]) => [{ kind }, count]));
  const scrape = async () => (await registry.metrics()).split('\n').filter((line) => /^[a-z]/.test(line));
  t.same(await scrape(), ['made_total 3', 'waiting{kind="a"} 5', 'waiting{kind="b"} 0']);
  made = 4;
  byKind = new Map([['b', 2]]);
  t.same(await scrape(), ['made_total 4', 'waiting{kind="b"} 2']);
  t.same(await scrape(), ['made_total 4', 'waiting{kind="b"} 2'], 'a scrape adds nothing');
});
