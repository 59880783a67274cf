/**
 * Messages between nodes by Redis pub/sub, over two connections: one publishes, one subscribes.
 *
 * It deliberately promises little, so that no part depends on Redis: its users detect lost messages by themselves.
 *
 * BROADCAST-1. Sending never waits and never throws. A message that cannot be sent at once is dropped and counted.
 * BROADCAST-2. The messages and bytes that Redis has not acknowledged are bounded; further messages are dropped.
 * BROADCAST-3. A node does not receive its own messages.
 * BROADCAST-4. After any possible loss, in either direction, the users are notified as soon as both connections work again.
 * BROADCAST-5. Malformed messages reach no listener and do not fill the log.
 */
import { Redis } from 'ioredis';
import { type AnswerFigures, type AnswerWatch, createAnswerWatch } from '../../runtime/answer-watch.ts';
import { type Clock, every } from '../../runtime/clock.ts';
import type { Log } from '../../runtime/log.ts';
import { connectRedis, redisOptions } from '../../runtime/redis-options.ts';

/** A thousand flushes of watched schedules; Redis takes one in well under a millisecond. */
const UNANSWERED_LIMIT = 5_000;
const UNANSWERED_LIMIT_BYTES = 4 * 1_024 * 1_024;
/** Twice the updates of the largest statement, 5 000 changes. */
const MESSAGE_LIMIT = 1_024 * 1_024;
/** Redis answers within milliseconds, and listeners notice a lost message within seconds. */
const ANSWER_LIMIT_MS = 1_000;
/** Keeps each command and its answers small when the node subscribes to all channels again. */
const CHANNELS_PER_COMMAND = 500;
/** Each look pings Redis on the subscribing connection, which is normally silent even when it is broken. */
const LOOK_EVERY_MS = 1_000;
/** Malformed messages must not fill the log. */
const COMPLAIN_EVERY_MS = 60_000;
const NODE_NAME = /^[\w-]{1,64}$/;

export interface BroadcastCounts {
  /** Messages that Redis acknowledged. */
  readonly sent: number;
  /** Messages that were not sent, or whose acknowledgement is missing. */
  readonly dropped: number;
  /** Messages of other nodes. */
  readonly received: number;
}

export interface ChannelListener {
  /** Receives a message of `node`. Returns false if it is malformed. */
  heard(node: string, text: string): boolean;
  /** All later messages will arrive; earlier ones may have been lost. */
  listening?(): void;
}

export interface Broadcast {
  send(channel: string, text: string): void;
  /** Adds the channel's only listener; the returned function removes it. */
  listen(channel: string, listener: ChannelListener): () => void;
  /** Calls `run` whenever both connections are up after one of them was down. */
  whenConnected(run: () => void): void;
  counts(): BroadcastCounts;
  /** How long the publishing connection waited for Redis. */
  figures(): AnswerFigures;
  /** Connects. Resolves once both connections are up, or after the first failed attempt; it then keeps trying. */
  start(): Promise<void>;
  close(): Promise<void>;
}

