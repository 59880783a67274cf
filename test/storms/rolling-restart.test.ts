import { setTimeout as pause } from 'node:timers/promises';
import t from 'tap';
import { openFront } from '../../demo/cluster/front/front.ts';
import { createApiClient } from '../fixtures/api-client.ts';
import { startTestCluster } from '../fixtures/cluster.ts';
import { openClusterSale } from '../fixtures/cluster-sale.ts';
import { skipWithoutRedis } from '../fixtures/redis.ts';

const BUYERS = 8;
/** Between two requests of a buyer: load, but not so much that the machine is what is tested. */
const BREATH_MS = 10;

t.test('restarting every node in turn under load fails no request', { skip: skipWithoutRedis() }, async (t) => {
  const cluster = await startTestCluster(t, { nodes: 3, environment: { MAX_SEATS_PER_USER: '50' } });
  await cluster.untilReady();
  const sale = await openClusterSale(t, cluster, { schedules: 12 });
  const front = await openFront({ nodes: cluster.nodes, port: 0 });
  t.teardown(() => front.close());
  const client = createApiClient(front.url, cluster.adminToken);

  let isOver = false;
  let requests = 0;
  const failures: unknown[] = [];
  /** Takes a seat of its own and gives it back, date after date, and looks at the map. */
  async function buy(buyer: number): Promise<void> {
    const seatNumber = 2 + buyer;
    for (let round = buyer; !isOver; round += 1) {
      const scheduleId = sale.scheduleIds[round % sale.scheduleIds.length];
      const call = { token: sale.queueToken, body: { scheduleId, seatNumber } };
      const held = await client.call('POST', '/reservations', call);
      const map = await client.call('GET', `/schedules/${scheduleId}/seats`, { token: sale.queueToken });
      const { reservationId } = held.as<{ reservationId: string }>();
      const released = await client.call('DELETE', `/reservations/${reservationId}`, { token: sale.queueToken });
      requests += 3;
      if (held.status !== 201) failures.push(held.body);
      if (map.status !== 200) failures.push(map.body);
      if (released.status !== 200) failures.push(released.body);
      await pause(BREATH_MS);
    }
  }
  const buying = Array.from({ length: BUYERS }, (_, buyer) => buy(buyer));
  for (const node of cluster.nodes) {
    const before = requests;
    await node.restart();
    await cluster.untilReady();
    t.ok(requests > before, `${node.name} was restarted under load`);
  }
  isOver = true;
  await Promise.all(buying);
  t.same(failures, [], `of ${requests} requests none failed`);
  t.same(front.counts.problems, { NO_NODE_READY: 0, NODE_LOST: 0, NODE_SILENT: 0 });
  t.equal(cluster.exits().filter(({ code }) => code !== 0).length, 0, 'every node ended in order');
});
