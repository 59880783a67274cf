import t from 'tap';
import type { TSchema } from 'typebox';
import { environmentSchema, readConfig } from '../../src/config/config.ts';
import { readDocument, tableRowsOf } from './documents.ts';

interface Row {
  readonly name: string;
  /** None: unset. One: always. Two: with the service's own database, and with that of DATABASE_URL. */
  readonly defaults: readonly string[];
  readonly values: string;
  readonly meaning: string;
}

function readRows(): readonly Row[] {
  return tableRowsOf(readDocument('docs/configuration.md'))
    .slice(2)
    .map(([name = '', defaults = '', values = '', meaning = '']) => ({
      name: name.replaceAll('`', ''),
      defaults: Array.from(defaults.matchAll(/`([^`]*)`/g), ([, value = '']) => value),
      values,
      meaning,
    }));
}

const rows = readRows();
const variables = Object.entries<TSchema>(environmentSchema.properties);

/** The settings under an environment that has only what is needed. */
function readSettings(env: Record<string, string>): ReadonlyMap<string, unknown> {
  const reading = readConfig(env);
  if (!reading.ok) throw new Error(reading.faults.join('; '));
  return new Map(Object.entries(reading.config));
}

function isUnset(value: unknown): boolean {
  return value === undefined || (Array.isArray(value) && value.length === 0);
}

t.test('the documentation has a row for every variable, and for nothing else', async (t) => {
  const inSchema = variables.map(([name]) => name).sort((one, other) => one.localeCompare(other));
  const documented = rows.map(({ name }) => name).sort((one, other) => one.localeCompare(other));
  t.same(documented, inSchema);
});

t.test('every row has the default that the service takes', async (t) => {
  const needed = { DATABASE_URL: 'postgres://db.example/frontrow', AUTH_SECRET: 's'.repeat(32) };
  const embedded = readSettings({});
  const shared = readSettings(needed);
  for (const { name, defaults } of rows) {
    const values = [embedded.get(name), name in needed ? undefined : shared.get(name)];
    const expected = values.filter((value) => !isUnset(value)).map(String);
    t.same(defaults, new Set(expected).size === 1 ? expected.slice(0, 1) : expected, name);
  }
});

t.test('every row has the range that the service takes, and says what the variable is', async (t) => {
  let ranges = 0;
  for (const [name, schema] of variables) {
    const row = rows.find((candidate) => candidate.name === name);
    if ('minimum' in schema && 'maximum' in schema) {
      t.equal(row?.values, `${String(schema.minimum)}–${String(schema.maximum)}`, name);
      ranges += 1;
    }
    t.match(row?.values, /\S/, name);
    t.match(row?.meaning, /\S/, name);
  }
  t.ok(ranges >= 15, `${ranges} ranges were compared`);
});
