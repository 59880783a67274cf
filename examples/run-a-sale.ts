/** The operator opens a sale, watches it and pauses it: `npm run example -- sell [service] [seconds]`. */
import { createFrontrowClient } from '../src/client/frontrow-client.ts';

const [baseUrl = 'http://127.0.0.1:8080', seconds = '60'] = process.argv.slice(2);
const adminToken = process.env['ADMIN_TOKEN'];
if (adminToken === undefined) throw new Error('ADMIN_TOKEN is needed: the one in DATA_DIR, or of that service.');
const admin = createFrontrowClient({ baseUrl, language: () => 'en' }).admin(adminToken);

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const inDays = (days: number): string => new Date(Date.now() + days * DAY_MS).toISOString();

const { concertId, title } = await admin.createConcert({
  title: 'Songs at Night',
  artist: 'Daybreak',
  venue: 'Seoul Hall',
  bookingOpensAt: inDays(-1),
  bookingClosesAt: inDays(7),
  // At most fifty fans at a time; as they leave, up to twenty more every ten seconds.
  queue: { maxActive: 50, batch: 20, intervalMs: 10_000 },
});
for (const days of [30, 31]) {
  const { scheduleId, date, totalSeats } = await admin.createSchedule(concertId, {
    startsAt: inDays(days),
    seatCount: 50,
    prices: [
      { from: 1, to: 10, price: 165_000 },
      { from: 11, to: 50, price: 99_000 },
    ],
  });
  console.log(`${title} on ${date}: ${totalSeats} seats, schedule ${scheduleId} of concert ${concertId}`);
}

const endMs = Date.now() + Number(seconds) * 1_000;
while (Date.now() < endMs) {
  const { concerts } = await admin.overview();
  for (const { queue, held, confirmed, revenue } of concerts.filter((concert) => concert.concertId === concertId)) {
    console.log(`${queue.waiting} wait, ${queue.active} shop, ${held} held, ${confirmed} sold for ${revenue} won`);
  }
  await new Promise((resolve) => setTimeout(resolve, 1_000));
}

// Admitted fans continue; no other fan is admitted.
await admin.changeQueue(concertId, { batch: 0 });
console.log('Paused.');
