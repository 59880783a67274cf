/**
 * Carries updates from owners to watchers: on this node at once and without Redis, to other nodes by Redis pub/sub. Each
 * schedule has a channel. On one more channel nodes announce which schedules they watch.
 *
 * SEATBUS-1. Listeners of this node get everything, in order, also while Redis is unavailable.
 * SEATBUS-2. Updates of a schedule that no other node watches are not sent.
 * SEATBUS-3. A node announces its interest only after it has subscribed, and the owner then announces its head. So a change
 *     between the map that the node has read and the first update that it receives shows as a gap.
 * SEATBUS-4. A node's interest ends when the node says so, or 3 to 4 s after its last message.
 * SEATBUS-5. After an outage owners announce their heads again, which show the losses.
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

/** A third of the time for which other nodes remember an interest. */
const RENEW_EVERY_MS = 1_000;
const WATCHING_CHANNEL = 'watching';

export interface RedisSeatBus extends SeatBus {
  start(): void;
  close(): void;
}

export function createRedisSeatBus(deps: {
  /** The creator starts and closes it. */
  readonly broadcast: Broadcast;
  readonly clock: Clock;
  readonly log: Log;
  /** Another node has begun to watch. If this node owns the schedule, it announces the head. */
  readonly onNewInterest: (scheduleId: number) => void;
}): RedisSeatBus {
  const { broadcast, clock, onNewInterest } = deps;
  const here = createInProcessSeatBus(deps);
  const elsewhere = createDistantWatchers();
  /** Ends the subscription to each schedule that is watched here. */
  const stopsOf = new Map<number, () => void>();
  /** Interests to announce at the end of this turn: a new connection begins with all of them, in one message. */
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

  // Either direction may have been interrupted, so both sides announce again.
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