export function createRedisBroadcast(deps: {
  readonly url: string;
  /** The name of this process, which no other process ever has. */
  readonly nodeName: string;
  readonly clock: Clock;
  readonly log: Log;
}): Broadcast {
  const { url, nodeName, clock, log } = deps;
  const teller = new Redis(url, redisOptions());
  const hearer = new Redis(url, redisOptions());
  // Pub/sub ignores databases, and services in different databases of one server must not receive each other's messages.
  const prefix = `frontrow:${hearer.options.db ?? 0}:`;
  /** The usable connections. The client still calls a connection ready while it is being closed. */
  const up = new Set<Redis>();
  const listeners = new Map<string, ChannelListener>();
  const connectionWatchers: (() => void)[] = [];
  const counts = { sent: 0, dropped: 0, received: 0 };
  const firstSubscription = Promise.withResolvers<void>();
  const tellerWatch = watchOver(teller);
  const hearerWatch = watchOver(hearer);
  let unanswered = 0;
  let unansweredBytes = 0;
  let isHearing = false;
  let isClosed = false;
  let complainedAtMs = -Infinity;
  let stopLooking: (() => void) | null = null;

  function complain(fields: object, message: string): void {
    const nowMs = clock.monotonicMs();
    if (nowMs - complainedAtMs < COMPLAIN_EVERY_MS) return;
    complainedAtMs = nowMs;
    log.warn(fields, message);
  }

  function watchOver(client: Redis): AnswerWatch {
    return createAnswerWatch({ clock, limitMs: ANSWER_LIMIT_MS, onSilent: (error) => giveUp(client, error) });
  }

  function noteConnected(): void {
    if (!up.has(teller) || !isHearing) return;
    for (const run of connectionWatchers) run();
  }

  /** A command that the client has given up may still be in the socket's buffer; closing the connection discards it. */
  function giveUp(client: Redis, error: unknown): void {
    complain({ err: error }, 'a message between nodes was refused or lost by Redis');
    if (isClosed || !up.delete(client)) return;
    if (client === hearer) isHearing = false;
    client.disconnect(true);
  }

  async function subscribe(channels: readonly string[]): Promise<void> {
    for (let first = 0; first < channels.length; first += CHANNELS_PER_COMMAND) {
      const some = channels.slice(first, first + CHANNELS_PER_COMMAND);
      await hearerWatch.ask(() => hearer.subscribe(...some));
      for (const channel of some) listeners.get(channel)?.listening?.();
    }
  }

  function hear(channel: string, message: string): void {
    const listener = listeners.get(channel);
    if (listener === undefined) return;
    const end = message.indexOf(' ');
    const node = message.slice(0, Math.max(end, 0));
    if (node === nodeName) return;
    counts.received += 1;
    try {
      const isSense =
        message.length <= MESSAGE_LIMIT && NODE_NAME.test(node) && listener.heard(node, message.slice(end + 1));
      if (!isSense) complain({ channel, node }, 'a message between nodes makes no sense');
    } catch (error) {
      log.error({ err: error, channel }, 'a message between nodes could not be taken in');
    }
  }

  function look(): void {
    if (isHearing) hearerWatch.ask(() => hearer.ping()).catch((error: unknown) => giveUp(hearer, error));
  }

  for (const [client, watch] of [
    [teller, tellerWatch],
    [hearer, hearerWatch],
  ] as const) {
    client.on('ready', () => {
      watch.reset();
      up.add(client);
    });
    client.on('close', () => up.delete(client));
    // Every fault closes the connection, and the client opens a new one.
    client.on('error', (error: unknown) => log.debug({ err: error }, 'a connection for messages between nodes failed'));
  }
  teller.on('ready', noteConnected);
  hearer.on('ready', () => {
    const subscribed = subscribe([...listeners.keys()]).then(
      () => {
        isHearing = true;
        noteConnected();
      },
      (error: unknown) => giveUp(hearer, error),
    );
    firstSubscription.resolve(subscribed);
  });
  hearer.on('close', () => (isHearing = false));
  hearer.on('message', hear);

  async function connect(client: Redis): Promise<void> {
    if ((await connectRedis(client, log)) && client === hearer) await firstSubscription.promise;
  }

  return {
    send(channel, text) {
      const message = `${nodeName} ${text}`;
      const bytes = Buffer.byteLength(message);
      const isTooMuch = unanswered >= UNANSWERED_LIMIT || unansweredBytes + bytes > UNANSWERED_LIMIT_BYTES;
      if (!up.has(teller) || isTooMuch || message.length > MESSAGE_LIMIT) {
        counts.dropped += 1;
        return;
      }
      unanswered += 1;
      unansweredBytes += bytes;
      const settle = (outcome: 'sent' | 'dropped'): void => {
        unanswered -= 1;
        unansweredBytes -= bytes;
        counts[outcome] += 1;
      };
      tellerWatch
        .ask(() => teller.publish(prefix + channel, message))
        .then(
          () => settle('sent'),
          (error: unknown) => {
            settle('dropped');
            giveUp(teller, error);
          },
        );
    },

    listen(name, listener) {
      const channel = prefix + name;
      listeners.set(channel, listener);
      if (up.has(hearer)) subscribe([channel]).catch((error: unknown) => giveUp(hearer, error));
      return () => {
        if (listeners.get(channel) !== listener) return;
        listeners.delete(channel);
        if (up.has(hearer)) hearer.unsubscribe(channel).catch((error: unknown) => giveUp(hearer, error));
      };
    },

    whenConnected: (run) => void connectionWatchers.push(run),
    counts: () => ({ ...counts }),
    figures: () => tellerWatch.figures(),

    async start() {
      if (stopLooking !== null || isClosed) return;
      stopLooking = every(clock, LOOK_EVERY_MS, look);
      await Promise.all([connect(teller), connect(hearer)]);
    },

    async close() {
      if (isClosed) return;
      isClosed = true;
      stopLooking?.();
      teller.disconnect();
      hearer.disconnect();
      await Promise.resolve();
    },
  };
}
