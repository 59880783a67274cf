import type { RedisOptions } from 'ioredis';

/**
 * A command that is not answered for so long is given up by the client itself. The client's timers count also while this
 * process is late, so the limits of callers are shorter, and kept by an answer watch.
 */
const ANSWER_LIMIT_MS = 3_000;
const CONNECT_LIMIT_MS = 1_000;
/** A connection on which an answer is missing for this long is broken, whatever TCP says. */
const SILENCE_LIMIT_MS = 3_000;
const LONGEST_RECONNECT_PAUSE_MS = 250;

/**
 * How a replica refuses a write. Redis 7 puts the code first in every answer. Older servers wrap the refusal of a write
 * within a script: `ERR Error running script (call to f_…): @user_script:1: @user_script: 1: -READONLY You can't write …`.
 */
const REPLICA_REFUSAL = /^(?:READONLY |ERR Error running script .*: -READONLY )/;

function isRefusedByReplica(error: Error): boolean {
  return REPLICA_REFUSAL.test(error.message);
}

/**
 * How every connection to Redis behaves: commands are neither kept for later nor sent twice, silence ends the connection,
 * and it is made again for ever. Subscriptions are made again by whoever needs them, who then knows since when they hold.
 *
 * @param patienceMs lengthens the limits for callers who wait longer themselves.
 */
export function redisOptions(patienceMs = 0) {
  return {
    lazyConnect: true,
    connectTimeout: CONNECT_LIMIT_MS,
    commandTimeout: Math.max(ANSWER_LIMIT_MS, patienceMs),
    socketTimeout: Math.max(SILENCE_LIMIT_MS, patienceMs),
    // With any other number the client forgets commands that are under way when a connection ends, until their time limit; its
    // pipeline waits for them meanwhile, and sends what follows only then, when those who asked have been refused.
    maxRetriesPerRequest: 0,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    autoResubscribe: false,
    retryStrategy: (attempt: number) => Math.min(LONGEST_RECONNECT_PAUSE_MS, 20 * attempt),
    // Another server has become the master.
    reconnectOnError: isRefusedByReplica,
  } satisfies RedisOptions;
}
