import t from 'tap';
import { createTestDatabase } from '../fixtures/database.ts';
import { skipWithoutRedis, startTestRedis } from '../fixtures/redis.ts';
import { startTestService, type TestService } from '../fixtures/service.ts';

const skip = skipWithoutRedis();
const ROUNDS = 20;

t.test('a key is known to every node from its creation to its revocation', { skip }, async (t) => {
  const database = await createTestDatabase(t);
  const redis = await startTestRedis(t);
  const environment = { REDIS_URL: redis.url, CLUSTER_SECRET: 'a-cluster-secret-of-thirty-two-characters' };
  const nodes: TestService[] = [];
  for (const name of ['a', 'b', 'c'])
    nodes.push(await startTestService(t, database, { ...environment, NODE_ID: name }));
  const [first] = nodes;
  if (first === undefined) throw new Error('three nodes were started');

  for (let round = 1; round <= ROUNDS; round += 1) {
    const created = await first.admin('POST', '/admin/keys', { name: `round ${round}`, role: 'VIEWER' });
    const { keyId, secret: token } = created.as<{ keyId: string; secret: string }>();
    const ask = () =>
      Promise.all(nodes.map(async (node) => (await node.call('GET', '/admin/activity', { token })).status));
    t.same(await ask(), [200, 200, 200], `round ${round}, created`);
    // Requests under the key are under way at every node while it is revoked.
    const meanwhile = ask();
    t.equal((await first.admin('DELETE', `/admin/keys/${keyId}`)).status, 204);
    t.same(await ask(), [401, 401, 401], `round ${round}, at once after the revocation`);
    await meanwhile;
  }
});
