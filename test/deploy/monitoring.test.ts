import { readdirSync, readFileSync } from 'node:fs';
import t from 'tap';
import { parse } from 'yaml';
import { problemTable } from '../../src/http/answers/problem-table.ts';
import { createTestDatabase } from '../fixtures/database.ts';
import { enter, openSale, startTestService } from '../fixtures/service.ts';

const ROOT = new URL('../../', import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, ROOT), 'utf8');

interface Alert {
  readonly alert: string;
  readonly expr: string;
  readonly labels: { readonly severity: string };
  readonly annotations: { readonly summary: string; readonly runbook_url: string };
}

const { groups } = parse(read('deploy/alerts.yml')) as { groups: { rules: Alert[] }[] };
const alerts = groups.flatMap(({ rules }) => rules);
const dashboards = readdirSync(new URL('deploy/grafana/', ROOT)).map(
  (name) => JSON.parse(read(`deploy/grafana/${name}`)) as { panels: { title: string; targets: { expr: string }[] }[] },
);
const expressions = [
  ...alerts.map(({ expr }) => expr),
  ...dashboards.flatMap(({ panels }) => panels.flatMap(({ targets }) => targets.map(({ expr }) => expr))),
];

/** The metrics that an expression names, each with the labels that it asks for or groups by. */
function metricsIn(expression: string): { name: string; labels: string[] }[] {
  const grouped = [...expression.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, list = '']) => list.split(', '));
  return [...expression.matchAll(/\b((?:frontrow|http|nodejs)_\w+)(?:\{([^}]*)\})?/g)].map(
    ([, name = '', choice = '']) => ({
      name,
      labels: [...grouped, ...[...choice.matchAll(/(\w+)=/g)].map(([, label = '']) => label)],
    }),
  );
}

t.test('the metrics of alerts and dashboards are those of the service, with their labels', async (t) => {
  const service = await startTestService(t, await createTestDatabase(t));
  const { concertId, scheduleId } = await openSale(service);
  const { queueToken } = await enter(service, concertId);
  await service.call('POST', '/reservations', { token: queueToken, body: { scheduleId, seatNumber: 1 } });
  const text = await (await fetch(`${service.url}/metrics`)).text();
  const kinds = new Map([...text.matchAll(/^# TYPE (\w+) (\w+)$/gm)].map(([, name = '', kind = '']) => [name, kind]));
  t.ok(expressions.length >= 20, `${expressions.length} expressions were seen`);
  for (const { name, labels } of expressions.flatMap(metricsIn)) {
    const plain = name.replace(/_(?:bucket|sum|count)$/, '');
    t.ok(kinds.has(name) || kinds.get(plain) === 'histogram', name);
    const samples = [...text.matchAll(new RegExp(`^${name}(?:\\{([^}]*)\\})? `, 'gm'))].map(([, its = '']) => its);
    // Prometheus adds the instance; without a sample, as Redis has none here, the labels cannot be seen.
    for (const label of samples.length === 0 ? [] : labels) t.match(samples[0], `${label}="`, `${name} has ${label}`);
  }
  for (const [, list = ''] of expressions.join('\n').matchAll(/code=~?"([^"]*)"/g)) {
    for (const code of list.split('|')) t.ok(code in problemTable, code);
  }
});

t.test('each alert says what is wrong, how urgent it is, and leads to its section', async (t) => {
  const headings = [...read('docs/operations.md').matchAll(/^### (.+)$/gm)].map(([, heading = '']) => heading);
  t.same(
    headings,
    alerts.map(({ alert }) => alert),
    'in the same order',
  );
  for (const { alert, labels, annotations } of alerts) {
    t.equal(annotations.runbook_url, `docs/operations.md#${alert.toLowerCase()}`);
    t.match(labels.severity, /^(?:page|ticket)$/);
    t.match(annotations.summary, /\.$/);
  }
});

t.test('each panel of a dashboard has a title of its own', async (t) => {
  for (const { panels } of dashboards) t.equal(new Set(panels.map(({ title }) => title)).size, panels.length);
});
