/**
 * Carries what owners tell to whoever watches, on this node at once and without Redis, on others by Redis pub/sub: a
 * channel for each schedule, and one on which nodes tell what they watch.
 *
 * SEATBUS-1. Listeners of this node hear everything, in order, whatever becomes of Redis.
 * SEATBUS-2. What no other node watches is not sent.
 * SEATBUS-3. A node tells that it watches only once it hears, and the owner then tells where it stands. So a change between a
 *     map that the node has read and the first update that it hears shows as a gap.
 * SEATBUS-4. What a node has said to watch ends with its word, or 3 to 4 s after its last word.
 * SEATBUS-5. After an outage, heads are told again, which show what was lost in it.
 */
import { type Clock, every } from '../runtime/clock.ts';
import type { Log } from '../runtime/log.ts';
import { createInProcessSeatBus, type SeatBus } from './in-process-seat-bus.ts';
import type { Broadcast } from './redis-bus/broadcast.ts';
import { createDistantWatchers } from './redis-bus/distant-watchers.ts';
import {
  readSeatMessage,
  readWatchingMessage,
  SCHEDULES_PER_MESSAGE,
  type WatchingMessage,
  writeHead,
  writeUpdates,
  writeWatching,
} from './redis-bus/seat-messages.ts';

/** A third of what others remember it for. */
const RENEW_EVERY_MS = 1_000;
const WATCHING_CHANNEL = 'watching';

export interface RedisSeatBus extends SeatBus {
  start(): void;
  close(): void;
}

export function createRedisSeatBus(deps: {
  /** Of the service; who creates it starts and closes it. */
  readonly broadcast: Broadcast;
  readonly clock: Clock;
  readonly log: Log;
  /** Another node has begun to watch; its owner, if it is here, announces where the schedule stands. */
  readonly onNewInterest: (scheduleId: number) => void;
}): RedisSeatBus {
  const { broadcast, clock, onNewInterest } = deps;
  const here = createInProcessSeatBus(deps);
  const elsewhere = createDistantWatchers();
  /** How to stop hearing of each schedule that is watched here. */
  const stopsOf = new Map<number, () => void>();
  /** Heard from this turn on, and not yet told of: connecting begins with all of them, which is one message. */
  let toTell: number[] = [];
  let stopHearingWatchers: (() => void) | null = null;
  let stopRenewing: (() => void) | null = null;

  function channelOf(scheduleId: number): string {
    return `seats:${scheduleId}`;
  }

  function tell(type: WatchingMessage['type'], scheduleIds: readonly number[]): void {
    for (let first = 0; first < scheduleIds.length; first += SCHEDULES_PER_MESSAGE) {
      const some = scheduleIds.slice(first, first + SCHEDULES_PER_MESSAGE);
      broadcast.send(WATCHING_CHANNEL, writeWatching({ type, scheduleIds: some }));
    }
  }

  function tellBegun(scheduleId: number): void {
    toTell.push(scheduleId);
    if (toTell.length > 1) return;
    setImmediate(() => {
      const begun = toTell.filter((each) => here.isWatched(each));
      toTell = [];
      tell('begun', begun);
    });
  }

  function hearSeats(scheduleId: number, text: string): boolean {
    const message = readSeatMessage(text, scheduleId);
    if (message === null) return false;
    if (message.type === 'head') here.announce(message.head);
    else here.publish(message.updates);
    return true;
  }

  function hearWatching(node: string, text: string): boolean {
    const message = readWatchingMessage(text);
    if (message === null) return false;
    const { type, scheduleIds } = message;
    if (type === 'ended') {
      elsewhere.end(node, scheduleIds);
      return true;
    }
    const unknown = elsewhere.note(node, scheduleIds, clock.monotonicMs());
    for (const scheduleId of type === 'begun' ? scheduleIds : unknown) onNewInterest(scheduleId);
    return true;
  }

  function hearOf(scheduleId: number): void {
    if (stopsOf.has(scheduleId)) return;
    const stop = broadcast.listen(channelOf(scheduleId), {
      heard: (_node, text) => hearSeats(scheduleId, text),
      listening: () => tellBegun(scheduleId),
    });
    stopsOf.set(scheduleId, stop);
  }

  function stopHearingOf(scheduleId: number): void {
    stopsOf.get(scheduleId)?.();
    stopsOf.delete(scheduleId);
    tell('ended', [scheduleId]);
  }

  function renew(): void {
    elsewhere.sweep(clock.monotonicMs());
    tell('still', [...here.watched()]);
  }

  // Either direction may have been interrupted: others look what they missed of us, and tell us what we missed.
  broadcast.whenConnected(() => {
    for (const scheduleId of here.watched()) tellBegun(scheduleId);
    for (const scheduleId of elsewhere.scheduleIds()) onNewInterest(scheduleId);
  });

  return {
    isWatched: (scheduleId) => here.isWatched(scheduleId) || elsewhere.has(scheduleId),

    *watched() {
      yield* here.watched();
      for (const scheduleId of elsewhere.scheduleIds()) if (!here.isWatched(scheduleId)) yield scheduleId;
    },

    publish(updates) {
      here.publish(updates);
      if (elsewhere.has(updates.scheduleId)) broadcast.send(channelOf(updates.scheduleId), writeUpdates(updates));
    },

    announce(head) {
      here.announce(head);
      if (elsewhere.has(head.scheduleId)) broadcast.send(channelOf(head.scheduleId), writeHead(head));
    },

    watch(scheduleId, listener) {
      const stop = here.watch(scheduleId, listener);
      hearOf(scheduleId);
      return () => {
        const wasWatched = here.isWatched(scheduleId);
        stop();
        if (wasWatched && !here.isWatched(scheduleId)) stopHearingOf(scheduleId);
      };
    },

    start() {
      if (stopRenewing !== null) return;
      stopHearingWatchers = broadcast.listen(WATCHING_CHANNEL, { heard: hearWatching });
      stopRenewing = every(clock, RENEW_EVERY_MS, renew);
    },

    close() {
      stopRenewing?.();
      stopRenewing = null;
      stopHearingWatchers?.();
      for (const stop of stopsOf.values()) stop();
      tell('ended', [...stopsOf.keys()]);
      stopsOf.clear();
    },
  };
}
