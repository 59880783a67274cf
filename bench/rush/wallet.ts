import { randomUUID } from 'node:crypto';
import { readInteger } from '../json.ts';
import type { Fan } from './fan.ts';
import type { RushContext } from './rush-context.ts';

/** Fans charge in whole notes. */
const NOTE_WON = 10_000;

/** Charges what is missing to pay `price`, rounded up. `balance` is what the fan was told last. */
export async function chargeMissing(
  { client, acknowledgements }: RushContext,
  fan: Fan,
  token: string,
  price: number,
  balance: number,
): Promise<void> {
  const amount = Math.ceil((price - balance) / NOTE_WON) * NOTE_WON;
  if (amount <= 0) {
    return;
  }
  const answer = await client.ask({
    step: 'charge',
    method: 'POST',
    path: '/me/balance/charge',
    token,
    body: { amount },
    idempotencyKey: randomUUID(),
  });
  if (answer.status !== 200) {
    throw new Error(`A charge was refused: ${answer.status} ${JSON.stringify(answer.body)}`);
  }
  fan.charged += amount;
  acknowledgements.note({
    kind: 'charge',
    userId: fan.userId,
    entryId: readInteger(answer.body, 'entryId'),
    amount,
    currentBalance: readInteger(answer.body, 'currentBalance'),
  });
}

/** The fan's balance as the service tells it. */
export async function readBalance({ client }: RushContext, token: string): Promise<number> {
  const answer = await client.ask({ step: 'balance', method: 'GET', path: '/me/balance', token });
  if (answer.status !== 200) {
    throw new Error(`A balance could not be read: ${answer.status} ${JSON.stringify(answer.body)}`);
  }
  return readInteger(answer.body, 'balance');
}
