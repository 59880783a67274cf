/**
 * The durable alarm: ends holds whose owner does not.
 *
 * It owns the scan for deadlines that have passed and the jobs that wake their schedules; what ends is decided by the
 * schedule's owner, whom `wake` tells. No seat is touched here, so a job that comes late, twice or at once on two nodes is harmless.
 * ALARM-1. Deadlines are found from `schedule_heads.next_expiry_at`, which is committed with the hold: a crash cannot forget one.
 * ALARM-2. One scan waits in the queue at any time, for all nodes together. Each scan puts the next in place before it works, and
 *     every node puts one in place at its start and now and then, so no crash can break the chain.
 * ALARM-3. At most one job per schedule waits, and a job that a dead worker holds keeps no other from running.
 */
import type { PgBoss } from 'pg-boss';
import type { Clock } from '../../runtime/clock.ts';
import type { Log } from '../../runtime/log.ts';

export interface AlarmSettings {
  /** Between two scans. */
  readonly scanEveryMs: number;
  /** How long the owner's own timer is given before the alarm looks. */
  readonly graceMs: number;
  /** Between two looks at an empty queue; pg-boss allows no less than 500. */
  readonly pollEveryMs: number;
  /** Between two looks of a node at whether a scan waits. */
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

/** `short`: one may wait (per key), any number may run, so what a dead worker left running blocks nobody. */
const POLICY = 'short';
/** A worker that takes longer is as good as dead; nobody waits for it, this only clears it away. */
const EXPIRE_SECONDS = 15;
/** Finished jobs say nothing that the metrics do not; a scan every 2 s must not grow the table. */
const DELETE_AFTER_SECONDS = 60;
/** No retries: the next scan finds what is still due. */
const QUEUE = {
  policy: POLICY,
  retryLimit: 0,
  expireInSeconds: EXPIRE_SECONDS,
  deleteAfterSeconds: DELETE_AFTER_SECONDS,
};
/** One statement's worth. A rush over more dates than this is found by the scans that follow. */
const SCHEDULES_PER_SCAN = 5_000;
const WAKES_PER_FETCH = 100;
const WAKE_WORKERS = 2;

/** In random order, so that schedules that cannot be woken never keep others out of a bounded scan. */
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
  /** Takes up work; `boss` is started. */
  start(): Promise<void>;
  /** Takes up nothing new. */
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

  /** Whether this put a scan in place; false when one waits already, which pg-boss tells by a null. */
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
    // An owner that is slow to answer must not gather a worker per scan.
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
      // What fell due while no node was there is not left to wait for the first job's turn.
      await scan();
      await watch();
    },

    close() {
      closed = true;
      cancelWatch?.();
    },
  };
}
