import { isDeepStrictEqual } from 'node:util';
import type { PoolClient } from 'pg';
import { readSchemaFacts, type SchemaFacts } from './schema-facts.ts';
import snapshot from './schema-snapshot.json' with { type: 'json' };

/** As the migrations make it. */
const MIGRATED: SchemaFacts = snapshot;

const TABLES = new Set(
  Object.keys(MIGRATED.objects).flatMap((object) => (object.startsWith('table ') ? object.slice('table '.length) : [])),
);

/** What of an object is not as it should be. */
interface SchemaDifference {
  readonly object: string;
  /** Properties as they are; null: there is no such object. */
  readonly is: object | null;
  /** Properties as the migrations make them; null: they make no such object. */
  readonly shouldBe: object | null;
}

/**
 * Compares the schema of the service's tables with what the migrations make, and reports each difference. Tables of others in the same
 * schema are left alone. Returns why nothing was compared, or null.
 */
export async function auditSchema(
  client: PoolClient,
  report: (difference: SchemaDifference) => void,
): Promise<string | null> {
  const { migrations, objects } = await readSchemaFacts(client, (relation) => TABLES.has(relation));
  if (!isDeepStrictEqual(migrations, MIGRATED.migrations)) {
    const last = migrations.at(-1) ?? 'none';
    return `this version's last migration is ${MIGRATED.migrations.at(-1)}, and the database's is ${last}`;
  }
  for (const object of new Set([...Object.keys(MIGRATED.objects), ...Object.keys(objects)])) {
    const is = objects[object] ?? null;
    const shouldBe = MIGRATED.objects[object] ?? null;
    if (!isDeepStrictEqual(is, shouldBe)) report({ object, is, shouldBe });
  }
  return null;
}
