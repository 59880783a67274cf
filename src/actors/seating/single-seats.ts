import { chooseSeats } from './choose-seats.ts';
import type { PlacedSeat, SeatLayout, Stretch } from './seat-layout.ts';
import { SUITABLE, TAKEN } from './seat-wish.ts';

/** The contract's number of alternatives. */
const MOST_SUGGESTIONS = 3;
/** With a smaller share of free seats, single ones cannot be avoided any more: one in so many. */
const SMALLEST_SHARE = 20;

export interface Picked {
  readonly seatNumbers: readonly number[];
  /** TAKEN, UNSUITABLE or SUITABLE by seat number, before the seats are picked; index 0 is not used. */
  readonly states: Uint8Array;
  /** The schedule's `seq`, which decides between equally good scattered seats. */
  readonly seq: number;
}

/** A selection that leaves single free seats, and as many other seats that leave none. */
export interface LeftSingles {
  readonly stranded: readonly number[];
  /** The nearest first. */
  readonly suggestions: readonly (readonly number[])[];
}

/**
 * Says whether picked free seats leave a single free seat between two taken ones of a row, and what to take instead. Null: they
 * leave none; or all other seats for the party would; or fewer than 5 % of the seats are free. A party that picks seats side by
 * side has other seats only where they are side by side. Decides by its arguments alone.
 */
export function findLeftSingles(layout: SeatLayout, picked: Picked): LeftSingles | null {
  const { seatNumbers, states } = picked;
  const stranded = strandedBy(layout, states, seatNumbers);
  if (stranded.length === 0 || isNearlySoldOut(states)) return null;
  const blocks = findBlocks(layout, states, seatNumbers);
  if (blocks.length > 0) return { stranded, suggestions: blocks.slice(0, MOST_SUGGESTIONS) };
  if (isSideBySide(layout, seatNumbers)) return null;
  const wish = { count: seatNumbers.length, isTogether: false, avoidsSingles: true, states, seq: picked.seq };
  const other = chooseSeats(layout, wish);
  if (other.type === 'none' || strandedBy(layout, states, other.seatNumbers).length > 0) return null;
  return { stranded, suggestions: [other.seatNumbers] };
}

/** The free seats that these would leave alone between two taken ones, in the order of their positions. */
function strandedBy({ stretches }: SeatLayout, states: Uint8Array, seatNumbers: readonly number[]): number[] {
  const chosen = new Set(seatNumbers);
  const stranded: number[] = [];
  const isTaken = (seat: PlacedSeat) => chosen.has(seat.seatNumber) || states[seat.seatNumber] === TAKEN;
  for (const { seats } of stretches) {
    for (let index = 1; index < seats.length - 1; index += 1) {
      const [left, seat, right] = [seats[index - 1], seats[index], seats[index + 1]];
      if (left === undefined || seat === undefined || right === undefined || isTaken(seat)) continue;
      const isLeftAlone = isTaken(left) && isTaken(right);
      if (isLeftAlone && (chosen.has(left.seatNumber) || chosen.has(right.seatNumber))) stranded.push(seat.seatNumber);
    }
  }
  return stranded;
}

function isNearlySoldOut(states: Uint8Array): boolean {
  let free = 0;
  for (let seatNumber = 1; seatNumber < states.length; seatNumber += 1) if (states[seatNumber] !== TAKEN) free += 1;
  return free * SMALLEST_SHARE < states.length - 1;
}

/** Where picked seats are, to measure how far others are from them. */
interface Place {
  readonly rank: number;
  readonly section: string;
  readonly fromCentre: number;
}

interface Block {
  readonly seatNumbers: readonly number[];
  readonly place: Place;
}

/** The blocks of as many suitable seats that leave no single one, the nearest to the picked seats first. */
function findBlocks(layout: SeatLayout, states: Uint8Array, seatNumbers: readonly number[]): (readonly number[])[] {
  const picked = placeOf(layout, seatNumbers);
  const blocks = layout.stretches.flatMap((stretch) => blocksOf(stretch, states, seatNumbers.length));
  const steps = ({ place }: Block): readonly number[] => [
    Math.abs(place.rank - picked.rank),
    place.section === picked.section ? 0 : 1,
    Math.abs(place.fromCentre - picked.fromCentre),
  ];
  return blocks
    .map((block) => ({ block, steps: steps(block) }))
    .sort((one, other) => compare(one.steps, other.steps))
    .map(({ block }) => block.seatNumbers);
}

function blocksOf({ rank, section, seats }: Stretch, states: Uint8Array, count: number): Block[] {
  const blocks: Block[] = [];
  const isTaken = (seat: PlacedSeat | undefined) => seat !== undefined && states[seat.seatNumber] === TAKEN;
  const isFree = (seat: PlacedSeat | undefined) => seat !== undefined && states[seat.seatNumber] !== TAKEN;
  let length = 0;
  for (let end = 0; end < seats.length; end += 1) {
    length = states[seats[end]?.seatNumber ?? 0] === SUITABLE ? length + 1 : 0;
    const start = end - count + 1;
    if (length < count) continue;
    if (isFree(seats[start - 1]) && isTaken(seats[start - 2])) continue;
    if (isFree(seats[end + 1]) && isTaken(seats[end + 2])) continue;
    const fromCentre = ((seats[start]?.fromCentre ?? 0) + (seats[end]?.fromCentre ?? 0)) / 2;
    const seatNumbers = seats.slice(start, end + 1).map(({ seatNumber }) => seatNumber);
    blocks.push({ seatNumbers, place: { rank, section, fromCentre } });
  }
  return blocks;
}

/** The row of the first picked seat, and the middle of those in it. */
function placeOf({ stretches }: SeatLayout, seatNumbers: readonly number[]): Place {
  const stretch = stretches.find(({ seats }) => seats.some((seat) => seatNumbers.includes(seat.seatNumber)));
  const seats = stretch?.seats.filter((seat) => seatNumbers.includes(seat.seatNumber)) ?? [];
  const middle = seats.reduce((sum, { fromCentre }) => sum + fromCentre, 0) / Math.max(seats.length, 1);
  return { rank: stretch?.rank ?? 0, section: stretch?.section ?? '', fromCentre: middle };
}

function isSideBySide({ stretches }: SeatLayout, seatNumbers: readonly number[]): boolean {
  const chosen = new Set(seatNumbers);
  return stretches.some(({ seats }) => {
    const first = seats.findIndex(({ seatNumber }) => chosen.has(seatNumber));
    return (
      first >= 0 &&
      seats.slice(first, first + chosen.size).filter((seat) => chosen.has(seat.seatNumber)).length === chosen.size
    );
  });
}

function compare(one: readonly number[], other: readonly number[]): number {
  for (const [index, step] of one.entries()) {
    const difference = step - (other[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
