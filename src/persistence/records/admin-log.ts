import { type AdminAnswer, type AdminLog, type AdminLogEntry, ROOT } from '../../domain/admin.ts';
import type { GrantRecords } from '../../domain/grant.ts';
import { type Connections, readRows } from '../journal/statement.ts';

interface EntryRow {
  entry_no: number;
  at: Date;
  key_id: string | null;
  action: string;
  target: string;
  before: unknown;
  after: unknown;
  request_id: string;
}

interface AnswerRow extends AdminAnswer {
  readonly fingerprint: string;
}

const PAGE = `
  SELECT * FROM admin_log WHERE $1::bigint IS NULL OR entry_no < $1 ORDER BY entry_no DESC LIMIT $2`;

/** An answer older than 24 h no longer counts, whether or not it was pruned yet. */
const FIND_ANSWER = `
  SELECT fingerprint, status, body FROM admin_answers
  WHERE caller = $1 AND key = $2 AND created_at > statement_timestamp() - interval '24 hours'`;

function entryOf(row: EntryRow): AdminLogEntry {
  return {
    at: row.at.toISOString(),
    keyId: row.key_id ?? ROOT,
    action: row.action,
    target: row.target,
    before: row.before,
    after: row.after,
    requestId: row.request_id,
  };
}

/** The log of what organisers changed, in PostgreSQL. */
export function createAdminLog({ pool }: { pool: Connections }): AdminLog {
  return {
    async list({ limit, after }) {
      const rows = await readRows<EntryRow>(pool, { text: PAGE, values: [after, limit + 1] });
      const shown = rows.slice(0, limit);
      const last = shown.at(-1);
      return {
        items: shown.map(entryOf),
        nextCursor: rows.length > limit && last !== undefined ? String(last.entry_no) : null,
      };
    },
  };
}

/** The answers to organisers under their idempotency keys; `recordChange` writes them. */
export function createAdminAnswers({ pool }: { pool: Connections }): GrantRecords<AdminAnswer> {
  return {
    async find(caller, key) {
      const [row] = await readRows<AnswerRow>(pool, { text: FIND_ANSWER, values: [caller, key] });
      if (row === undefined) return null;
      const { fingerprint, ...grant } = row;
      return { fingerprint, grant };
    },
  };
}
