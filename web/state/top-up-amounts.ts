/** One charge is at most this many won. */
const LARGEST_CHARGE = 10_000_000;
const ROUND_AMOUNTS = [50_000, 100_000, 200_000, 500_000];
const CHOICES_BESIDE_EXACT = 2;

/** Amounts to offer: first exactly the missing amount, then larger round ones. All round ones if nothing is missing. */
export function amountsFor(missing: number | null): readonly number[] {
  if (missing === null) return ROUND_AMOUNTS;
  const exact = Math.min(missing, LARGEST_CHARGE);
  const more = ROUND_AMOUNTS.filter((amount) => amount > exact).slice(0, CHOICES_BESIDE_EXACT);
  return [exact, ...more];
}

/** Whether the service accepts such a charge. */
export function isChargeable(amount: number): boolean {
  return Number.isInteger(amount) && amount >= 1 && amount <= LARGEST_CHARGE;
}
