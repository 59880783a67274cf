import { execFile } from 'node:child_process';
import { type AuditOptions, runAudit } from '../../src/persistence/audit/audit.ts';
import { createPool } from '../../src/persistence/pool.ts';
import { quietLog } from './private-postgres.ts';

/** What the audit of a database found. */
export interface DatabaseAudit {
  /** A sentence and an example for each broken invariant. */
  readonly faults: readonly string[];
  /** Invariants that were judged. */
  readonly checks: number;
}

/** Audits the service's database, in one snapshot, also while it serves. */
export async function auditDatabase(databaseUrl: string, options: AuditOptions = {}): Promise<DatabaseAudit> {
  const pool = createPool({ databaseUrl, max: 1, log: quietLog });
  try {
    const { findings, violations } = await runAudit(pool, options);
    return {
      faults: violations.map(
        ({ invariant, says, total, rows }) => `${invariant} (${says}): ${total} rows, first ${JSON.stringify(rows[0])}`,
      ),
      checks: findings.filter((finding) => finding.skipped === null).length,
    };
  } finally {
    await pool.end();
  }
}

/** The faults of a database that another checkout of the service made: its schema and its rules are its own, so its audit judges. */
export async function findFaultsBy(checkout: string | undefined, databaseUrl: string): Promise<readonly string[]> {
  if (checkout === undefined) return (await auditDatabase(databaseUrl)).faults;
  const args = ['src/audit.ts', '--database-url', databaseUrl];
  return new Promise((resolve) => {
    execFile(process.execPath, args, { cwd: checkout }, (error, output, complaints) => {
      resolve(error === null ? [] : [`the audit of ${checkout} failed: ${output}${complaints}`]);
    });
  });
}
