import type { SeatLayout } from './seat-layout.ts';
import { costsOf, SUITABLE, type SeatCosts, type SeatWish, TAKEN } from './seat-wish.ts';

/*
 * The search goes through the seats from the front to the back, and in each row from left to right. For every number of seats
 * chosen so far it keeps the cheapest way to get there, once for each kind of step that may have come last: only that decides
 * whether a free seat is left alone.
 */

/** The end of a stretch, where the next one begins. */
const END = 0;
const PASSED_TAKEN = 1;
const CHOSE = 2;
/** Left a free seat, by the kind of the step before. */
const LEFT_AFTER_END = 3;
const LEFT_AFTER_TAKEN = 4;
const LEFT_AFTER_CHOSE = 5;
const LEFT_AFTER_LEFT = 6;
const KINDS = 7;

/** By the kind of the step before, the kind of one that leaves a free seat. */
const LEAVING = Uint8Array.of(
  LEFT_AFTER_END,
  LEFT_AFTER_TAKEN,
  LEFT_AFTER_CHOSE,
  LEFT_AFTER_LEFT,
  LEFT_AFTER_LEFT,
  LEFT_AFTER_LEFT,
  LEFT_AFTER_LEFT,
);

/**
 * The cheapest suitable seats, side by side or not, in the order of their positions; null where there are too few.
 * Takes time in proportion to the seats in rows with suitable ones, up to the row where no further seat can be better.
 */
export function findBestScattered({ stretches }: SeatLayout, wish: SeatWish): readonly number[] | null {
  const { count, states } = wish;
  const costs = costsOf(wish);
  const search = new Search(count, costs);
  for (const { seats, rank } of stretches) {
    const front = rank * costs.rank;
    if (search.isOver(front)) break;
    if (!seats.some(({ seatNumber }) => states[seatNumber] === SUITABLE)) continue;
    let wasTaken = false;
    for (const { seatNumber, fromCentre } of seats) {
      const state = states[seatNumber] ?? TAKEN;
      if (state !== TAKEN)
        search.meet(seatNumber, state === SUITABLE ? front + Math.abs(fromCentre) * costs.distance : null);
      else if (!wasTaken) search.passTaken();
      wasTaken = state === TAKEN;
    }
    search.passEnd();
  }
  return search.result();
}

/** A way is an index: the number of seats chosen, times KINDS, plus the kind of the last step. */
class Search {
  readonly #count: number;
  readonly #costs: SeatCosts;
  readonly #size: number;
  /** The lowest cost of each way. */
  #ways: Float64Array;
  /** The same after the step that is being made. */
  #next: Float64Array;
  /** The seat of each step that met a free one, else 0. */
  readonly #seatNumbers: number[] = [];
  /** For each step and way, the kind of the step before. */
  readonly #kindsBefore: Uint8Array[] = [];
  #before = new Uint8Array();

  constructor(count: number, costs: SeatCosts) {
    this.#count = count;
    this.#costs = costs;
    this.#size = (count + 1) * KINDS;
    this.#ways = new Float64Array(this.#size).fill(Number.POSITIVE_INFINITY);
    this.#next = new Float64Array(this.#size);
    this.#ways[END] = 0;
  }

  /** A free seat: it is left or, at `price` unless that is null, chosen. */
  meet(seatNumber: number, price: number | null): void {
    this.#begin(seatNumber);
    for (let way = 0; way < this.#size; way += 1) {
      const cost = this.#ways[way] ?? Number.POSITIVE_INFINITY;
      if (cost === Number.POSITIVE_INFINITY) continue;
      const kind = way % KINDS;
      const chosen = way - kind;
      this.#reach(chosen + (LEAVING[kind] ?? LEFT_AFTER_LEFT), cost, kind);
      if (price === null || chosen + KINDS >= this.#size) continue;
      this.#reach(chosen + KINDS + CHOSE, cost + price + this.#costBeforeChosen(kind), kind);
    }
    this.#commit();
  }

  passTaken(): void {
    this.#pass(PASSED_TAKEN, this.#costs.single);
  }

  passEnd(): void {
    this.#pass(END, this.#costs.singleAtEnd);
  }

  /** Whether a seat at `price` or more cannot be part of a cheaper choice; asked at the end of a stretch. */
  isOver(price: number): boolean {
    const complete = this.#costOf(this.#count);
    for (let missing = 1; missing <= this.#count; missing += 1) {
      if (this.#costOf(this.#count - missing) + missing * price < complete) return false;
    }
    return true;
  }

  /** The seats of the cheapest choice; asked at the end of a stretch. */
  result(): readonly number[] | null {
    if (this.#costOf(this.#count) === Number.POSITIVE_INFINITY) return null;
    const seatNumbers: number[] = [];
    let way = this.#count * KINDS + END;
    for (let step = this.#seatNumbers.length - 1; step >= 0; step -= 1) {
      const hasChosen = way % KINDS === CHOSE;
      if (hasChosen) seatNumbers.push(this.#seatNumbers[step] ?? 0);
      const chosen = way - (way % KINDS) - (hasChosen ? KINDS : 0);
      way = chosen + (this.#kindsBefore[step]?.[way] ?? END);
    }
    return seatNumbers.reverse();
  }

  #costOf(chosen: number): number {
    return this.#ways[chosen * KINDS + END] ?? Number.POSITIVE_INFINITY;
  }

  /** Goes to `kind`; `single` is the price of a seat that is thereby left alone. */
  #pass(kind: number, single: number): void {
    this.#begin(0);
    for (let way = 0; way < this.#size; way += 1) {
      const cost = this.#ways[way] ?? Number.POSITIVE_INFINITY;
      if (cost === Number.POSITIVE_INFINITY) continue;
      const last = way % KINDS;
      this.#reach(way - last + kind, cost + (last === LEFT_AFTER_CHOSE ? single : 0), last);
    }
    this.#commit();
  }

  /** What it costs to choose the next seat after a step of this kind, for a seat that is thereby left alone. */
  #costBeforeChosen(kind: number): number {
    if (kind === LEFT_AFTER_END) return this.#costs.singleAtEnd;
    return kind === LEFT_AFTER_TAKEN || kind === LEFT_AFTER_CHOSE ? this.#costs.single : 0;
  }

  #begin(seatNumber: number): void {
    this.#next.fill(Number.POSITIVE_INFINITY);
    this.#before = new Uint8Array(this.#size);
    this.#seatNumbers.push(seatNumber);
    this.#kindsBefore.push(this.#before);
  }

  #reach(way: number, cost: number, kindBefore: number): void {
    if (cost >= (this.#next[way] ?? Number.POSITIVE_INFINITY)) return;
    this.#next[way] = cost;
    this.#before[way] = kindBefore;
  }

  #commit(): void {
    const ways = this.#ways;
    this.#ways = this.#next;
    this.#next = ways;
  }
}
