import t from 'tap';
import { skipWithoutRedis, startTestRedis } from '../../fixtures/redis.ts';
import { testConformance } from '../conformance.ts';
import { redisRooms } from '../rooms.ts';

t.test('a waiting room with its lines in Redis', { skip: skipWithoutRedis() }, async (t) => {
  testConformance(t, redisRooms(await startTestRedis(t)));
});
