/** Pseudo-random numbers that replay from a seed. */
export interface Random {
  /** In [0, 1). */
  next(): number;
  /** A whole number in [0, below). */
  below(below: number): number;
  /** True with the given probability. */
  chance(probability: number): boolean;
  pick<T>(items: readonly [T, ...T[]]): T;
  /** Shuffles in place. */
  shuffle<T>(items: T[]): T[];
}

/** A mulberry32 generator; equal seeds give equal sequences. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
  const below = (limit: number): number => Math.floor(next() * limit);
  return {
    next,
    below,
    chance: (probability) => next() < probability,
    pick: (items) => items[below(items.length)] ?? items[0],
    shuffle(items) {
      for (let index = items.length - 1; index > 0; index -= 1) {
        const other = below(index + 1);
        const kept = items[index];
        const moved = items[other];
        if (kept !== undefined && moved !== undefined) {
          items[index] = moved;
          items[other] = kept;
        }
      }
      return items;
    },
  };
}
