import type { Clock } from '../runtime/clock.ts';

/*
 * Whether this node stands aside because it is on the wrong side of a cut (see `chooseSide`).
 *
 * together   the node serves. → separated after `SEPARATED_AFTER_MS` on the wrong side.
 * separated  other nodes may take its schedules. → returning after `RETURN_AFTER_MS` on the right side.
 * returning  its row may still say that it is separated. → together once the row says otherwise; → separated as above.
 *
 * SPLIT-1. The node stops answering before its row says that it is separated, and answers again only after its row says
 *          otherwise. So no node takes a schedule for which this one still answers.
 * SPLIT-2. The number in the row only grows, so a delayed statement changes nothing. It is odd while the node is separated.
 */

/** A link breaks after 1.5 s of silence. With this limit, other nodes have the schedules within 5 s of a cut. */
const SEPARATED_AFTER_MS = 1_500;
/** Longer, so that an unsteady link does not move schedules each time. */
const RETURN_AFTER_MS = 2_000;
/** The most that counts between two looks: in a longer gap the database or this node stood still. */
const LONGEST_STEP_MS = 500;

export interface Separation {
  /** The number for this node's row. */
  readonly no: number;
  /** Whether the node may own and answer. */
  readonly isTogether: boolean;
  /** Notes the result of a look. Returns the state that the node enters, or null if it stays in its own. */
  look(isOnSide: boolean): 'separated' | 'returning' | null;
  /** The row has the number `no`. Returns whether the node may serve again because of that. */
  confirm(no: number): boolean;
}

export function createSeparation({ clock }: { readonly clock: Clock }): Separation {
  let state: 'together' | 'separated' | 'returning' = 'together';
  let no = 0;
  /** For how long looks have been in favour of the other state. */
  let contraryMs = 0;
  let lookedAtMs = clock.monotonicMs();

  function enter<S extends 'separated' | 'returning'>(next: S): S {
    state = next;
    no += 1;
    contraryMs = 0;
    return next;
  }

  return {
    get no() {
      return no;
    },
    get isTogether() {
      return state === 'together';
    },
    look(isOnSide) {
      const nowMs = clock.monotonicMs();
      const stepMs = Math.min(nowMs - lookedAtMs, LONGEST_STEP_MS);
      lookedAtMs = nowMs;
      const isContrary = isOnSide === (state === 'separated');
      contraryMs = isContrary ? contraryMs + stepMs : 0;
      if (state === 'separated') return contraryMs >= RETURN_AFTER_MS ? enter('returning') : null;
      return contraryMs >= SEPARATED_AFTER_MS ? enter('separated') : null;
    },
    confirm(confirmedNo) {
      if (state !== 'returning' || confirmedNo !== no) return false;
      state = 'together';
      return true;
    },
  };
}
