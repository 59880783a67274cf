/**
 * `npm run schema:snapshot`: writes the schema that the migrations make, for the audit to compare with. It migrates its own
 * embedded PostgreSQL in a temporary directory.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startEmbeddedPostgres } from '../src/embedded-postgres/embedded-postgres.ts';
import { readSchemaFacts } from '../src/persistence/audit/schema-facts.ts';
import { migrate } from '../src/persistence/migrate.ts';
import { createPool } from '../src/persistence/pool.ts';
import type { Log } from '../src/runtime/log.ts';

const SNAPSHOT = fileURLToPath(new URL('../src/persistence/audit/schema-snapshot.json', import.meta.url));

const warn = (fields: object, message = ''): void => console.error(message, fields);
const log: Log = { debug: () => undefined, info: () => undefined, warn, error: warn };

const dataDir = mkdtempSync(join(tmpdir(), 'frontrow-schema-'));
const server = await startEmbeddedPostgres({ dataDir, log });
try {
  await migrate({ databaseUrl: server.databaseUrl, log });
  const pool = createPool({ databaseUrl: server.databaseUrl, max: 1, log });
  writeFileSync(SNAPSHOT, `${JSON.stringify(await readSchemaFacts(pool), null, 2)}\n`);
  await pool.end();
  console.log(`wrote ${SNAPSHOT}`);
} finally {
  await server.stop();
  rmSync(dataDir, { recursive: true, force: true });
}
