import { randomUUID } from 'node:crypto';
import { type Catalogue, type Concert, lineClosesAtMs, policyOf } from '../domain/catalogue.ts';
import type { AnswerFigures } from '../runtime/answer-watch.ts';
import type { Clock, DatabaseClock } from '../runtime/clock.ts';
import { createDuty } from '../cluster/duty.ts';
import type { Config } from '../config/config.ts';
import type { Log } from '../runtime/log.ts';
import type { createPool } from '../persistence/pool.ts';
import { createQueueRecords } from '../persistence/records/queue-records.ts';
import { createMemoryLineStore } from '../queue/memory/memory-line-store.ts';
import { createRedisLineStore, type RedisLineStore } from '../queue/redis/redis-line-store.ts';
import { createStandbyWaitingRoom } from '../queue/standby-waiting-room.ts';
import { createWaitingRoom, type QueueRoom } from '../queue/waiting-room.ts';
import type { QueueMeasures } from '../domain/queue-token.ts';

/** The waiting room of this node. With Redis every node keeps it; without, only the node that may own. */
export interface QueueSide {
  /** Answers QUEUE_UNAVAILABLE while this node does not keep the waiting room. */
  readonly room: ReturnType<typeof createStandbyWaitingRoom>;
  /** Null while the waiting room is not open. */
  state(): { readonly isDegraded: boolean } | null;
  /** The lines that this node keeps. */
  measure(): readonly QueueMeasures[];
  /** How long this node waited for Redis; null without Redis. */
  redisFigures(): AnswerFigures | null;
  /** Opens the waiting room if this node keeps it. Settles when it is open, or could not be opened yet. */
  open(mayOwn: boolean): Promise<void>;
  /** Call this when `mayOwn` has changed. */
  follow(mayOwn: boolean): void;
  /** Answers the requests in flight and closes finally. */
  close(): Promise<void>;
}

/** Connects the waiting room of a node. */
export function createQueueSide(deps: {
  readonly config: Config;
  readonly catalogue: Pick<Catalogue, 'findConcert' | 'readConcert'>;
  readonly pool: ReturnType<typeof createPool>;
  readonly clock: Clock;
  readonly databaseClock: DatabaseClock;
  readonly log: Log;
}): QueueSide {
  const { config, catalogue, clock, databaseClock, log } = deps;
  const redisUrl = config.REDIS_URL;
  const isShared = redisUrl !== undefined;
  const materials = {
    clock,
    databaseClock,
    log,
    tokenSecret: config.AUTH_SECRET ?? config.CLUSTER_SECRET ?? '',
    records: createQueueRecords({ pool: deps.pool, log }),
    settings: {
      secondsPerPosition: config.QUEUE_SECONDS_PER_POSITION,
      abandonMs: config.QUEUE_ABANDON_MS,
      noShowMs: config.QUEUE_NO_SHOW_MS,
      idleMs: config.QUEUE_IDLE_MS,
    },
  };
  // Another node may have changed a policy that this one remembers.
  const policies = async (concertId: number) => termsOf(await catalogue.readConcert(concertId));
  let redisStore: RedisLineStore | null = null;
  const duty = createDuty<QueueRoom>({
    name: 'waiting room',
    clock,
    log,
    create() {
      if (redisUrl === undefined) {
        return createWaitingRoom({
          ...materials,
          store: createMemoryLineStore({ databaseClock, ...materials.settings }),
          policies,
        });
      }
      redisStore = createRedisLineStore({
        redisUrl,
        nodeName: randomUUID(),
        databaseClock,
        log,
        ...materials.settings,
      });
      return createWaitingRoom({
        ...materials,
        store: redisStore,
        policies,
      });
    },
  });

  return {
    room: createStandbyWaitingRoom(() => duty.current()),
    state: () => duty.current(),
    measure: () => duty.current()?.measure() ?? [],
    redisFigures: () => redisStore?.figures() ?? null,
    open: (mayOwn) => duty.assign(isShared || mayOwn),
    follow(mayOwn) {
      if (!isShared) void duty.assign(mayOwn);
    },
    close: () => duty.close(),
  };
}

/** The concert's data that the waiting room needs. */
function termsOf(concert: Concert | null) {
  return concert === null ? null : { policy: policyOf(concert.queue), bookingClosesAtMs: lineClosesAtMs(concert) };
}
