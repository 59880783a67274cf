import type { Pool } from 'pg';
import type { Test } from 'tap';
import { systemClock } from '../../src/runtime/clock.ts';
import { createJobs, type Jobs, type JobSettings } from '../../src/persistence/jobs/jobs.ts';
import { silentLog } from '../fixtures/silent-log.ts';

/** What the alarm promises: an expired hold is freed within this, whatever became of its owner. */
export const ALARM_BOUND_MS = 10_000;

export interface AlarmedNode {
  readonly jobs: Jobs;
  /** The schedules that were woken, in order. */
  readonly woken: number[];
}

/** A node whose `wake` ends what is due, as a schedule's owner would. */
export function createNode(
  t: Test,
  database: { url: string; pool: Pool },
  options: { settings?: Partial<JobSettings>; wake?: (scheduleId: number) => Promise<void> } = {},
): AlarmedNode {
  const woken: number[] = [];
  const { settings = {}, wake = (scheduleId) => endWhatIsDue(database.pool, scheduleId) } = options;
  const jobs = createJobs({
    databaseUrl: database.url,
    log: silentLog,
    clock: systemClock,
    settings,
    resumeCancellations: () => Promise.resolve(),
    wake: async (scheduleId) => {
      woken.push(scheduleId);
      await wake(scheduleId);
    },
  });
  t.teardown(() => jobs.close());
  return { jobs, woken };
}

export async function endWhatIsDue(pool: Pool, scheduleId: number): Promise<void> {
  await pool.query(
    'UPDATE schedule_heads SET next_expiry_at = NULL WHERE schedule_id = $1 AND next_expiry_at <= clock_timestamp()',
    [scheduleId],
  );
}

export async function setDeadline(pool: Pool, scheduleId: number, inMs: number): Promise<void> {
  await pool.query(
    "UPDATE schedule_heads SET next_expiry_at = clock_timestamp() + $2::int * interval '1 millisecond' WHERE schedule_id = $1",
    [scheduleId, inMs],
  );
}

export async function countJobs(pool: Pool, name: string, state: string): Promise<number> {
  const { rows } = await pool.query<{ n: number }>(
    'SELECT count(*) AS n FROM pgboss.job WHERE name = $1 AND state = $2::pgboss.job_state',
    [name, state],
  );
  return rows[0]?.n ?? 0;
}
