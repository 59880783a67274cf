import { randomUUID } from 'node:crypto';
import type { QueueRecords } from '../../src/domain/queue-token.ts';
import { createQueueRecords } from '../../src/persistence/records/queue-records.ts';
import type { LineStore } from '../../src/queue/line-store.ts';
import { createMemoryLineStore } from '../../src/queue/memory/memory-line-store.ts';
import { createRedisLineStore } from '../../src/queue/redis/redis-line-store.ts';
import { createWaitingRoom } from '../../src/queue/waiting-room.ts';
import type { TestRedis } from '../fixtures/redis.ts';
import { silentLog } from '../fixtures/silent-log.ts';
import type { Room, RoomFactory, RoomMaterials } from './room-harness.ts';

/** What a room does with its records instead. */
export type Adapt = (real: QueueRecords) => QueueRecords;

function createRoom({ pool, ...materials }: RoomMaterials, store: LineStore, adapt: Adapt): Room {
  const records = adapt(createQueueRecords({ pool, log: silentLog }));
  return createWaitingRoom({ ...materials, store, records, log: silentLog });
}

/** Rooms with their lines in this process. */
export function memoryRooms(adapt: Adapt = (real) => real): RoomFactory {
  return {
    create(materials) {
      const { databaseClock, settings } = materials;
      return createRoom(materials, createMemoryLineStore({ databaseClock, ...settings }), adapt);
    },
  };
}

/** Rooms with their lines in a Redis. */
export function redisRooms(redis: TestRedis, adapt: Adapt = (real) => real): RoomFactory {
  return {
    create(materials) {
      const { databaseClock, settings } = materials;
      const store = createRedisLineStore({
        redisUrl: redis.url,
        // Tests show what is decided, not how soon: a busy machine must not look like an absent Redis.
        commandLimitMs: 10_000,
        nodeName: randomUUID(),
        databaseClock,
        log: silentLog,
        ...settings,
      });
      return createRoom(materials, store, adapt);
    },
    // Every test has a database of its own, in which concerts have the same numbers.
    begin: () => redis.flush(),
    forget: () => redis.flush(),
  };
}
