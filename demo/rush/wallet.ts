import type { Fan } from './fan.ts';
import type { RushContext } from './rush-context.ts';
import type { Turn } from './turn.ts';

/** Fans charge in whole notes. */
const NOTE_WON = 10_000;

/** Charges the amount that `balance` lacks to pay `price`, rounded up. `balance` is the last one that the fan has seen. */
export async function chargeMissing(
  { acknowledgements }: RushContext,
  fan: Fan,
  { shopper }: Turn,
  price: number,
  balance: number,
): Promise<void> {
  const amount = Math.ceil((price - balance) / NOTE_WON) * NOTE_WON;
  if (amount <= 0) return;
  const { entryId, currentBalance } = await shopper.charge(amount);
  fan.charged += amount;
  acknowledgements.note({ kind: 'charge', userId: fan.userId, entryId, amount, currentBalance });
}
