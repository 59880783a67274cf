/**
 * A fan buys the first free seat of a concert: `npm run example -- buy [service] [concert]`.
 * Every call that changes something carries its own idempotency key, so a lost connection never charges twice.
 */
import { ApiProblem } from '../src/client/failures.ts';
import { createFrontrowClient } from '../src/client/frontrow-client.ts';
import type { ShopperClient } from '../src/client/shopper-client.ts';

const [baseUrl = 'http://127.0.0.1:8080', wanted] = process.argv.slice(2);
const client = createFrontrowClient({ baseUrl, language: () => 'en' });

const [firstConcert] = (await client.concerts.available()).items;
const concertId = Number(wanted ?? firstConcert?.concertId);
const { title } = await client.concerts.find(concertId);

const { accessToken } = await client.register({ name: 'Ada', email: `ada-${crypto.randomUUID()}@example.com` });
const shopper = client.inQueue(await waitForTurn(accessToken));
const hold = await holdFirstFreeSeat(shopper);
await shopper.charge(hold.price);
const payment = await shopper.pay([hold.reservationId]);
console.log(`Seat ${hold.seatNumber} of ${title} is yours for ${payment.amount} won: payment ${payment.paymentId}.`);

/** Enters the queue and resolves with the queue token on admission, which the service announces at once. */
async function waitForTurn(accessToken: string): Promise<string> {
  const { token, status } = await client.as(accessToken).enterQueue(concertId);
  if (status === 'ACTIVE') return token;
  const live = client.live({ token: () => token });
  try {
    await new Promise<void>((resolve, reject) => {
      live.queue((event) => {
        if (event.type === 'error') return;
        if (event.status === 'ACTIVE') resolve();
        else if (event.status !== 'WAITING') reject(new Error(`The place in the queue is ${event.status}.`));
        else console.log(`Number ${event.queuePosition} in line, about ${event.estimatedWaitTime ?? '?'} s to go.`);
      });
    });
  } finally {
    live.close();
  }
  return token;
}

/** Other fans want seats too: when a seat is taken, tries the next one. */
async function holdFirstFreeSeat(shopper: ShopperClient) {
  for (const { scheduleId } of await shopper.schedules(concertId)) {
    const { seats } = await shopper.seats(scheduleId, { status: 'AVAILABLE' });
    for (const { seatNumber } of seats) {
      try {
        const { reservations } = await shopper.hold(scheduleId, [seatNumber]);
        for (const reservation of reservations) return reservation;
      } catch (error) {
        if (!(error instanceof ApiProblem) || error.code !== 'SEAT_TAKEN') throw error;
      }
    }
  }
  throw new Error('Sold out.');
}
