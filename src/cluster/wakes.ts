import type { Reply, WakeSchedule } from '../actors/command.ts';
import type { Log } from '../runtime/log.ts';

/** Schedules that are remembered to be woken; the durable alarm finds those beyond that when a hold of theirs is over. */
const REMEMBERED_LIMIT = 10_000;
/** Sent at a time: a quarter of what a node activates at once, which leaves room for commands. */
const WAKES_AT_ONCE = 32;

/**
 * Has the owners of schedules that were handed over bring them to life: holds and watchers need somebody who looks after them,
 * whether or not anybody sends a command. An owner who cannot be told, because a link or the database is away, is told later.
 */
export interface Wakes {
  /** Resolves when the owner has brought it to life, or could not be told. Never rejects. */
  wake(scheduleId: number): Promise<void>;
  /** Tells those again who could not be told. Called now and then. */
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
