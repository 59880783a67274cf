/**
 * One schedule with watchers on this node. Receives its owner's broadcasts, asks the owner for the map when those do not
 * suffice, and answers new watchers.
 *
 * WATCH-1. A subscription is answered from a map that was requested after the subscription had arrived.
 * WATCH-2. Missed changes are never skipped: the owner's map closes a gap, as one delta.
 * WATCH-3. One map is requested at a time.
 */
import type { CommandRouter, ReadSeatMap, SeatMap } from '../../actors/command.ts';
import type { Clock } from '../../runtime/clock.ts';
import { Fault } from '../../domain/errors.ts';
import type { Log } from '../../runtime/log.ts';
import type { SeatHead, SeatListener, SeatSubscriber, SeatUpdates } from '../../domain/seat-broadcast.ts';
import { createFanOut, NOWHERE, type SeatWatcher } from './fan-out.ts';
import type { LiveTally } from './live-metrics.ts';
import type { LiveProblemCode } from './live-problem.ts';
import { SeatState } from './seat-state.ts';

/** Owners announce their position once a second; after this much silence the node asks the owner, which also starts one. */
const SILENCE_MS = 3_000;

export interface LiveSchedule {
  readonly scheduleId: number;
  readonly watchers: number;
  /**
   * Answers the watcher with the changes after `sinceSeq`, or with the whole map, and adds it to the watchers. Returns the code
   * of a refusal otherwise; the watcher then receives nothing.
   */
  join(watcher: SeatWatcher, sinceSeq: number | null): Promise<LiveProblemCode | null>;
  leave(watcher: SeatWatcher): void;
  /** Sends a watcher that has drained a snapshot in place of the changes that it missed. */
  catchUp(watcher: SeatWatcher): void;
  /** Call this about once a second. */
  look(nowMs: number): void;
  close(): void;
}

export interface LiveScheduleDependencies {
  readonly router: CommandRouter;
  readonly seats: SeatSubscriber;
  readonly clock: Clock;
  readonly log: Log;
  readonly tally: LiveTally;
  readonly flushMs: number;
}

/** Null: the map was requested after the reader had begun to wait. */
type ReadResult = LiveProblemCode | null;

/** Whether an organiser has changed the prices or the plan. */
function hasOtherSeats(state: SeatState, map: SeatMap): boolean {
  return map.seq >= state.seq && !state.hasSeatsOf(map);
}

