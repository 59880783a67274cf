import type { PlacedSeat, SeatLayout, Stretch } from './seat-layout.ts';
import { costsOf, SUITABLE, type SeatCosts, type SeatWish, TAKEN } from './seat-wish.ts';

interface Block {
  readonly stretch: Stretch;
  readonly start: number;
}

/** The best suitable seats side by side, from left to right; null where there is no such block. */
export function findBestBlock({ stretches }: SeatLayout, wish: SeatWish): readonly number[] | null {
  const { count, states, seq, oneOf } = wish;
  const costs = costsOf(wish);
  let lowest = Number.POSITIVE_INFINITY;
  let best: Block[] = [];
  for (const stretch of stretches) {
    const { seats, rank } = stretch;
    // Later stretches are no nearer to the stage.
    if (rank * costs.rank > lowest) break;
    let length = 0;
    for (let end = 0; end < seats.length; end += 1) {
      length = states[seats[end]?.seatNumber ?? 0] === SUITABLE ? length + 1 : 0;
      if (length < count) continue;
      const start = end - count + 1;
      if (oneOf !== undefined && !hasAny(seats, start, end, oneOf)) continue;
      const cost = rank * costs.rank + costOfBlock(seats, start, end, states, costs);
      if (cost > lowest) continue;
      if (cost < lowest) best = [];
      lowest = cost;
      best.push({ stretch, start });
    }
  }
  const block = best[seq % best.length];
  if (block === undefined) return null;
  return block.stretch.seats.slice(block.start, block.start + count).map(({ seatNumber }) => seatNumber);
}

function hasAny(seats: readonly PlacedSeat[], start: number, end: number, wanted: ReadonlySet<number>): boolean {
  for (let index = start; index <= end; index += 1) if (wanted.has(seats[index]?.seatNumber ?? 0)) return true;
  return false;
}

function costOfBlock(
  seats: readonly PlacedSeat[],
  start: number,
  end: number,
  states: Uint8Array,
  costs: SeatCosts,
): number {
  const middle = Math.abs((seats[start]?.fromCentre ?? 0) + (seats[end]?.fromCentre ?? 0));
  const left = costOfSingle(seats[start - 1], seats[start - 2], states, costs);
  const right = costOfSingle(seats[end + 1], seats[end + 2], states, costs);
  return middle * costs.distance + left + right;
}

/** What it costs that the neighbour of a chosen seat may be left alone; `next` is the seat on its other side. */
function costOfSingle(
  neighbour: PlacedSeat | undefined,
  next: PlacedSeat | undefined,
  states: Uint8Array,
  costs: SeatCosts,
): number {
  if (neighbour === undefined || states[neighbour.seatNumber] === TAKEN) return 0;
  if (next === undefined) return costs.singleAtEnd;
  return states[next.seatNumber] === TAKEN ? costs.single : 0;
}
