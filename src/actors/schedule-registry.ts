import { type Clock, type DatabaseClock, every, pause } from '../runtime/clock.ts';
import type { Log } from '../runtime/log.ts';
import { isoOf } from '../domain/instant.ts';
import type { SeatPublisher } from '../domain/seat-broadcast.ts';
import { createActivations } from './activations.ts';
import type { Command, Elsewhere, Reply } from './command.ts';
import { ConfirmedSeats } from './confirmed-seats.ts';
import { createEndedTokens } from './ended-tokens.ts';
import { ExpiryTimer } from './expiry-timer.ts';
import type { Change, EndCause, SaleStep } from './flush.ts';
import { answerPending, createPendingCommand, type PendingCommand } from './pending-command.ts';
import { createHandovers } from './handovers.ts';
import type { Journal } from './journal-port.ts';
import type { OwnedSchedule, Ownership } from './ownership-port.ts';
import { createLayouts, type SeatLayout } from './seating/seat-layout.ts';
import { ScheduleActor, type ScheduleActorSettings } from './schedule-actor.ts';

/*
 * The schedule actors of this node: brought to life on first use, dropped when idle or lost.
 *
 * REGISTRY-1. A schedule has at most one actor here.
 * REGISTRY-2. A schedule that does not exist never gets an actor.
 * REGISTRY-3. A command that an actor could not answer because the schedule left is dispatched again, a bounded number of times.
 * REGISTRY-4. A schedule that is handed over decides nothing between its last flush here and its first at the heir; waiting
 *     commands move with it.
 */

/** How often a command is taken to an owner before it fails for lack of one. */
const DISPATCH_LIMIT = 5;
/** An actor that was not used between two sweeps, and has no hold, is dropped; it costs about 30 KiB. */
const PASSIVATION_SWEEP_MS = 300_000;
/** A watcher that missed something, over a carrier that may lose messages, finds out within this time. */
const HEAD_INTERVAL_MS = 1_000;
/** How long a stop waits for what is under way. */
const DRAIN_LIMIT_MS = 5_000;
const DRAIN_POLL_MS = 10;

export interface ScheduleRegistryDependencies {
  readonly ownership: Ownership;
  readonly journal: Journal;
  /** Publishes durable changes, and the positions of watched schedules. */
  readonly publisher: SeatPublisher;
  readonly clock: Clock;
  readonly databaseClock: DatabaseClock;
  readonly settings: ScheduleActorSettings;
  readonly newId: () => string;
  readonly log: Log;
  /**
   * A schedule with waiting commands, holds or watchers belongs to another node now: has that node bring it to life.
   * Resolves when it has, or could not. Never rejects.
   */
  readonly wakeHeir?: (scheduleId: number) => Promise<void>;
  /** Off only to show that the durable alarm alone suffices. */
  readonly isExpiryTimerOn: boolean;
}

export interface RegistryCounts {
  readonly schedules: number;
  readonly held: number;
  readonly confirmed: number;
  /** Commands that wait in all schedules. */
  readonly waiting: number;
  /** Holds that ended since start, by what ended them. */
  readonly ends: Readonly<Record<EndCause, number>>;
  /** Schedules that came and that were handed over, since start. */
  readonly moves: { readonly activated: number; readonly handedOver: number };
}

/** Durable steps of the sale since start, counted by this node. */
export interface SaleProgress extends Readonly<Record<SaleStep, number>> {
  /** Commands that wait in all schedules now. */
  readonly waiting: number;
}

export interface ScheduleRegistry {
  /**
   * Takes a command to the schedule's actor here, as `CommandRouter` does. One whose schedule is another node's goes, undone,
   * to `handOn`, which sees to its answer.
   */
  dispatch<C extends Command>(command: C, handOn?: PendingCommand['handOn']): Reply<C> | Promise<Reply<C>>;
  /** The same, for who asks the owner elsewhere himself. */
  serve(command: Command): Reply | Elsewhere | Promise<Reply | Elsewhere>;
  /**
   * Hands every schedule over whose heir, by `heirOf`, is another node; null: it stays. Resolves when none of them is here
   * any more; those that could not be given by then are tried by the next call.
   */
  handOver(heirOf: (scheduleId: number) => string | null): Promise<void>;
  /** Whether the schedule is here. */
  serves(scheduleId: number): boolean;
  /** Publishes the position of the schedule, if it is here. */
  announce(scheduleId: number): void;
  counts(): RegistryCounts;
  /** Cheap enough for every second: it looks at no seat. */
  progress(): SaleProgress;
  /** Drops every actor: the node may own nothing any more. Waiting commands are dispatched again. */
  loseAll(): void;
  start(): void;
  /** Takes no more commands and waits for what is under way, up to 5 s. */
  close(): Promise<void>;
}

