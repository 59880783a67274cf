/**
 * The durable alarm: wakes the owners of holds that have expired.
 *
 * It scans for expired deadlines and runs the jobs that wake their schedules. Only the schedule's owner ends holds. The alarm
 * changes no seat, so a job that runs late, twice or on two nodes at once is harmless.
 * ALARM-1. The scan reads `schedule_heads.next_expiry_at`, which is committed with the hold, so a crash loses no deadline.
 * ALARM-2. One scan waits in the queue at any time, for all nodes together. Each scan queues the next before it works, and every
 *     node queues one at its start and now and then, so no crash breaks the chain.
 * ALARM-3. At most one job per schedule waits, and the job of a dead worker blocks no other.
 */
import type { PgBoss } from 'pg-boss';
import type { Clock } from '../../runtime/clock.ts';
import type { Log } from '../../runtime/log.ts';

export interface AlarmSettings {
  /** Between two scans. */
  readonly scanEveryMs: number;
  /** The head start of the owner's own timer. */
  readonly graceMs: number;
  /** Between two polls of an empty queue; pg-boss allows no less than 500. */
  readonly pollEveryMs: number;
  /** Between two checks of a node for a waiting scan. */
  readonly watchEveryMs: number;
  /** After this a wake is given up, and the next scan finds the schedule again. */
  readonly wakeTimeoutMs: number;
}

/** Together: a hold is ended at most 0.5 + 3 + 2 + 0.5 + 0.5 s after its deadline, with a scan lost on the way. */
export const ALARM_SETTINGS: AlarmSettings = {
  scanEveryMs: 2_000,
  graceMs: 500,
  pollEveryMs: 500,
  watchEveryMs: 3_000,
  wakeTimeoutMs: 5_000,
};

const SCAN = 'expiry-scan';
const WAKE = 'expiry-wake';

/** `short`: one job per key may wait and any number may run, so the job of a dead worker blocks no other. */
const POLICY = 'short';
/** A slower worker counts as dead; this only removes its job. */
const EXPIRE_SECONDS = 15;
/** The metrics cover finished jobs, and a scan every 2 s must not grow the table. */
const DELETE_AFTER_SECONDS = 60;
/** No retries: the next scan finds what is still due. */
const QUEUE = {
  policy: POLICY,
  retryLimit: 0,
  expireInSeconds: EXPIRE_SECONDS,
  deleteAfterSeconds: DELETE_AFTER_SECONDS,
};
/** The limit of one scan; the next scans find further schedules. */
const SCHEDULES_PER_SCAN = 5_000;
const WAKES_PER_FETCH = 100;
const WAKE_WORKERS = 2;

/** In random order, so that schedules whose wakes fail do not keep others out of a bounded scan. */
const DUE = `
  SELECT schedule_id::text AS schedule_id FROM schedule_heads
  WHERE next_expiry_at <= clock_timestamp() - $1::int * interval '1 millisecond'
  ORDER BY random() LIMIT $2`;

interface WakeJob {
  readonly scheduleId: number;
}

interface DueRow {
  readonly schedule_id: string;
}

export interface Alarm {
  /** Starts the workers; `boss` is started. */
  start(): Promise<void>;
  /** Starts no more checks. */
  close(): void;
}

export function createAlarm(dependencies: {
  boss: PgBoss;
  wake: (scheduleId: number) => Promise<void>;
  log: Log;
  clock: Clock;
  settings: AlarmSettings;
}): Alarm {
  const { boss, wake, log, clock, settings } = dependencies;
  const waking = new Set<number>();
  let wakeWorker: string | undefined;
  let cancelWatch: (() => void) | undefined;
  let closed = false;

  /** Queues a scan; false if one waits already, for which pg-boss returns null. */
  async function placeScan(delayMs: number): Promise<boolean> {
    return (await boss.send(SCAN, null, { startAfter: delayMs / 1_000 })) !== null;
  }

  async function scan(): Promise<void> {
    const { rows }: { rows: DueRow[] } = await boss.getDb().executeSql(DUE, [settings.graceMs, SCHEDULES_PER_SCAN]);
    if (rows.length === 0) return;
    const jobs = rows.map((row) => ({ data: { scheduleId: Number(row.schedule_id) }, singletonKey: row.schedule_id }));
    await boss.insert(WAKE, jobs);
    if (wakeWorker !== undefined) boss.notifyWorker(wakeWorker);
  }

  /** Resolves when the owner has answered, or after the time limit; never rejects. */
  async function wakeOnce(scheduleId: number): Promise<void> {
    // A slow owner must not occupy one more worker with each scan.
    if (waking.has(scheduleId)) return;
    waking.add(scheduleId);
    const { promise: limit, resolve } = Promise.withResolvers<'late'>();
    const cancel = clock.after(settings.wakeTimeoutMs, () => resolve('late'));
    try {
      if ((await Promise.race([wake(scheduleId), limit])) === 'late')
        log.warn({ scheduleId }, 'waking a schedule took too long');
    } catch (error) {
      log.warn({ err: error, scheduleId }, 'a schedule could not be woken');
    } finally {
      cancel();
      waking.delete(scheduleId);
    }
  }

  async function watch(): Promise<void> {
    try {
      if (await placeScan(0)) log.debug({}, 'no scan for ended holds was waiting; placed one');
    } catch (error) {
      log.debug({ err: error }, 'could not see to it that a scan for ended holds is waiting');
    }
    if (!closed) cancelWatch = clock.after(settings.watchEveryMs, () => void watch());
  }

  return {
    async start() {
      const polling = { pollingIntervalSeconds: settings.pollEveryMs / 1_000 };
      await boss.createQueue(SCAN, QUEUE);
      await boss.createQueue(WAKE, QUEUE);
      wakeWorker = await boss.work<WakeJob>(
        WAKE,
        { ...polling, batchSize: WAKES_PER_FETCH, burstWhenBatchFull: true, localConcurrency: WAKE_WORKERS },
        async (jobs) => {
          await Promise.all(jobs.map((job) => wakeOnce(job.data.scheduleId)));
        },
      );
      await boss.work(SCAN, polling, async () => {
        await placeScan(settings.scanEveryMs);
        await scan();
      });
      // Holds that expired while no node ran do not wait for the first job.
      await scan();
      await watch();
    },

    close() {
      closed = true;
      cancelWatch?.();
    },
  };
}
