import type { PriceRange, SchedulePlan } from '../../src/client/answers.ts';

/** The seats of a plan as ranges of numbers, each with the price of its level. Levels without a price are left out. */
export function priceRanges(
  { sections }: Pick<SchedulePlan, 'sections'>,
  prices: ReadonlyMap<string, number>,
): readonly PriceRange[] {
  const seats = sections
    .flatMap(({ rows }) => rows.flatMap((row) => row.seats))
    .toSorted((one, other) => one.seatNumber - other.seatNumber);
  const ranges: { from: number; to: number; price: number }[] = [];
  for (const { seatNumber, level } of seats) {
    const price = prices.get(level);
    if (price === undefined) continue;
    const last = ranges.at(-1);
    if (last !== undefined && last.to === seatNumber - 1 && last.price === price) last.to = seatNumber;
    else ranges.push({ from: seatNumber, to: seatNumber, price });
  }
  return ranges;
}
