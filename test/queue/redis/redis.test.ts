import { randomUUID } from 'node:crypto';
import t from 'tap';
import { createQueueRecords } from '../../../src/persistence/records/queue-records.ts';
import { createWaitingRoom } from '../../../src/queue/waiting-room.ts';
import { skipWithoutRedis, startTestRedis } from '../../fixtures/redis.ts';
import { silentLog } from '../../fixtures/silent-log.ts';
import { testConformance } from '../conformance.ts';

t.test('a waiting room in Redis', { skip: skipWithoutRedis() }, async (t) => {
  const redis = await startTestRedis(t);
  testConformance(t, {
    create: ({ pool, ...materials }) =>
      createWaitingRoom({
        ...materials,
        redisUrl: redis.url,
        // What is decided is shown here, not how soon: a busy machine must not look like an absent Redis.
        commandLimitMs: 10_000,
        nodeName: randomUUID(),
        records: createQueueRecords({ pool, log: silentLog }),
        log: silentLog,
      }),
    // Every test has a database of its own, in which concerts have the same numbers.
    begin: () => redis.flush(),
    forget: () => redis.flush(),
  });
});
