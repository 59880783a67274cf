import t from 'tap';
import { Fault } from '../../src/domain/errors.ts';
import type { ListedConcert } from '../../src/client/answers.ts';
import { createManualClock } from '../fixtures/manual-clock.ts';
import { startFakeService } from './fake-service.ts';

interface Listing {
  readonly concerts: readonly ListedConcert[];
  readonly nextCursor: string | null;
}

t.test('one request tells dates, prices, seats left and the queue of each concert on sale', async (t) => {
  const clock = createManualClock();
  const service = await startFakeService(t, { clock });
  const shopper = await service.shopper();
  const list = async () => (await service.call('GET', '/concerts/available')).json<Listing>().concerts;
  const concert = (await list()).find(({ concertId }) => concertId === 1);
  t.match(concert, { priceFrom: 110_000, priceTo: 110_000, queue: { waiting: 0, active: 1, paused: false } });
  t.match(concert?.schedules, [
    { scheduleId: 1, totalSeats: 50, availableSeats: 50, priceFrom: 110_000, priceTo: 110_000 },
    { scheduleId: 2, totalSeats: 50, availableSeats: 50 },
  ]);
  t.match(
    (await list()).find(({ concertId }) => concertId === 4),
    { schedules: [], priceFrom: null, priceTo: null },
    'a concert without dates',
  );
  await service.call('POST', '/reservations', {
    token: shopper.queueToken,
    body: { scheduleId: 1, seatNumber: 7 },
  });
  clock.advance(1_000);
  const [first] = (await list()).find(({ concertId }) => concertId === 1)?.schedules ?? [];
  t.equal(first?.availableSeats, 49, 'a second later the hold shows');
});

t.test('concerts that open later have a list of their own', async (t) => {
  const service = await startFakeService(t);
  const { concerts, nextCursor } = (await service.call('GET', '/concerts/upcoming')).json<Listing>();
  t.match(concerts, [
    { concertId: 3, title: 'Tomorrow', priceFrom: 110_000, queue: null, schedules: [{ scheduleId: 4 }] },
  ]);
  t.equal(nextCursor, null);
  const { nextCursor: cursor } = (await service.call('GET', '/concerts/available?limit=1')).json<Listing>();
  const foreign = await service.call('GET', `/concerts/upcoming?cursor=${cursor}`);
  t.match(foreign.json(), { status: 400, code: 'VALIDATION_FAILED' }, 'a cursor of the other list is refused');
});

t.test('a caller that has the list is told so, and shared caches may keep it for a second', async (t) => {
  const service = await startFakeService(t);
  for (const path of ['/concerts/available', '/concerts/upcoming']) {
    const { headers, statusCode } = await service.call('GET', path);
    t.equal(statusCode, 200);
    t.match(headers['cache-control'], /^public, max-age=1\b/);
    t.match(headers['content-type'], /^application\/json/);
    const again = await service.call('GET', path, { headers: { 'if-none-match': String(headers['etag']) } });
    t.equal(again.statusCode, 304);
    t.equal(again.body, '');
  }
});

t.test('without a waiting room the list has no queues, and everything else', async (t) => {
  const service = await startFakeService(t);
  service.room.counts = () => Promise.reject(new Fault('QUEUE_UNAVAILABLE', 'none'));
  const { concerts } = (await service.call('GET', '/concerts/available')).json<Listing>();
  t.match(concerts[0], { queue: null, title: String });
});
