import type { ErrorFrame, ServerFrame } from '../../domain/live-frames.ts';
import type { ClientClock, SocketConstructor } from '../platform.ts';
import type { ServerTime } from '../server-time.ts';
import { createConnection } from './connection.ts';
import type { LiveLimits } from './limits.ts';
import type { LiveState, QueueListener, SeatListener } from './live-events.ts';
import { createListeners } from './listeners.ts';
import { isFault, isOfToken } from './refusal-codes.ts';
import { createQueueChannel } from './queue-channel.ts';
import { createSeatChannel, type SeatChannel } from './seat-channel.ts';

export interface LiveOptions {
  /** Returns an access token or a queue token; called for every connection. When it rejects, the client retries later. */
  readonly token: () => string | Promise<string>;
}

/**
 * A live connection that reconnects by itself, after a jittered wait, and resumes where it was. Listeners get complete maps in
 * order, although frames may be lost or repeated on the way. An error that a listener throws is reported and has no other
 * effect.
 */
export interface LiveClient {
  /** Watches a schedule's seats until the returned function is called. The first event is the whole map, once it is known. */
  seats(scheduleId: number, listener: SeatListener): () => void;
  /** Watches the place of the queue token that `token` returns, until the returned function is called. */
  queue(listener: QueueListener): () => void;
  /** Calls `listener` with the state now and at every change, until the returned function is called. */
  onState(listener: (state: LiveState) => void): () => void;
  readonly state: LiveState;
  /** The estimated time of the service's clock, in epoch milliseconds; for countdowns. */
  serverNow(): number;
  /** Asks for the token again and sends a hello with it. Reopens a connection that was closed because of its token. */
  replaceToken(): void;
  /** Ends the connection. Afterwards only state listeners are called. */
  close(): void;
}

export interface LiveSettings extends LiveOptions {
  readonly url: string;
  readonly Socket: SocketConstructor;
  readonly clock: ClientClock;
  readonly random: () => number;
  readonly limits: LiveLimits;
  readonly serverTime: ServerTime;
  readonly report: (error: unknown) => void;
  readonly onNetworkBack: (run: () => void) => () => void;
}

/** Creates a live connection, which starts to open at once. */
export function createLiveClient(settings: LiveSettings): LiveClient {
  const { report, serverTime } = settings;
  const states = createListeners<LiveState>(report);
  const schedules = new Map<number, SeatChannel>();
  const common = { ...settings, renew: () => connection.renew() };
  const queue = createQueueChannel({
    ...common,
    request: () => connection.send({ type: 'subscribe', channel: 'queue' }),
  });

  function channelOf(scheduleId: number): SeatChannel {
    const known = schedules.get(scheduleId);
    if (known !== undefined) return known;
    const channel = createSeatChannel({
      ...common,
      scheduleId,
      request: (sinceSeq) =>
        connection.send({
          type: 'subscribe',
          channel: 'seats',
          scheduleId,
          ...(sinceSeq === null ? {} : { sinceSeq }),
        }),
    });
    schedules.set(scheduleId, channel);
    return channel;
  }

  /** Runs after every hello: another token may see other things, and for known data the answer is empty. */
  function subscribeAll(): void {
    if (queue.isWatched) queue.subscribe();
    for (const channel of schedules.values()) channel.subscribe();
  }

  function onFrame(frame: ServerFrame): void {
    switch (frame.type) {
      case 'snapshot':
      case 'delta':
        schedules.get(frame.scheduleId)?.onFrame(frame);
        break;
      case 'queue':
        if (queue.isWatched) queue.onFrame(frame);
        break;
      case 'error':
        refuse(frame);
        break;
      default:
      // Frames that need no answer, and kinds that only a later service sends.
    }
  }

  function refuse(frame: ErrorFrame): void {
    const { code, channel, scheduleId } = frame;
    if (channel === 'queue') queue.refused(frame);
    else if (scheduleId !== undefined) schedules.get(scheduleId)?.refused(frame);
    else if (isOfToken(code)) refuseAll(frame);
    else if (isFault(code)) connection.renew();
    // Listeners run first: one of them may have replaced the token by now.
    if (isOfToken(code)) connection.greetAgain(true);
  }

  /** The service refused the hello itself. */
  function refuseAll(frame: ErrorFrame): void {
    queue.refused(frame);
    for (const channel of schedules.values()) channel.refused(frame);
  }

  const connection = createConnection({
    ...settings,
    opened: subscribeAll,
    lost() {
      queue.stop();
      for (const channel of schedules.values()) channel.stop();
    },
    onFrame,
    stateChanged: (state) => states.notify(state),
  });

  return {
    seats(scheduleId, listener) {
      const channel = channelOf(scheduleId);
      const isFirst = !channel.isWatched;
      const remove = channel.add(listener);
      if (isFirst) channel.subscribe();
      return () => {
        remove();
        if (channel.isWatched || schedules.get(scheduleId) !== channel) return;
        channel.close();
        schedules.delete(scheduleId);
        connection.send({ type: 'unsubscribe', channel: 'seats', scheduleId });
      };
    },
    queue(listener) {
      const isFirst = !queue.isWatched;
      const remove = queue.add(listener);
      if (isFirst) queue.subscribe();
      return () => {
        const wasWatched = queue.isWatched;
        remove();
        if (!wasWatched || queue.isWatched) return;
        queue.stop();
        connection.send({ type: 'unsubscribe', channel: 'queue' });
      };
    },
    onState: (listener) => states.add(listener, () => connection.state),
    get state() {
      return connection.state;
    },
    serverNow: () => serverTime.nowMs(),
    replaceToken: () => connection.greetAgain(false),
    close() {
      queue.close();
      for (const channel of schedules.values()) channel.close();
      schedules.clear();
      connection.close();
    },
  };
}
