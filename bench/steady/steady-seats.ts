import type { Random } from '../../harness/random.ts';
import type { Outcome } from './steady-calls.ts';

/** The next request. */
export type SteadyAsk =
  | {
      readonly type: 'hold';
      readonly seatNumber: number;
      readonly token: string;
      /** Whether an earlier request for the seat may have succeeded. */
      readonly isDoubted: boolean;
    }
  | { readonly type: 'release'; readonly seatNumber: number; readonly token: string; readonly reservationId: string };

/** The seats of one schedule, about half of them held. */
export interface SteadySeats {
  /** Null when every seat has a request in flight. */
  next(): SteadyAsk | null;
  settle(ask: SteadyAsk, outcome: Outcome, reservationId: string | null): void;
  heldIds(): string[];
}

/**
 * No other load uses these seats. When an answer is missing, the same holder asks for the seat again: whether the hold or the release
 * was done or not, that holder then has it.
 */
export function createSteadySeats(settings: {
  readonly seatCount: number;
  readonly tokens: readonly string[];
  readonly random: Random;
}): SteadySeats {
  const { seatCount, tokens, random } = settings;
  const free = random.shuffle(Array.from({ length: seatCount }, (_, index) => index + 1));
  const held: Extract<SteadyAsk, { type: 'release' }>[] = [];
  const doubted: Extract<SteadyAsk, { type: 'hold' }>[] = [];

  return {
    next() {
      const doubt = doubted.shift();
      if (doubt !== undefined) return doubt;
      const isHold = held.length === 0 || (free.length > 0 && random.below(seatCount) < free.length);
      const seatNumber = isHold ? free.shift() : undefined;
      if (seatNumber === undefined) return held.shift() ?? null;
      return { type: 'hold', seatNumber, token: tokens[random.below(tokens.length)] ?? '', isDoubted: false };
    },
    settle(ask, outcome, reservationId) {
      const { seatNumber, token } = ask;
      if (outcome === 'held' && reservationId !== null) {
        held.push({ type: 'release', seatNumber, token, reservationId });
      } else if (outcome === 'released') {
        free.push(seatNumber);
      } else if (outcome === 'unknown' || outcome === 'lost' || (ask.type === 'hold' && ask.isDoubted)) {
        doubted.push({ type: 'hold', seatNumber, token, isDoubted: true });
      } else if (outcome === 'none') {
        if (ask.type === 'hold') free.push(seatNumber);
        else held.push(ask);
      }
    },
    heldIds: () => held.map(({ reservationId }) => reservationId),
  };
}
