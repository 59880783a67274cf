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
  /**
   * An access token or a queue token, asked for anew for every connection. When it rejects, the connection is tried again
   * later.
   */
  readonly token: () => string | Promise<string>;
}

/**
 * A live connection that keeps itself up: it comes back with a jittered wait after whatever broke it, and goes on where it was.
 * Listeners see every map complete and in order, whatever was lost or came twice on the way. What one throws is reported and
 * harms nothing.
 */
export interface LiveClient {
  /** Watches a schedule's seats until the returned function is called. Begins with the map, as soon as it is known. */
  seats(scheduleId: number, listener: SeatListener): () => void;
  /** Watches the place of the queue token that `token` gives, until the returned function is called. */
  queue(listener: QueueListener): () => void;
  /** Told the state now and at every change, until the returned function is called. */
  onState(listener: (state: LiveState) => void): () => void;
  readonly state: LiveState;
  /** What the service's clock shows, in epoch milliseconds; for countdowns. */
  serverNow(): number;
  /** Asks for the token once more and says hello with it; also opens a connection again that was closed for its token. */
  replaceToken(): void;
  /** Ends the connection. No listener is called any more, but for the state. */
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

/** A live connection, which begins to open at once. */
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

  /** After every hello: what another token may see is asked for anew, and what is known already costs an empty answer. */
  function subscribeAll(): void {
    if (queue.isWatched) queue.subscribe();
    for (const channel of schedules.values()) channel.subscribe();
  }

  function hear(frame: ServerFrame): void {
    switch (frame.type) {
      case 'snapshot':
      case 'delta':
        schedules.get(frame.scheduleId)?.heard(frame);
        break;
      case 'queue':
        if (queue.isWatched) queue.heard(frame);
        break;
      case 'error':
        refuse(frame);
        break;
      default:
      // What a later service may say beyond this, and what needs no answer.
    }
  }

  function refuse(frame: ErrorFrame): void {
    const { code, channel, scheduleId } = frame;
    if (channel === 'queue') queue.refused(frame);
    else if (scheduleId !== undefined) schedules.get(scheduleId)?.refused(frame);
    else if (isOfToken(code)) refuseAll(frame);
    else if (isFault(code)) connection.renew();
    // Listeners were told first: one of them may have seen to another token by now.
    if (isOfToken(code)) connection.greetAgain(true);
  }

  /** The hello itself was refused. */
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
    heard: hear,
    stateChanged: (state) => states.tell(state),
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
