import t, { type Test } from 'tap';
import { createTestDatabase } from '../fixtures/database.ts';
import { skipWithoutRedis, startTestRedis } from '../fixtures/redis.ts';
import { enter, openSale, startTestService, type TestService } from '../fixtures/service.ts';
import { waitFor } from '../fixtures/wait-for.ts';

const POLICY = { maxActive: 40, batch: 40, intervalMs: 100, activeTtlMs: 60_000 };

/** The node `there` pauses and resumes; fans enter and look at the node `here`. */
async function pauseAndResume(t: Test, here: TestService, there: TestService): Promise<void> {
  const { concertId } = await openSale(here, { queue: POLICY });
  const set = (queue: object) => there.admin('PATCH', `/admin/concerts/${concertId}/queue`, queue);
  const figures = async () => (await here.call('GET', `/concerts/${concertId}`)).body['queue'];
  const isPaused = async (wanted: boolean) =>
    ((await figures()) as { paused: boolean } | null)?.paused === wanted ? true : null;
  const look = async (token: string) => (await here.call('GET', '/queue/status', { token })).body;
  t.match(await look((await enter(here, concertId)).queueToken), { status: 'ACTIVE' });

  for (const round of [1, 2]) {
    t.match((await set({ paused: true })).body, { queue: { ...POLICY, paused: true } });
    await waitFor(() => isPaused(true), { what: 'the pause to reach the other node' });
    const fans = await Promise.all([1, 2, 3].map(() => enter(here, concertId)));
    for (const { queueToken } of fans) {
      t.match(await look(queueToken), { status: 'WAITING', estimatedWaitTime: null }, `round ${round}`);
    }
    t.match((await here.admin('GET', `/admin/concerts/${concertId}`)).body, { queue: { ...POLICY, paused: true } });

    t.match((await set({ paused: false })).body, { queue: { ...POLICY, paused: false } });
    for (const { queueToken } of fans) {
      await waitFor(async () => (await look(queueToken))['status'] === 'ACTIVE', {
        what: `an admission, round ${round}`,
      });
    }
    t.match(await figures(), { waiting: 0, active: 1 + 3 * round, maxActive: POLICY.maxActive, paused: false });
  }
}

t.test(
  'a pause at one node holds at every node, and resuming restores the pace',
  { skip: skipWithoutRedis() },
  async (t) => {
    const database = await createTestDatabase(t);
    const redis = await startTestRedis(t);
    const environment = { REDIS_URL: redis.url, CLUSTER_SECRET: 'a-cluster-secret-of-thirty-two-characters' };
    const here = await startTestService(t, database, { ...environment, NODE_ID: 'a' });
    const there = await startTestService(t, database, { ...environment, NODE_ID: 'b' });
    await pauseAndResume(t, here, there);
    await pauseAndResume(t, there, here);
  },
);

t.test('without Redis a node that stands by pauses the queue of the node that keeps it', async (t) => {
  const database = await createTestDatabase(t);
  const here = await startTestService(t, database, { NODE_ID: 'a' });
  const there = await startTestService(t, database, { NODE_ID: 'b' });
  await pauseAndResume(t, here, there);
});
