import { randomUUID } from 'node:crypto';
import { createPool } from '../../src/persistence/pool.ts';
import { createQueueRecords } from '../../src/persistence/records/queue-records.ts';
import { familyCpuUs } from '../../harness/machine/cpu-time.ts';
import { median } from '../../harness/table.ts';
import { quietLog } from '../../harness/service/private-postgres.ts';

export interface EntryStatementFigures {
  readonly entriesPerStatement: number;
  /** The statements of one line follow each other on any node, so this limits the rate of entries. */
  readonly statementMs: number;
  readonly databaseUs: number;
}

const STATEMENTS = 30;

/** Records entries of one concert as the service does in a rush, one full statement after the other. No service may own the line. */
export async function measureEntryStatement(settings: {
  readonly databaseUrl: string;
  readonly postmasterId: number;
  readonly concertId: number;
  readonly entriesPerStatement: number;
}): Promise<EntryStatementFigures> {
  const { concertId, entriesPerStatement, postmasterId } = settings;
  const pool = createPool({ databaseUrl: settings.databaseUrl, max: 1, log: quietLog });
  try {
    const records = createQueueRecords({ pool, log: quietLog });
    const head = await records.takeOver(concertId, null);
    if (head === null) throw new Error('the line was not taken over');
    const { generation } = head;
    const durationsMs: number[] = [];
    const before = familyCpuUs(postmasterId);
    for (let statement = 0; statement < STATEMENTS; statement += 1) {
      const issuedAtMs = Date.now();
      const entries = Array.from({ length: entriesPerStatement }, () => {
        return { concertId, generation, userId: randomUUID(), tokenId: randomUUID(), issuedAtMs };
      });
      const beganMs = performance.now();
      const outcomes = await records.enter(entries);
      durationsMs.push(performance.now() - beganMs);
      if (!outcomes.every(({ type }) => type === 'entered')) throw new Error('an entry was not recorded');
    }
    const databaseUs = (familyCpuUs(postmasterId) - before) / (STATEMENTS * entriesPerStatement);
    return { entriesPerStatement, statementMs: median(durationsMs), databaseUs };
  } finally {
    await pool.end();
  }
}
