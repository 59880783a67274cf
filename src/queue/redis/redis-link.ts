/**
 * The connections to Redis: one for commands, one for events.
 *
 * REDIS-1. A command is answered, or refused with a Fault `QUEUE_UNAVAILABLE`, within 300 ms in which the event loop runs, also when
 *     Redis stands still: the first command that runs into its limit has all others refused with it, and those that follow
 *     are refused at once until Redis answers again.
 * REDIS-2. Nothing is sent twice, and nothing waits for a connection. Whether a refused command was done is unknown.
 * REDIS-3. While events may be missed, `isHearing` is false.
 */
import { Redis } from 'ioredis';
import { type AnswerFigures, createAnswerWatch } from '../../runtime/answer-watch.ts';
import type { Clock } from '../../runtime/clock.ts';
import { Fault } from '../../domain/errors.ts';
import type { Log } from '../../runtime/log.ts';
import { connectRedis, redisOptions } from '../../runtime/redis-options.ts';
import { commandOf, eventPatternOf, keysOf, loadScripts, type ScriptCommand, type ScriptName } from './scripts.ts';

declare module 'ioredis' {
  // The client makes a method of every script.
  // oxlint-disable-next-line no-unused-vars
  interface RedisCommander<Context> extends Record<ScriptCommand, (...args: string[]) => Promise<unknown>> {}
}

/** Far above what a script takes; below half of what a caller waits for a refusal at most. */
const COMMAND_LIMIT_MS = 300;
/** An event connection on which a question is not answered for so long is made again. */
const HEARING_LIMIT_MS = 1_000;
/** How often a Redis that does not answer is asked. */
const PROBE_EVERY_MS = 100;

export interface RedisLink {
  /** Whether commands are sent at present. */
  readonly isUp: boolean;
  readonly isHearing: boolean;
  run(name: ScriptName, concertId: number, args: readonly string[]): Promise<unknown>;
  /** Sets a key that is not there, for so long. False when it is there. */
  claim(key: string, value: string, ttlMs: number): Promise<boolean>;
  /** Members of a sorted set by rank, the last one included. */
  readRange(key: string, first: number, last: number): Promise<readonly string[]>;
  /** How long the connection for commands waited for Redis. */
  figures(): AnswerFigures;
  /** Notices an event connection on which nothing arrives any more. */
  checkHearing(): void;
  /** Connects. Resolves once connected, or when the first attempt has failed: it goes on trying. */
  start(): Promise<void>;
  close(): Promise<void>;
}

export function createRedisLink(deps: {
  readonly url: string;
  /** That of the machine: sockets know no other. */
  readonly clock: Clock;
  /** Another limit than K1's, for machines that are slower than Redis is silent. */
  readonly commandLimitMs?: number | undefined;
  readonly log: Log;
  /** Commands are sent again after they were not. */
  readonly onUp: () => void;
  readonly onDown: () => void;
  readonly onEvent: (channel: string, message: string) => void;
  /** Events may have been missed before. */
  readonly onHearing: () => void;
}): RedisLink {
  const { url, clock, commandLimitMs = COMMAND_LIMIT_MS, log, onUp, onDown, onEvent, onHearing } = deps;
  /** Rejects the commands that have no answer, in the order in which they were sent. */
  const pending = new Set<(error: unknown) => void>();
  let isUp = false;
  let isHearing = false;
  let isClosed = false;
  let isConnected = false;

  const watch = createAnswerWatch({ clock, limitMs: commandLimitMs, onSilent: giveUp });
  const hearing = createAnswerWatch({
    clock,
    limitMs: Math.max(HEARING_LIMIT_MS, commandLimitMs),
    onSilent: stopHearing,
  });
  // The client's own limits are for what this link does not see: it cannot tell a late answer from one that nobody has read yet.
  const options = redisOptions(2 * commandLimitMs);
  const redis = new Redis(url, { ...options, enableAutoPipelining: true, scripts: loadScripts() });
  const listener = new Redis(url, options);
  const database = redis.options.db ?? 0;

  function goUp(): void {
    if (isUp || isClosed) return;
    watch.reset();
    isUp = true;
    log.info({}, 'Redis answers');
    onUp();
  }

  function goDown(error: unknown): void {
    if (!isUp) return;
    isUp = false;
    log.warn({ err: error }, 'Redis does not answer; the waiting room admits nobody until it does');
    const refused = [...pending];
    pending.clear();
    for (const refuse of refused) refuse(error);
    onDown();
  }

  function probe(): void {
    clock.after(PROBE_EVERY_MS, () => {
      if (isUp || isClosed || !isConnected) return;
      watch
        .ask(() => redis.ping())
        .then(
          () => (watch.isSilent ? probe() : goUp()),
          () => probe(),
        );
    });
  }

  redis.on('ready', () => {
    isConnected = true;
    goUp();
  });
  redis.on('close', () => {
    isConnected = false;
    goDown(new Error('the connection to Redis was closed'));
  });
  // Every fault of a connection closes it, and the handler above reports that.
  redis.on('error', (error: unknown) => log.debug({ err: error }, 'a connection to Redis failed'));

  function stopHearing(): void {
    isHearing = false;
    if (!isClosed) listener.disconnect(true);
  }

  function listen(): void {
    hearing.reset();
    hearing
      .ask(() => listener.psubscribe(eventPatternOf(database)))
      .then(() => {
        isHearing = true;
        onHearing();
      }, stopHearing);
  }
  listener.on('ready', listen);
  listener.on('close', () => (isHearing = false));
  listener.on('error', (error: unknown) => log.debug({ err: error }, 'the event connection to Redis failed'));
  listener.on('pmessage', (_pattern: string, channel: string, message: string) => onEvent(channel, message));

  /** An answer that says no is Redis's; any other failure is the connection's. */
  function isReply(error: unknown): boolean {
    return error instanceof Error && error.name === 'ReplyError';
  }

  function giveUp(error: unknown): void {
    watch.presumeSilent();
    goDown(error);
    probe();
  }

  function send<T>(command: () => Promise<T>): Promise<T> {
    if (!isUp) return Promise.reject(new Fault('QUEUE_UNAVAILABLE', 'none'));
    return new Promise<T>((resolve, reject) => {
      const refuse = (error: unknown): void => reject(new Fault('QUEUE_UNAVAILABLE', 'unknown', { cause: error }));
      pending.add(refuse);
      watch.ask(command).then(
        (reply) => {
          pending.delete(refuse);
          resolve(reply);
        },
        (error: unknown) => {
          if (!pending.delete(refuse)) return;
          refuse(error);
          if (isReply(error)) log.error({ err: error }, 'Redis refused a command');
          else giveUp(error);
        },
      );
    });
  }

  return {
    get isUp() {
      return isUp;
    },
    get isHearing() {
      return isHearing;
    },

    run: (name, concertId, args) => send(() => redis[commandOf(name)](...keysOf(name, concertId, database), ...args)),
    claim: async (key, value, ttlMs) => (await send(() => redis.set(key, value, 'PX', ttlMs, 'NX'))) !== null,
    readRange: (key, first, last) => send(() => redis.zrange(key, String(first), String(last))),

    figures: () => watch.figures(),

    checkHearing() {
      if (!isHearing) return;
      hearing.ask(() => listener.ping()).catch(stopHearing);
    },

    async start() {
      await Promise.all([connectRedis(redis, log), connectRedis(listener, log)]);
    },

    async close() {
      if (isClosed) return;
      isClosed = true;
      redis.disconnect();
      listener.disconnect();
      goDown(new Error('the waiting room is closed'));
      await Promise.resolve();
    },
  };
}
