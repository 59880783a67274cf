import type { Log } from '../log.ts';
import type { Ownership } from './ownership-port.ts';
import type { ScheduleActor } from './schedule-actor.ts';

/** The schedules that wait for their turn are served meanwhile. */
const HANDOVERS_AT_ONCE = 16;

/** Schedules on their way to other nodes. Each is sealed, drained, and given away in one update; who waited goes along. */
export interface Handovers {
  /** How many were given away since start. */
  readonly count: number;
  /** Whose the actor's schedule is now, while it is being dropped here because of that. */
  heirOf(actor: ScheduleActor): string | null;
  /** Gives each to its heir. Resolves when all of them have left this node, whoever's they are then. Never rejects. */
  give(leaving: readonly (readonly [ScheduleActor, string])[]): Promise<void>;
}

export function createHandovers(deps: {
  readonly ownership: Pick<Ownership, 'handOver'>;
  readonly log: Log;
  /** Whether the next owner is needed without anybody's asking: for holds that end, and for watchers. */
  readonly needsCare: (actor: ScheduleActor) => boolean;
  readonly handedOver: (scheduleId: number) => void;
}): Handovers {
  const { ownership, log, needsCare, handedOver } = deps;
  const heirs = new Map<ScheduleActor, string>();
  const underWay = new Map<ScheduleActor, Promise<void>>();
  let count = 0;

  async function giveOne(actor: ScheduleActor, heir: string): Promise<void> {
    const { scheduleId } = actor;
    const isCareNeeded = needsCare(actor);
    await actor.seal();
    if (actor.isLost) return;
    try {
      // Given or lost meanwhile: either way it is not served from here.
      if (await ownership.handOver(scheduleId, actor.head.epoch, heir)) heirs.set(actor, heir);
    } catch (error) {
      log.warn({ err: error, scheduleId }, 'a schedule could not be handed over');
    }
    actor.lose();
    if (!heirs.delete(actor)) return;
    count += 1;
    if (isCareNeeded) handedOver(scheduleId);
  }

  /** Takes from `leaving`, which several do at a time. */
  async function giveNext(leaving: Iterator<readonly [ScheduleActor, string]>): Promise<void> {
    for (let next = leaving.next(); next.done !== true; next = leaving.next()) {
      const [actor, heir] = next.value;
      if (actor.isLost) continue;
      const giving = underWay.get(actor) ?? giveOne(actor, heir).finally(() => underWay.delete(actor));
      underWay.set(actor, giving);
      await giving;
    }
  }

  return {
    get count() {
      return count;
    },
    heirOf: (actor) => heirs.get(actor) ?? null,
    async give(leaving) {
      const queue = leaving.values();
      await Promise.all(Array.from({ length: Math.min(HANDOVERS_AT_ONCE, leaving.length) }, () => giveNext(queue)));
    },
  };
}
