/**
 * `npm run audit`: checks every invariant of a database and lists the rows that break one.
 *
 * The database is that of `--database-url`, else of `DATABASE_URL`, else the embedded one under `DATA_DIR`; the audit starts
 * its server if it does not run. Exit code 0: no fault; 1: an invariant is broken; 2: the audit could not run.
 */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import type { Log } from './runtime/log.ts';
import type { AuditFinding } from './persistence/audit/audit-finding.ts';
import { type AuditOptions, type AuditReport, runAudit } from './persistence/audit/audit.ts';
import { embeddedFiles } from './embedded-postgres/embedded-cluster.ts';
import { startEmbeddedPostgres } from './embedded-postgres/embedded-postgres.ts';
import { createPool } from './persistence/pool.ts';

const DEFAULT_DATA_DIR = '.frontrow';

const USAGE = `Usage: npm run audit -- [options]
  --database-url <url>   the database (else DATABASE_URL, else the embedded one under DATA_DIR)
  --max-seats <n>        also check that nobody ever had more live seats of a schedule
  --policy-unchanged     also check the queue against its present policy`;

const warn = (fields: object, message = ''): void => {
  const cause = 'err' in fields && fields.err instanceof Error ? fields.err.message : fields;
  console.error(message, cause);
};
const log: Log = { debug: () => undefined, info: () => undefined, warn, error: warn };

interface Arguments {
  readonly databaseUrl: string | undefined;
  readonly options: AuditOptions;
}

function readArguments(): Arguments | 'help' {
  const { values } = parseArgs({
    options: {
      'database-url': { type: 'string' },
      'max-seats': { type: 'string' },
      'policy-unchanged': { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return 'help';
  const maxSeats = values['max-seats'];
  if (maxSeats !== undefined && !/^[1-9][0-9]{0,2}$/.test(maxSeats))
    throw new Error('--max-seats takes a number from 1 to 999');
  return {
    databaseUrl: values['database-url'] ?? process.env['DATABASE_URL'],
    options: {
      isPolicyUnchanged: values['policy-unchanged'],
      ...(maxSeats === undefined ? {} : { maxSeats: Number(maxSeats) }),
    },
  };
}

async function auditDatabase(databaseUrl: string, options: AuditOptions): Promise<AuditReport> {
  const pool = createPool({ databaseUrl, max: 1, log });
  try {
    return await runAudit(pool, options);
  } finally {
    await pool.end();
  }
}

async function auditEmbedded(options: AuditOptions): Promise<AuditReport> {
  const dataDir = resolve(process.env['DATA_DIR'] ?? DEFAULT_DATA_DIR);
  // An audit must not create an empty database and report no fault.
  if (!existsSync(embeddedFiles(dataDir).cluster)) throw new Error(`there is no database under ${dataDir}`);
  const server = await startEmbeddedPostgres({ dataDir, log });
  try {
    return await auditDatabase(server.databaseUrl, options);
  } finally {
    await server.stop();
  }
}

function verdictOf({ total, skipped }: AuditFinding): string {
  if (skipped !== null) return '  --  ';
  return total === 0 ? '  OK  ' : 'BROKEN';
}

function print({ findings, violations }: AuditReport): void {
  for (const finding of findings) {
    const { invariant, says, total, rows, skipped } = finding;
    console.log(`${verdictOf(finding)}  ${invariant}: ${says}${skipped === null ? '' : ` (not checked: ${skipped})`}`);
    for (const row of rows) console.log(`          ${JSON.stringify(row)}`);
    if (total > rows.length) console.log(`          … ${total} in all`);
  }
  const checked = findings.filter((finding) => finding.skipped === null).length;
  console.log(
    violations.length === 0
      ? `clean: ${checked} invariants hold`
      : `${violations.length} of ${checked} invariants are broken: ${violations.map((finding) => finding.invariant).join(', ')}`,
  );
}

try {
  const read = readArguments();
  if (read === 'help') {
    console.log(USAGE);
  } else {
    const { databaseUrl, options } = read;
    const report = await (databaseUrl === undefined ? auditEmbedded(options) : auditDatabase(databaseUrl, options));
    print(report);
    process.exitCode = report.violations.length === 0 ? 0 : 1;
  }
} catch (error) {
  console.error(`The audit could not be run: ${error instanceof Error ? error.message : String(error)}\n${USAGE}`);
  process.exitCode = 2;
}
