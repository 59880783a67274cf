/**
 * Who is still there. Tells who has been WAITING without a sign of life for `abandonMs`, and who has been ACTIVE for
 * `noShowMs` without having asked for anything since.
 *
 * Those who wait are kept in order of their last sign, the unclaimed in order of admission, so that a look at who is
 * missing costs what is found, and a sign costs a move to the end. Time is monotonic.
 */
import type { Clock } from '../../runtime/clock.ts';
import { createAlarm } from '../alarm.ts';
import type { Place } from '../place.ts';
import { isAwayTooLong } from '../policy.ts';

export interface SignsOfLife {
  /** The place waits from now on. */
  noteWaiting(place: Place): void;
  /** The place is ACTIVE from now on. */
  noteActive(place: Place): void;
  /** Its holder asked for something. */
  noteSign(place: Place): void;
  forget(place: Place): void;
  /** Whether it is still so that the holder has been away too long. */
  isMissing(place: Place): boolean;
  /** Everybody counts as seen now: this process could not have heard them. */
  startAfresh(): void;
  close(): void;
}

export interface SignsOfLifeSettings {
  readonly clock: Clock;
  readonly abandonMs: number;
  readonly noShowMs: number;
  /** Called once or more for somebody who is missing, until the place is forgotten or gives a sign. */
  readonly onMissing: (place: Place) => void;
}

export function createSignsOfLife(settings: SignsOfLifeSettings): SignsOfLife {
  const { clock, abandonMs, noShowMs, onMissing } = settings;
  const groups = {
    waiting: { members: new Set<Place>(), allowanceMs: abandonMs },
    unclaimed: { members: new Set<Place>(), allowanceMs: noShowMs },
  };
  type Group = (typeof groups)['waiting'];
  let afreshAtMs = Number.NEGATIVE_INFINITY;
  let isArmed = false;
  const alarm = createAlarm({ clock, ring: look });

  function seenAt(place: Place): number {
    return Math.max(place.seenAtMs, afreshAtMs);
  }

  function moveToEnd({ members }: Group, place: Place): void {
    place.seenAtMs = clock.monotonicMs();
    members.delete(place);
    members.add(place);
    if (!isArmed) arm();
  }

  /** Tells of the missing, and returns when the next one can be. */
  function lookThrough(group: Group): number {
    const nowMs = clock.monotonicMs();
    for (const place of group.members) {
      if (!isAwayTooLong(seenAt(place), nowMs, group.allowanceMs)) return seenAt(place) + group.allowanceMs;
      if (place.watchers !== null) moveToEnd(group, place);
      else onMissing(place);
    }
    return Number.POSITIVE_INFINITY;
  }

  function firstDueMs({ members, allowanceMs }: Group): number {
    for (const place of members) return seenAt(place) + allowanceMs;
    return Number.POSITIVE_INFINITY;
  }

  function armFor(dueMs: number): void {
    isArmed = Number.isFinite(dueMs);
    alarm.set(isArmed ? dueMs - clock.monotonicMs() : null);
  }

  function arm(): void {
    armFor(Math.min(firstDueMs(groups.waiting), firstDueMs(groups.unclaimed)));
  }

  function look(): void {
    // Counts as armed, so that those who are moved meanwhile do not arm it for somebody who was just told of.
    isArmed = true;
    armFor(Math.min(lookThrough(groups.waiting), lookThrough(groups.unclaimed)));
  }

  return {
    noteWaiting(place) {
      moveToEnd(groups.waiting, place);
    },

    noteActive(place) {
      groups.waiting.members.delete(place);
      place.isUnclaimed = true;
      moveToEnd(groups.unclaimed, place);
      // With a shorter allowance than that of those who wait, it may be the next to be looked at.
      arm();
    },

    noteSign(place) {
      if (place.status === 'WAITING') {
        if (groups.waiting.members.has(place)) moveToEnd(groups.waiting, place);
      } else if (place.isUnclaimed) {
        place.isUnclaimed = false;
        groups.unclaimed.members.delete(place);
      }
    },

    forget(place) {
      groups.waiting.members.delete(place);
      groups.unclaimed.members.delete(place);
    },

    isMissing(place) {
      const group = place.status === 'WAITING' ? groups.waiting : groups.unclaimed;
      if (!group.members.has(place) || place.watchers !== null) return false;
      return isAwayTooLong(seenAt(place), clock.monotonicMs(), group.allowanceMs);
    },

    startAfresh() {
      afreshAtMs = clock.monotonicMs();
      arm();
    },

    close() {
      groups.waiting.members.clear();
      groups.unclaimed.members.clear();
      armFor(Number.POSITIVE_INFINITY);
    },
  };
}
