import t from 'tap';
import { createTestDatabase } from '../../fixtures/database.ts';
import { type LiveSocket, type LiveView, openLiveSocket } from '../../fixtures/live-socket.ts';
import { openSale, register, startTestService } from '../../fixtures/service.ts';
import { waitFor } from '../../fixtures/wait-for.ts';
import { createRandom } from '../../simulation/random.ts';
import { shopperOf } from './shopping.ts';

const SEATS = 30;
const WATCHERS = 12;
const SHOPPERS = 6;
const STEPS = 25;
/** The promise of the live maps: so long after a burst everybody sees what the database has. */
const SETTLED_WITHIN_MS = 2_000;

const database = await createTestDatabase(t);
const service = await startTestService(t, database, { LIVE_SOCKETS_PER_USER: '0', LIVE_MESSAGES_PER_MINUTE: '0' });
const seeds = (process.env['FRONTROW_SEEDS'] ?? '1 2 3 4 5').split(' ').map(Number);

for (const seed of seeds) {
  t.test(
    `after a burst every watcher has the map of the database, however often it was cut (seed ${seed})`,
    async (t) => {
      const random = createRandom(seed);
      const hall = await openSale(service, { seatCount: SEATS });
      const { scheduleId } = hall;
      const { accessToken } = await register(service);
      const shoppers = await Promise.all(Array.from({ length: SHOPPERS }, () => shopperOf(service, hall)));
      let isOver = false;

      async function watch(): Promise<LiveSocket> {
        let left: LiveView | null = null;
        for (;;) {
          const views = new Map(left === null ? [] : [[scheduleId, left]]);
          const socket = await openLiveSocket(t, service.url, { token: accessToken, views });
          await socket.subscribe(scheduleId, left === null ? {} : { sinceSeq: left.seq });
          const until = performance.now() + random.below(400);
          await waitFor(() => isOver || performance.now() > until, { what: 'the next cut', deadlineMs: 30_000 });
          if (isOver) return socket;
          if (random.chance(0.5)) socket.transport.resetAndDestroy();
          else socket.webSocket.terminate();
          await socket.closed();
          left = random.chance(0.8) ? socket.view(scheduleId) : null;
        }
      }

      const watchers = Array.from({ length: WATCHERS }, watch);
      await Promise.all(
        shoppers.map(async (shopper) => {
          for (let step = 0; step < STEPS; step += 1) {
            const held = await shopper.hold(scheduleId, 1 + random.below(SEATS));
            if (held.status === 201 && random.chance(0.7)) await shopper.release(held);
          }
        }),
      );
      isOver = true;
      const sockets = await Promise.all(watchers);
      const { rows } = await database.pool.query<{ seat_number: number; status: string }>(
        `SELECT seat_number, status FROM reservations WHERE schedule_id = $1 AND status IN ('HELD', 'CONFIRMED')`,
        [scheduleId],
      );
      const head = await database.pool.query<{ seq: number }>('SELECT seq FROM schedule_heads WHERE schedule_id = $1', [
        scheduleId,
      ]);
      const seq = head.rows[0]?.seq ?? 0;
      const expected = Array.from({ length: SEATS }, (_, nth) => [nth + 1, 'AVAILABLE'] as [number, string]);
      for (const row of rows) expected[row.seat_number - 1] = [row.seat_number, row.status];
      for (const socket of sockets) {
        await waitFor(() => socket.view(scheduleId).seq === seq, {
          what: 'the last change',
          deadlineMs: SETTLED_WITHIN_MS,
        });
        t.strictSame(
          Array.from({ length: SEATS }, (_, nth) => [nth + 1, socket.view(scheduleId).seats.get(nth + 1)?.status]),
          expected,
        );
      }
      t.ok(seq > 50, `${seq} changes`);
    },
  );
}
