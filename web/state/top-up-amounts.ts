/** One charge is at most this many won. */
export const LARGEST_CHARGE = 10_000_000;
const ROUND_AMOUNTS = [50_000, 100_000, 200_000, 500_000];

/** Round amounts to offer: those that cover what is missing, or all if nothing is. */
export function amountsFor(missing: number | null): readonly number[] {
  return ROUND_AMOUNTS.filter((amount) => amount > (missing ?? 0));
}

/** Whether the service accepts such a charge. */
export function isChargeable(amount: number): boolean {
  return Number.isInteger(amount) && amount >= 1 && amount <= LARGEST_CHARGE;
}
