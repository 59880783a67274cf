import type { Clock } from '../runtime/clock.ts';
import type { Log } from '../runtime/log.ts';
import { HandoverPace } from './handover-pace.ts';
import type { Ownership } from './ownership-port.ts';
import type { ScheduleActor } from './schedule-actor.ts';

/*
 * Schedules on their way to other nodes. Each is sealed, drained, given away in one update, and brought to life by its heir;
 * the commands that waited move with it.
 *
 * HANDOVER-1. A schedule is sealed only when its turn has come, and served until then. It waits for no other one's move after that.
 * HANDOVER-2. So many are on their way to an heir at a time as it takes over quickly (see `HandoverPace`), not counting those that
 *     are stuck.
 * HANDOVER-3. The last order decides which node gets a schedule. A later order may keep a schedule that still waits for its turn.
 */

export interface Handovers {
  /** How many were given away since start. */
  readonly count: number;
  /** The new owner of the actor's schedule, while this node drops the actor. */
  heirOf(actor: ScheduleActor): string | null;
  /**
   * Gives each to its heir. The order replaces all earlier ones whose turn has not come. Resolves when each of them has left
   * this node, or is to stay. Never rejects.
   */
  give(leaving: readonly (readonly [ScheduleActor, string])[]): Promise<void>;
}

/** One that takes longer is stuck on something of its own, as a payment in doubt; those behind it must not be. */
const STUCK_MS = 500;

/** A schedule that is to go. */
interface Departure {
  readonly actor: ScheduleActor;
  readonly over: PromiseWithResolvers<void>;
}

export function createHandovers(deps: {
  readonly ownership: Pick<Ownership, 'handOver'>;
  readonly clock: Clock;
  readonly log: Log;
  /** Whether the next owner is needed without a request: for holds that end, and for watchers. */
  readonly needsCare: (actor: ScheduleActor) => boolean;
  /** Has its owner, mostly the heir, bring it to life. Resolves when that is done or has failed. */
  readonly wakeHeir: (scheduleId: number) => Promise<void>;
}): Handovers {
  const { ownership, clock, log, needsCare, wakeHeir } = deps;
  const heirs = new Map<ScheduleActor, string>();
  const departures = new Map<ScheduleActor, Departure>();
  /** By heir, those whose turn is still to come. */
  let waiting = new Map<string, Set<Departure>>();
  const paces = new Map<string, HandoverPace>();
  let count = 0;

  async function giveOne(actor: ScheduleActor, heir: string): Promise<void> {
    const { scheduleId } = actor;
    const isCareNeeded = needsCare(actor);
    let isInDoubt = false;
    // At once where it was lost before its turn.
    await actor.seal();
    if (actor.state === 'lost') return;
    try {
      // Given or lost meanwhile: either way it is not served from here.
      if (await ownership.handOver(scheduleId, actor.head.epoch, heir)) heirs.set(actor, heir);
    } catch (error) {
      isInDoubt = true;
      log.warn({ err: error, scheduleId }, 'a schedule could not be handed over');
    }
    const isMissed = isCareNeeded || actor.waiting > 0;
    actor.lose();
    const isGiven = heirs.delete(actor);
    if (isGiven) count += 1;
    // In doubt it is the heir's or still this node's, and neither would end its holds before a request for it.
    if (isMissed && (isGiven || isInDoubt)) await wakeHeir(scheduleId);
  }

  async function depart(departure: Departure, heir: string, pace: HandoverPace): Promise<void> {
    const sealedAt = clock.monotonicMs();
    let hasMadeRoom = false;
    const makeRoom = (): void => {
      if (hasMadeRoom) return;
      hasMadeRoom = true;
      pace.end(clock.monotonicMs() - sealedAt);
      giveNext(heir);
    };
    pace.begin();
    const cancel = clock.after(STUCK_MS, makeRoom);
    await giveOne(departure.actor, heir);
    cancel();
    makeRoom();
    conclude(departure);
  }

  function conclude({ actor, over }: Departure): void {
    departures.delete(actor);
    over.resolve();
  }

  function giveNext(heir: string): void {
    const queue = waiting.get(heir);
    const pace = paces.get(heir) ?? new HandoverPace();
    paces.set(heir, pace);
    for (const departure of queue ?? []) {
      if (!pace.hasRoom) return;
      queue?.delete(departure);
      void depart(departure, heir, pace);
    }
    if (pace.isQuiet) paces.delete(heir);
  }

  /** Empties the lines of those that wait for a turn, and returns them. */
  function recall(): Set<Departure> {
    const recalled = new Set([...waiting.values()].flatMap((queue) => [...queue]));
    waiting = new Map();
    return recalled;
  }

  return {
    get count() {
      return count;
    },
    heirOf: (actor) => heirs.get(actor) ?? null,
    async give(leaving) {
      const staying = recall();
      const leftAll: Promise<void>[] = [];
      for (const [actor, heir] of leaving) {
        const known = departures.get(actor);
        const departure = known ?? { actor, over: Promise.withResolvers<void>() };
        leftAll.push(departure.over.promise);
        if (known !== undefined && !staying.delete(known)) continue;
        departures.set(actor, departure);
        const queue = waiting.get(heir);
        if (queue === undefined) waiting.set(heir, new Set([departure]));
        else queue.add(departure);
      }
      for (const departure of staying) conclude(departure);
      for (const heir of waiting.keys()) giveNext(heir);
      await Promise.all(leftAll);
    },
  };
}
