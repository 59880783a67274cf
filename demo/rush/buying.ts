import type { Payment } from '../../src/client/answers.ts';
import type { Fan, Ticket } from './fan.ts';
import { refusalOf } from './fans-client.ts';
import type { RushContext, Turn } from './rush-context.ts';
import { acknowledgedSeat, type Held, think } from './shopping.ts';

/** Fans charge in whole notes. */
const NOTE_WON = 10_000;

/** Pays for the held seats. Charges the wallet first, or when the service reports the missing amount. False when the hold ended before. */
export async function buy(context: RushContext, fan: Fan, turn: Turn, held: Held): Promise<boolean> {
  const { random, statistics, acknowledgements } = context;
  const { scheduleId, price } = held;
  if (random.chance(0.5)) await chargeMissing(context, fan, turn, price, (await turn.shopper.balance()).balance);
  await think(context);
  const reservationIds = held.seats.map((seat) => seat.reservationId);
  for (;;) {
    let payment: Payment;
    try {
      payment = await turn.shopper.pay(reservationIds);
    } catch (error) {
      const { status, code, members } = refusalOf(error);
      if (code === 'INSUFFICIENT_BALANCE') {
        await chargeMissing(context, fan, turn, price, Number(members['balance']));
        continue;
      }
      if (code === 'RESERVATION_EXPIRED') return false;
      throw new Error(`a payment was refused with ${status} ${code}`);
    }
    const { paymentId, amount } = payment;
    const seats = payment.reservations.map(acknowledgedSeat);
    if (amount !== price) {
      statistics.noteSurprise(`payment ${paymentId} took ${amount} won for seats that cost ${price}`);
    }
    fan.paid += amount;
    fan.tickets.push(...seats.map(({ seatNumber }) => ({ scheduleId, seatNumber, paymentId })));
    acknowledgements.note({ kind: 'payment', userId: fan.userId, paymentId, scheduleId, amount, seats });
    return true;
  }
}

/** Gives a payment's tickets back. */
export async function giveBack({ client, acknowledgements }: RushContext, fan: Fan, ticket: Ticket): Promise<void> {
  const { paymentId, scheduleId } = ticket;
  const { amount, reservations } = await client.as(fan.accessToken).refund(paymentId);
  fan.refunded += amount;
  fan.tickets = fan.tickets.filter((kept) => kept.paymentId !== paymentId);
  const seats = reservations.map(acknowledgedSeat);
  acknowledgements.note({ kind: 'refund', userId: fan.userId, paymentId, scheduleId, amount, seats });
}

/** Releases the held seats one by one. */
export async function release(
  { acknowledgements }: RushContext,
  fan: Fan,
  { shopper }: Turn,
  held: Held,
): Promise<void> {
  for (const { reservationId } of held.seats) {
    try {
      const seats = [acknowledgedSeat(await shopper.release(reservationId))];
      acknowledgements.note({ kind: 'release', userId: fan.userId, scheduleId: held.scheduleId, seats });
    } catch (error) {
      const { status, code } = refusalOf(error);
      // The hold's time was over first.
      if (code !== 'RESERVATION_NOT_HELD') throw new Error(`a release was refused with ${status} ${code}`);
    }
  }
}

/** Charges the amount that `balance` lacks to pay `price`, rounded up. `balance` is the last one that the fan has seen. */
async function chargeMissing(
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
