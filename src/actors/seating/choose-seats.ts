import { findBestBlock } from './best-block.ts';
import { findBestScattered } from './best-scattered.ts';
import type { SeatLayout } from './seat-layout.ts';
import { SUITABLE, type SeatWish } from './seat-wish.ts';

export type SeatChoice =
  | { readonly type: 'chosen'; readonly seatNumbers: readonly number[] }
  /** `largestBlock`: the most suitable seats that are side by side. */
  | { readonly type: 'none'; readonly largestBlock: number };

/**
 * Chooses the best seats for a wish: front rows first, then the centre of the row, then seats that leave no single free seat.
 * A wish that avoids singles puts the last of these first, so it leaves one only where every choice would.
 * Decides by its arguments alone. The seats are in the order of their positions, front rows first.
 */
export function chooseSeats(layout: SeatLayout, wish: SeatWish): SeatChoice {
  const seatNumbers = wish.isTogether ? findBestBlock(layout, wish) : findBestScattered(layout, wish);
  return seatNumbers === null
    ? { type: 'none', largestBlock: largestBlockOf(layout, wish.states) }
    : { type: 'chosen', seatNumbers };
}

function largestBlockOf({ stretches }: SeatLayout, states: Uint8Array): number {
  let largest = 0;
  for (const { seats } of stretches) {
    let length = 0;
    for (const { seatNumber } of seats) {
      length = states[seatNumber] === SUITABLE ? length + 1 : 0;
      if (length > largest) largest = length;
    }
  }
  return largest;
}