export function createLiveSchedule(scheduleId: number, deps: LiveScheduleDependencies): LiveSchedule {
  const { router, clock, log, tally } = deps;
  let state: SeatState | null = null;
  /** The last change that any broadcast mentioned; ahead of the state while there is a gap. */
  let announcedSeq = 0;
  let lastMessageAtMs = clock.monotonicMs();
  let readers: ((result: ReadResult) => void)[] = [];
  let isReading = false;
  let isCatchingUp = false;
  const fanOut = createFanOut({ ...deps, state: () => state });

  function read(): Promise<ReadResult> {
    return new Promise((resolve) => {
      readers.push(resolve);
      if (!isReading) void readOn();
    });
  }

  async function readOn(): Promise<void> {
    isReading = true;
    while (readers.length > 0) {
      const waiting = readers;
      readers = [];
      const result = await ask();
      for (const resolve of waiting) resolve(result);
    }
    isReading = false;
  }

  async function ask(): Promise<ReadResult> {
    const announcedBefore = announcedSeq;
    try {
      const reply = await router.dispatch<ReadSeatMap>({ type: 'ReadSeatMap', scheduleId });
      switch (reply.outcome) {
        case 'granted':
          absorb(reply.value, announcedBefore);
          return null;
        case 'refused':
          return reply.rejection.code;
        case 'failed':
          return reply.code;
        case 'key-taken':
          throw new Error('a reader met a taken key');
      }
    } catch (error) {
      if (error instanceof Fault) return error.code;
      log.error({ err: error, scheduleId }, 'a live seat map could not be read');
      return 'INTERNAL_ERROR';
    }
  }

  function absorb(map: SeatMap, announcedBefore: number): void {
    const nowMs = clock.monotonicMs();
    lastMessageAtMs = nowMs;
    if (state === null) {
      state = new SeatState(map);
    } else if (map.seq < announcedBefore) {
      // An owner never answers with less than it broadcast before, unless the database has lost changes.
      log.warn(
        { scheduleId, announcedSeq: announcedBefore, seq: map.seq },
        'the owner sent an older seat map than it had announced; the database may have lost changes',
      );
      state.goBack(map);
      announcedSeq = map.seq;
      fanOut.restart();
    } else if ((map.isCancelled === true && !state.isCancelled) || hasOtherSeats(state, map)) {
      // No delta can say this; a snapshot may come at any time.
      if (map.seq >= state.seq) state.adopt(map);
      else state.cancel();
      fanOut.restart();
    } else if (map.seq > state.seq) {
      state.adopt(map);
      fanOut.changed();
    } else if (map.seq === state.seq) {
      state.enterEpoch(map.epoch);
    }
    state.mark(nowMs);
    announcedSeq = Math.max(announcedSeq, state.seq);
    if (announcedSeq > state.seq) catchUpWithOwner();
  }

  function catchUpWithOwner(): void {
    if (isCatchingUp) return;
    isCatchingUp = true;
    void read().then((refusal) => {
      isCatchingUp = false;
      // Broadcasts during the read may have left another gap; the next `look` retries an owner that cannot answer.
      if (refusal === null && state !== null && announcedSeq > state.seq) catchUpWithOwner();
    });
  }

  const listener: SeatListener = {
    updated(updates: SeatUpdates) {
      lastMessageAtMs = clock.monotonicMs();
      if (state !== null && updates.seq <= state.seq) {
        if (updates.epoch > state.epoch) catchUpWithOwner();
        return;
      }
      announcedSeq = Math.max(announcedSeq, updates.seq);
      if (state === null) return;
      if (updates.fromSeq > state.seq + 1) {
        catchUpWithOwner();
        return;
      }
      // An owner of a later epoch may have other seats or prices, of which updates say nothing.
      if (updates.epoch > state.epoch) catchUpWithOwner();
      state.apply(updates);
      fanOut.changed();
    },
    stands(head: SeatHead) {
      lastMessageAtMs = clock.monotonicMs();
      announcedSeq = Math.max(announcedSeq, head.seq);
      if (state === null) return;
      if (head.isCancelled === true && !state.isCancelled) catchUpWithOwner();
      else if (head.seq > state.seq || head.epoch > state.epoch) catchUpWithOwner();
    },
  };
  const stopListening = deps.seats.watch(scheduleId, listener);

  return {
    scheduleId,

    get watchers() {
      return fanOut.size;
    },

    async join(watcher, sinceSeq) {
      // Frames from before the answer would precede it.
      fanOut.remove(watcher);
      const refusal = await read();
      if (refusal !== null) return refusal;
      if (state === null || watcher.isOver) return null;
      const nowMs = clock.monotonicMs();
      const isResumed = sinceSeq !== null && state.remembers(sinceSeq, nowMs);
      const frame = isResumed ? state.deltaAfter(sinceSeq) : state.snapshot();
      watcher.seq = watcher.outbox.offer(frame, nowMs) ? state.seq : NOWHERE;
      fanOut.add(watcher);
      return null;
    },

    leave(watcher) {
      watcher.isOver = true;
      fanOut.remove(watcher);
    },

    catchUp(watcher) {
      if (state === null || watcher.isOver || watcher.seq === state.seq) return;
      watcher.seq = NOWHERE;
      tally.slowSnapshots += 1;
      fanOut.bring(watcher, clock.monotonicMs());
    },

    look(nowMs) {
      state?.mark(nowMs);
      const isSilent = nowMs - lastMessageAtMs >= SILENCE_MS;
      const isBehind = state !== null && announcedSeq > state.seq;
      if (fanOut.size > 0 && (isSilent || isBehind)) catchUpWithOwner();
    },

    close: stopListening,
  };
}
