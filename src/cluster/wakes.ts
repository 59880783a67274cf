import type { Reply, WakeSchedule } from '../actors/command.ts';
import type { Log } from '../runtime/log.ts';

/** Remembered schedules. The durable alarm wakes further ones when a hold of theirs is over. */
const REMEMBERED_LIMIT = 10_000;
/** Wakes in flight: a quarter of what a node activates at once, which leaves room for commands. */
const WAKES_AT_ONCE = 32;

/**
 * Makes the new owners of handed-over schedules activate them: holds and watchers need an actor, also without commands. A
 * wake that fails, because a link or the database is unavailable, is sent again later.
 */
export interface Wakes {
  /** Resolves when the owner has activated the schedule, or when that has failed. Never rejects. */
  wake(scheduleId: number): Promise<void>;
  /** Sends failed wakes again. Called now and then. */
  tryAgain(): void;
}

export function createWakes({
  router,
  log,
}: {
  readonly router: { dispatch(command: WakeSchedule): Reply<WakeSchedule> | Promise<Reply<WakeSchedule>> };
  readonly log: Log;
}): Wakes {
  const untold = new Set<number>();
  let underWay = 0;

  async function wake(scheduleId: number): Promise<void> {
    try {
      const reply = await router.dispatch({ type: 'WakeSchedule', scheduleId, cause: 'demand' });
      if (reply.outcome !== 'failed') return;
      log.warn({ scheduleId, code: reply.code }, 'an heir could not be woken; it is tried again');
    } catch (error) {
      log.error({ err: error, scheduleId }, 'an heir could not be woken; it is tried again');
    }
    if (untold.size < REMEMBERED_LIMIT) untold.add(scheduleId);
  }

  return {
    wake,
    tryAgain() {
      for (const scheduleId of untold) {
        if (underWay >= WAKES_AT_ONCE) return;
        untold.delete(scheduleId);
        underWay += 1;
        void wake(scheduleId).finally(() => (underWay -= 1));
      }
    },
  };
}
