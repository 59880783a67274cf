import t from 'tap';
import { createTestDatabase } from '../fixtures/database.ts';
import { openLiveSocket } from '../fixtures/live-socket.ts';
import { skipWithoutRedis, startTestRedis } from '../fixtures/redis.ts';
import { addSchedule, enter, openSale, startTestService, type TestService } from '../fixtures/service.ts';
import { waitFor } from '../fixtures/wait-for.ts';

const skip = skipWithoutRedis();
/** Fewer than a connection may watch, and enough for two nodes to own some of them. */
const SCHEDULES = 16;

async function schedulesOwned(service: TestService): Promise<number> {
  const text = await (await fetch(`${service.url}/metrics`)).text();
  return Number(/^frontrow_schedules_owned (\d+)/m.exec(text)?.[1] ?? 0);
}

t.test('what is held by way of one node is seen by watchers on every node, whoever owns it', { skip }, async (t) => {
  const database = await createTestDatabase(t);
  const redis = await startTestRedis(t);
  const environment = {
    REDIS_URL: redis.url,
    CLUSTER_SECRET: 'a-cluster-secret-of-thirty-two-characters',
    LIVE_FLUSH_MS: '0',
  };
  const nodes = [
    await startTestService(t, database, { ...environment, NODE_ID: 'a' }),
    await startTestService(t, database, { ...environment, NODE_ID: 'b' }),
  ] as const;
  const [a, b] = nodes;
  const { concertId, scheduleId: first } = await openSale(a);
  const fans = await Promise.all(nodes.map((node) => enter(node, concertId)));
  const sockets = await Promise.all(
    nodes.map((node, index) => openLiveSocket(t, node.url, { token: fans[index]?.accessToken ?? '' })),
  );
  const schedules: number[] = [];
  await waitFor(
    async () => {
      // A node that has just joined gets its share a moment later.
      if (schedules.length < SCHEDULES) {
        const inDays = 10 + schedules.length;
        const scheduleId = schedules.length === 0 ? first : await addSchedule(a, concertId, { inDays });
        schedules.push(scheduleId);
        for (const socket of sockets) await socket.subscribe(scheduleId);
      }
      return (await schedulesOwned(a)) > 0 && (await schedulesOwned(b)) > 0;
    },
    { what: 'both nodes to own something', deadlineMs: 20_000 },
  );
  let slowestMs = 0;
  for (const scheduleId of schedules) {
    for (const [entry, node] of nodes.entries()) {
      const fan = fans[entry];
      const seatNumber = entry + 1;
      const beganAt = performance.now();
      const answer = await node.call('POST', '/reservations', {
        token: fan?.queueToken ?? '',
        body: { scheduleId, seatNumber },
      });
      t.equal(answer.status, 201);
      for (const socket of sockets) {
        const view = await socket.reach(scheduleId, entry + 1);
        t.equal(view.seats.get(seatNumber)?.status, 'HELD');
      }
      slowestMs = Math.max(slowestMs, performance.now() - beganAt);
    }
  }
  t.comment(`at the latest after ${Math.round(slowestMs)} ms`);
});
