import { randomUUID } from 'node:crypto';
import { readInteger, readObjects, readText } from '../json.ts';
import type { Fan, Ticket } from './fan.ts';
import type { RushContext } from './rush-context.ts';
import { readSeat, think } from './shopping.ts';
import type { Held } from './shopping.ts';
import { chargeMissing, readBalance } from './wallet.ts';

/** Pays for what is held; charges first, or when the service says what is missing. False when the hold ended before. */
export async function buy(context: RushContext, fan: Fan, token: string, held: Held): Promise<boolean> {
  const { client, random, statistics, acknowledgements } = context;
  if (random.chance(0.5)) {
    await chargeMissing(context, fan, token, held.price, await readBalance(context, token));
  }
  await think(context);
  const reservationIds = held.seats.map((seat) => seat.reservationId);
  const [reservationId = ''] = reservationIds;
  const body = reservationIds.length === 1 ? { reservationId } : { reservationIds };
  for (;;) {
    const idempotencyKey = randomUUID();
    const answer = await client.ask({ step: 'pay', method: 'POST', path: '/payments', token, body, idempotencyKey });
    if (answer.status === 201 || answer.status === 200) {
      const amount = readInteger(answer.body, 'amount');
      const paymentId = readText(answer.body, 'paymentId');
      const seats = readObjects(answer.body, 'reservations').map(readSeat);
      if (amount !== held.price) {
        statistics.noteSurprise(`payment ${paymentId} took ${amount} won for seats that cost ${held.price}`);
      }
      fan.paid += amount;
      fan.tickets.push(...seats.map(({ seatNumber }) => ({ scheduleId: held.scheduleId, seatNumber, paymentId })));
      const { scheduleId } = held;
      acknowledgements.note({ kind: 'payment', userId: fan.userId, paymentId, scheduleId, amount, seats });
      return true;
    }
    if (answer.code === 'INSUFFICIENT_BALANCE') {
      await chargeMissing(context, fan, token, held.price, readInteger(answer.body, 'balance'));
    } else if (answer.code === 'RESERVATION_EXPIRED') {
      return false;
    } else {
      throw new Error(`a payment was refused with ${answer.status} ${answer.code}`);
    }
  }
}

/** Gives a payment's tickets back. */
export async function giveBack({ client, acknowledgements }: RushContext, fan: Fan, ticket: Ticket): Promise<void> {
  const { paymentId, scheduleId } = ticket;
  const answer = await client.ask({
    step: 'refund',
    method: 'POST',
    path: `/payments/${paymentId}/refund`,
    token: fan.accessToken,
    body: {},
    idempotencyKey: randomUUID(),
  });
  if (answer.status !== 200) {
    throw new Error(`a refund was refused with ${answer.status} ${answer.code}`);
  }
  const amount = readInteger(answer.body, 'amount');
  fan.refunded += amount;
  fan.tickets = fan.tickets.filter((kept) => kept.paymentId !== paymentId);
  const seats = readObjects(answer.body, 'reservations').map(readSeat);
  acknowledgements.note({ kind: 'refund', userId: fan.userId, paymentId, scheduleId, amount, seats });
}

/** Releases what is held, seat by seat. */
export async function release(
  { client, acknowledgements }: RushContext,
  fan: Fan,
  token: string,
  held: Held,
): Promise<void> {
  for (const { reservationId } of held.seats) {
    const path = `/reservations/${reservationId}`;
    const answer = await client.ask({ step: 'release', method: 'DELETE', path, token });
    if (answer.status === 200) {
      const seats = [readSeat(answer.body)];
      acknowledgements.note({ kind: 'release', userId: fan.userId, scheduleId: held.scheduleId, seats });
      continue;
    }
    // A release whose answer was lost is refused when it is asked for again; so is one that comes after the hold's end.
    if (answer.code !== 'RESERVATION_NOT_HELD') {
      throw new Error(`a release was refused with ${answer.status} ${answer.code}`);
    }
  }
}
