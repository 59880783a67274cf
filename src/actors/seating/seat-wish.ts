/** What a choice needs to know of a seat. */
export const TAKEN = 0;
/** Free, but not for this wish. */
export const UNSUITABLE = 1;
export const SUITABLE = 2;

export interface SeatWish {
  /** 1 to 10. */
  readonly count: number;
  /** Only seats side by side will do. */
  readonly isTogether: boolean;
  /** Whether seats further back are better than seats that leave a single free seat behind. */
  readonly avoidsSingles: boolean;
  /** A block has at least one of these seats; left out for any block. */
  readonly oneOf?: ReadonlySet<number>;
  /** TAKEN, UNSUITABLE or SUITABLE by seat number; index 0 is not used. */
  readonly states: Uint8Array;
  /** The schedule's `seq`. It decides between equally good choices, so the same log leads to the same choice. */
  readonly seq: number;
}

/** What the parts of a choice cost; lower is better. Each unit exceeds every sum of the lesser ones in a hall of 2 000 seats. */
export interface SeatCosts {
  /** For each free seat that the choice leaves alone between two taken ones. */
  readonly single: number;
  /** The same between a taken seat and the end of the row or an aisle. */
  readonly singleAtEnd: number;
  /** For each row between the stage and a chosen seat. */
  readonly rank: number;
  /** For each half seat between the centre of the row and a chosen seat, or the middle of a chosen block. */
  readonly distance: number;
}

const AVOIDING: SeatCosts = { single: 1e13, singleAtEnd: 1, rank: 1e6, distance: 100 };
const ALLOWING: SeatCosts = { single: 1, singleAtEnd: 1, rank: 1e6, distance: 100 };

export function costsOf({ avoidsSingles }: SeatWish): SeatCosts {
  return avoidsSingles ? AVOIDING : ALLOWING;
}
