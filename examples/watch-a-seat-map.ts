/**
 * Draws a schedule's seats as they change: `npm run example -- watch [schedule] [service] [seconds]`.
 * The connection reconnects by itself, and the map continues without a gap; watching needs no place in the queue.
 */
import type { LiveSeat } from '../src/client/live/live-events.ts';
import { createFrontrowClient } from '../src/client/frontrow-client.ts';

const [wanted, baseUrl = 'http://127.0.0.1:8080', seconds = '60'] = process.argv.slice(2);
const client = createFrontrowClient({ baseUrl, language: () => 'en' });
const [concert] = (await client.concerts.available()).items;
const scheduleId = Number(wanted ?? concert?.schedules[0]?.scheduleId);
const { accessToken } = await client.register({ name: 'Max', email: `max-${crypto.randomUUID()}@example.com` });

const live = client.live({ token: () => accessToken });
live.onState((state) => {
  if (state.type === 'reconnecting') console.log(`Connection lost; again in ${Math.round(state.retryInMs)} ms.`);
  else console.log(`Connection ${state.type}.`);
});
live.seats(scheduleId, (event) => {
  if (event.type === 'error') {
    console.error(`${event.code}: ${event.detail}`);
    return;
  }
  const what = event.isSnapshot ? 'the whole map' : `seats ${event.changed.join(', ')}`;
  console.log(`${event.seats.map(signOf).join('')}  change ${event.seq}: ${what}`);
});
setTimeout(() => live.close(), Number(seconds) * 1_000);

function signOf({ status, heldUntil }: LiveSeat): string {
  switch (status) {
    case 'AVAILABLE':
      return '·';
    case 'CONFIRMED':
      return '█';
    case 'BLOCKED':
      return '×';
    case 'HELD':
      // A hold in its last minute: this seat may become free. Use the service's clock, not this machine's.
      return heldUntil !== undefined && Date.parse(heldUntil) - live.serverNow() < 60_000 ? '░' : '▒';
  }
}
