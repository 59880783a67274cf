/** Round steps within a power of ten. */
const ROUND_STEPS = [1, 2, 2.5, 5, 10];

/** Marks of an axis from 0: round numbers, the last one at or above every figure. */
export function axisMarks(highest: number, atLeast: number, wanted = 3): readonly number[] {
  const top = Math.max(highest, atLeast);
  const rough = top / wanted;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = (ROUND_STEPS.find((round) => round * power >= rough * 0.999) ?? 10) * power;
  const count = Math.max(1, Math.ceil(top / step - 1e-9));
  return Array.from({ length: count + 1 }, (_, index) => Number((index * step).toPrecision(12)));
}