/** The actors of this node behind one `dispatch`. */
export function createScheduleRegistry(deps: ScheduleRegistryDependencies): ScheduleRegistry {
  const { ownership, publisher, clock, databaseClock, log } = deps;
  const actors = new Map<number, ScheduleActor>();
  const endedTokens = createEndedTokens({ clock });
  const layoutOf = createLayouts();
  const used = new WeakSet<ScheduleActor>();
  const ends: Record<EndCause, number> = { timer: 0, alarm: 0, demand: 0 };
  const steps: Record<SaleStep, number> = { holds: 0, payments: 0, refunds: 0 };
  const dispatches = new WeakMap<PendingCommand, number>();
  let activated = 0;
  let isClosing = false;
  let stopSweeping: (() => void) | null = null;
  let stopAnnouncing: (() => void) | null = null;

  const activations = createActivations({ ownership, clock, log, arrived });
  const handovers = createHandovers({
    ownership,
    clock,
    log,
    needsCare: (actor) => !actor.isIdle || publisher.isWatched(actor.scheduleId),
    wakeHeir: deps.wakeHeir ?? (() => Promise.resolve()),
  });
  const timer = new ExpiryTimer<ScheduleActor>(clock, databaseClock, (actor) => actor.expireDue('timer'));

  function drop(actor: ScheduleActor): void {
    if (actors.get(actor.scheduleId) === actor) actors.delete(actor.scheduleId);
    timer.disarm(actor);
  }

  function bringToLife(schedule: OwnedSchedule): ScheduleActor {
    const { scheduleId, concertId, epoch, seq } = schedule;
    // Seats that were never changed, which most are, share what says so.
    let last: Change | null = null;
    const changes = schedule.seats.map(({ epoch: changeEpoch, seq: changeSeq }) => {
      if (last?.epoch !== changeEpoch || last.seq !== changeSeq) {
        last = { epoch: changeEpoch, seq: changeSeq, flush: null, position: 0 };
      }
      return last;
    });
    const seats = schedule.seats.map(({ seat }) => seat);
    let layout: SeatLayout | null = null;
    return new ScheduleActor({
      facts: {
        scheduleId,
        concertId,
        startsAt: isoOf(schedule.times.startsAtMs),
        ...schedule.times,
      },
      recentHolds: schedule.recentHolds,
      confirmed: new ConfirmedSeats(scheduleId, epoch, seq, seats, changes, schedule.times.cancelled),
      settings: deps.settings,
      endedTokens,
      databaseClock,
      journal: deps.journal,
      publisher,
      newId: deps.newId,
      layout: () => (layout ??= layoutOf(schedule.plan, () => seats.map(({ price }) => price))),
      isLeaseValid: () => ownership.isLeaseValid(),
      expiresAt: (actor, at) => {
        if (deps.isExpiryTimerOn) timer.arm(actor, at);
      },
      onEnded: (cause, count) => {
        ends[cause] += count;
      },
      onProgress: (step, count) => {
        steps[step] += count;
      },
      lost: (actor, waiting) => {
        drop(actor);
        const heir = handovers.heirOf(actor);
        for (const pending of waiting) {
          if (heir === null) route(pending);
          else pending.handOn(pending, heir);
        }
      },
      bug: (actor, error) => {
        log.error({ err: error, scheduleId }, 'a schedule actor failed and is loaded again');
        // The actor is in the middle of the failed decision; it finishes that first.
        queueMicrotask(() => actor.lose());
      },
    });
  }

  function arrived(schedule: OwnedSchedule, waiting: readonly PendingCommand[]): void {
    endedTokens.adopt(schedule.endedTokens);
    const actor = bringToLife(schedule);
    actors.set(schedule.scheduleId, actor);
    activated += 1;
    if (publisher.isWatched(schedule.scheduleId)) publisher.announce(actor.head);
    for (const pending of waiting) submit(actor, pending);
  }

  function submit(actor: ScheduleActor, pending: PendingCommand): void {
    used.add(actor);
    actor.submit(pending);
  }

  function route(pending: PendingCommand): void {
    const { scheduleId } = pending.command;
    const actor = actors.get(scheduleId);
    if (actor !== undefined && !isClosing) {
      submit(actor, pending);
      return;
    }
    const attempts = (dispatches.get(pending) ?? 0) + 1;
    dispatches.set(pending, attempts);
    if (isClosing) {
      pending.handOn(pending, null);
      return;
    }
    if (attempts > DISPATCH_LIMIT)
      answerPending(pending, { outcome: 'failed', code: 'OWNER_UNAVAILABLE', effect: 'none' });
    else activations.await(pending);
  }

  function sweep(): void {
    for (const actor of actors.values()) {
      if (used.delete(actor) || !actor.isIdle || publisher.isWatched(actor.scheduleId)) continue;
      drop(actor);
    }
  }

  function announceHeads(): void {
    for (const scheduleId of publisher.watched()) {
      const actor = actors.get(scheduleId);
      if (actor !== undefined) publisher.announce(actor.head);
    }
  }

  function take<R extends Reply | Elsewhere>(command: Command, handOn: PendingCommand['handOn']): R | Promise<R> {
    const answer: { early: Reply | Elsewhere | null; later: PromiseWithResolvers<R> | null } = {
      early: null,
      later: null,
    };
    const laterAnswer = () => (answer.later ??= Promise.withResolvers<R>());
    let hasReturned = false;
    const pending = createPendingCommand({
      command,
      // A reply always is one to the command that it answers: the actor's table of decisions sees to it.
      resolve(reply) {
        if (hasReturned) laterAnswer().resolve(reply as R);
        else answer.early = reply;
      },
      reject: (error) => laterAnswer().reject(error),
      handOn,
    });
    route(pending);
    hasReturned = true;
    return answer.early === null ? laterAnswer().promise : (answer.early as R);
  }

  function isQuiet(): boolean {
    if (!activations.isQuiet) return false;
    for (const actor of actors.values()) if (actor.waiting > 0) return false;
    return true;
  }

  return {
    dispatch: (command, handOn = refuseElsewhere) => take(command, handOn),
    serve: (command) => take(command, answerElsewhere),

    async handOver(heirOf) {
      const leaving: (readonly [ScheduleActor, string])[] = [];
      for (const actor of actors.values()) {
        const heir = heirOf(actor.scheduleId);
        if (heir !== null) leaving.push([actor, heir]);
      }
      await handovers.give(leaving);
    },

    serves: (scheduleId) => !isClosing && actors.has(scheduleId),

    announce(scheduleId) {
      const actor = actors.get(scheduleId);
      if (actor !== undefined) publisher.announce(actor.head);
    },

    counts() {
      let held = 0;
      let confirmed = 0;
      let waiting = activations.waiting;
      for (const actor of actors.values()) {
        const seats = actor.count();
        held += seats.held;
        confirmed += seats.confirmed;
        waiting += actor.waiting;
      }
      return {
        schedules: actors.size,
        held,
        confirmed,
        waiting,
        ends: { ...ends },
        moves: { activated, handedOver: handovers.count },
      };
    },
    progress() {
      let waiting = activations.waiting;
      for (const actor of actors.values()) waiting += actor.waiting;
      return { ...steps, waiting };
    },
    loseAll() {
      for (const actor of actors.values()) actor.lose();
    },
    start() {
      stopSweeping ??= every(clock, PASSIVATION_SWEEP_MS, sweep);
      stopAnnouncing ??= every(clock, HEAD_INTERVAL_MS, announceHeads);
    },
    async close() {
      isClosing = true;
      stopSweeping?.();
      stopAnnouncing?.();
      timer.close();
      const deadline = clock.monotonicMs() + DRAIN_LIMIT_MS;
      while (!isQuiet() && clock.monotonicMs() < deadline) {
        await pause(clock, DRAIN_POLL_MS);
      }
    },
  };
}

function refuseElsewhere(pending: PendingCommand): void {
  pending.answered = true;
  pending.resolve({ outcome: 'failed', code: 'OWNER_UNAVAILABLE', effect: 'none' });
}

function answerElsewhere(pending: PendingCommand, owner: string | null): void {
  pending.answered = true;
  pending.resolve({ outcome: 'elsewhere', owner });
}
