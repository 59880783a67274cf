/** The seeds from 1 to `last`; with SEED=n that one, with SEEDS=a-b those of a range. */
export function seedsToRun(last: number): number[] {
  const { SEED, SEEDS } = process.env;
  if (SEED !== undefined) return [Number(SEED)];
  const [from = 1, to = last] = (SEEDS ?? `1-${last}`).split('-').map(Number);
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}
