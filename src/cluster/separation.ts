import type { Clock } from '../runtime/clock.ts';

/*
 * Whether this node stands aside because it is on the wrong side of a cut (see `chooseSide`).
 *
 * together   the node serves. → separated when it was on the wrong side for `SEPARATED_AFTER_MS`.
 * separated  its schedules are free for others. → returning when it was on the right side for `RETURN_AFTER_MS`.
 * returning  its row may still say that it is separated. → together when its row says that it is not; → separated as above.
 *
 * SPLIT-1. The node stops answering before its row says that it is separated, and answers again only after its row says that it
 *          is not: nobody takes a schedule that it still answers for.
 * SPLIT-2. The number in the row only grows, so a statement that was delayed changes nothing. It is odd while separated.
 */

/** A link is given up after 1.5 s of silence. With this, others have the schedules within 5 s of a cut. */
const SEPARATED_AFTER_MS = 1_500;
/** Longer, so that a link which comes and goes does not move schedules each time. */
const RETURN_AFTER_MS = 2_000;
/** Between two looks no more than this counts: the database or this node stood still. */
const LONGEST_STEP_MS = 500;

export interface Separation {
  /** The number for this node's row. */
  readonly no: number;
  /** Whether the node may own and answer. */
  readonly isTogether: boolean;
  /** Takes what a look found. The state that the node enters because of it, null where it stays in its own. */
  look(isOnSide: boolean): 'separated' | 'returning' | null;
  /** The row says `no`. Whether the node may serve again because of that. */
  confirm(no: number): boolean;
}

export function createSeparation({ clock }: { readonly clock: Clock }): Separation {
  let state: 'together' | 'separated' | 'returning' = 'together';
  let no = 0;
  /** For how long looks have spoken for the other state. */
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
