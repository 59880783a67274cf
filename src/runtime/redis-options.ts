import type { Redis, RedisOptions } from 'ioredis';
import type { Log } from './log.ts';

/**
 * The client itself gives up a command without an answer after this long. Its timers also count while this process is late, so
 * callers have shorter limits, which an answer watch enforces.
 */
const ANSWER_LIMIT_MS = 3_000;
const CONNECT_LIMIT_MS = 1_000;
/** A connection on which an answer is missing for this long is broken, whatever TCP reports. */
const SILENCE_LIMIT_MS = 3_000;
const LONGEST_RECONNECT_PAUSE_MS = 250;

/**
 * The error with which a replica refuses a write. Redis 7 puts the code first in every answer. Older servers wrap the error
 * when a script wrote: `ERR Error running script (call to f_…): @user_script:1: @user_script: 1: -READONLY You can't write …`.
 */
const REPLICA_REFUSAL = /^(?:READONLY |ERR Error running script .*: -READONLY )/;

function isRefusedByReplica(error: Error): boolean {
  return REPLICA_REFUSAL.test(error.message);
}

/**
 * The options of every connection to Redis: commands are neither queued nor sent twice, silence ends the connection, and the
 * client reconnects for ever. Each subscriber renews its own subscriptions, so it knows since when they hold.
 *
 * @param patienceMs lengthens the limits for callers that wait longer themselves.
 */
export function redisOptions(patienceMs = 0) {
  return {
    lazyConnect: true,
    connectTimeout: CONNECT_LIMIT_MS,
    commandTimeout: Math.max(ANSWER_LIMIT_MS, patienceMs),
    socketTimeout: Math.max(SILENCE_LIMIT_MS, patienceMs),
    // With any other number the client keeps commands that are in flight when a connection ends until their time limit. Its
    // pipeline waits for them meanwhile and then sends later commands whose callers have already been rejected.
    maxRetriesPerRequest: 0,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    autoResubscribe: false,
    retryStrategy: (attempt: number) => Math.min(LONGEST_RECONNECT_PAUSE_MS, 20 * attempt),
    // Another server has become the master.
    reconnectOnError: isRefusedByReplica,
  } satisfies RedisOptions;
}

/**
 * Connects. Resolves after the first attempt with whether it succeeded; the client goes on trying. A failure is logged with the
 * address, the reason and the remedy.
 */
export async function connectRedis(client: Redis, log: Log): Promise<boolean> {
  let reason = 'no answer';
  // The rejection itself only says that the connection was closed.
  const note = (error: Error): void => void (reason = error.message);
  client.on('error', note);
  try {
    await client.connect();
    return true;
  } catch (error) {
    const { host, port } = client.options;
    log.debug({ err: error }, 'the first connection to Redis failed');
    log.warn(
      { reason },
      `Redis at ${host}:${port} cannot be used (${reason}); start it, or correct REDIS_URL; frontrow keeps trying`,
    );
    return false;
  } finally {
    client.off('error', note);
  }
}
