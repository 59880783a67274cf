import type { Command, CommandRouter, Elsewhere, Reply } from '../actors/command.ts';
import type { PendingCommand } from '../actors/pending-command.ts';
import { createBoundedMap } from '../runtime/bounded-map.ts';
import { type Clock, pause } from '../runtime/clock.ts';
import type { Membership } from './membership-port.ts';
import type { PeerLinks } from './peers/peer-port.ts';
import type { Placement } from './placement.ts';

/*
 * Sends each command to the node that owns its schedule.
 *
 * ROUTER-1. A command travels at most one hop: a node that gets it from a peer serves it or names the owner.
 * ROUTER-2. A command is sent again only if it certainly had no effect, or if repeating it is harmless. The effect of a command
 *     without an answer is `unknown`.
 * ROUTER-3. A command waits for an owner for at most PATIENCE_MS; the number of waiting commands is bounded.
 * ROUTER-4. The first node to ask is a guess: this node while it serves the schedule, else the last known owner, else the node
 *     that the ring chooses. Only the head row decides who the owner is; the receiving node reads it.
 */

/** A planned handover takes milliseconds. The death of a node is noticed later than a caller should have to wait. */
const PATIENCE_MS = 1_500;
/** Between two attempts. The second is immediate, because the first answer usually names the owner. */
const FIRST_PAUSE_MS = 10;
const LONGEST_PAUSE_MS = 200;
/** The time for an owner's answer: a payment holds up commands on its seats for up to 5 s. */
const ANSWER_LIMIT_MS = 6_000;
/** Forwarded commands in flight, each with its open HTTP request. */
const CARRIED_LIMIT = 20_000;
/** Schedules whose last owner is remembered. */
const REMEMBERED_LIMIT = 50_000;

/** The owner's side of this node. */
interface LocalSchedules {
  /** Whether this node owns the schedule and can decide at once. */
  serves(scheduleId: number): boolean;
  dispatch<C extends Command>(command: C, handOn: PendingCommand['handOn']): Reply<C> | Promise<Reply<C>>;
  serve(command: Command): Reply | Elsewhere | Promise<Reply | Elsewhere>;
}

export interface ClusterRouter extends CommandRouter {
  /** Forwarded commands in flight. */
  readonly carried: number;
  /** Attempts since the start, by outcome. */
  counts(): { readonly forwarded: number; readonly unreachable: number; readonly lost: number };
}

/** `peers` is null if only one node may own at a time. Other nodes then refuse commands, with no effect. */
export function createRouter(deps: {
  readonly membership: Pick<Membership, 'node' | 'isAside'>;
  readonly placement: Placement;
  readonly local: LocalSchedules;
  readonly peers: Pick<PeerLinks, 'send'> | null;
  readonly clock: Clock;
}): ClusterRouter {
  const { membership, placement, local, peers, clock } = deps;
  const lastOwners = createBoundedMap<number, string | null>(REMEMBERED_LIMIT);
  let carried = 0;
  const counts = { forwarded: 0, unreachable: 0, lost: 0 };

  /** ROUTER-4. */
  function ownerOf(scheduleId: number): string | null {
    if (local.serves(scheduleId)) return membership.node;
    const last = lastOwners.get(scheduleId) ?? null;
    return last === null || membership.isAside(last) ? placement.ownerOf(scheduleId) : last;
  }

  /** Null: the ring's choice is the best guess. */
  function remember(scheduleId: number, owner: string | null): void {
    if ((lastOwners.get(scheduleId) ?? null) !== owner) lastOwners.set(scheduleId, owner);
  }

  function handOn(pending: PendingCommand, owner: string | null): void {
    const { command } = pending;
    if (peers === null) {
      pending.answered = true;
      pending.resolve(unavailable('none'));
      return;
    }
    remember(command.scheduleId, owner);
    carry(command).then(
      (reply) => {
        pending.answered = true;
        pending.resolve(reply);
      },
      (error: unknown) =>
        pending.reject(new Error(`${command.type} could not be taken to its owner`, { cause: error })),
    );
  }

  async function carry(command: Command): Promise<Reply> {
    if (carried >= CARRIED_LIMIT) return { outcome: 'failed', code: 'OVERLOADED', effect: 'none' };
    carried += 1;
    try {
      return await find(command);
    } finally {
      carried -= 1;
    }
  }

  async function find(command: Command): Promise<Reply> {
    const { scheduleId } = command;
    const deadlineMs = clock.monotonicMs() + PATIENCE_MS;
    for (let attempt = 1; ; attempt += 1) {
      const owner = ownerOf(scheduleId);
      const answer = await ask(owner, command);
      if (answer !== null && answer.outcome !== 'elsewhere') {
        remember(scheduleId, owner);
        return answer;
      }
      // An unreachable node may still be the owner; the next attempt asks the ring's choice.
      remember(scheduleId, answer?.owner === owner ? null : (answer?.owner ?? null));
      const leftMs = deadlineMs - clock.monotonicMs();
      if (leftMs <= 0) return unavailable('none');
      if (attempt > 1) await pause(clock, Math.min(leftMs, LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (attempt - 2)));
    }
  }

  /** Null: the command had no effect and may be sent again. */
  async function ask(owner: string | null, command: Command): Promise<Reply | Elsewhere | null> {
    if (owner === null || peers === null) return null;
    if (owner === membership.node) return await local.serve(command);
    const outcome = await peers.send(owner, command, ANSWER_LIMIT_MS);
    switch (outcome.type) {
      case 'answered':
        counts.forwarded += 1;
        return isNothingDone(outcome.answer) ? null : outcome.answer;
      case 'unreachable':
        counts.unreachable += 1;
        return null;
      case 'lost':
        counts.lost += 1;
        return mayRepeat(command) ? null : unavailable('unknown');
      case 'busy':
        return { outcome: 'failed', code: 'OVERLOADED', effect: 'none' };
    }
  }

  return {
    get carried() {
      return carried;
    },
    counts: () => ({ ...counts }),
    dispatch<C extends Command>(command: C): Reply<C> | Promise<Reply<C>> {
      if (ownerOf(command.scheduleId) === membership.node) return local.dispatch(command, handOn);
      if (peers === null) return unavailable('none');
      return carry(command) as Promise<Reply<C>>;
    },
  };
}

function unavailable(effect: 'none' | 'unknown') {
  return { outcome: 'failed', code: 'OWNER_UNAVAILABLE', effect } as const;
}

/** The peer may not answer now or is leaving; another node may own the schedule. */
function isNothingDone(answer: Reply | Elsewhere): boolean {
  return answer.outcome === 'failed' && answer.code === 'OWNER_UNAVAILABLE' && answer.effect === 'none';
}

/** Repeating a command is harmless if it changes nothing, or only ends holds that are over anyway. */
function mayRepeat(command: Command): boolean {
  return command.type === 'ReadSeatMap' || command.type === 'WakeSchedule' || command.type === 'EndToken';
}
