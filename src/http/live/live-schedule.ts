/**
 * One schedule that sockets of this node watch: hears what its owner tells, asks the owner for the map where that does not
 * suffice, and answers who begins to watch.
 *
 * WATCH-1. Whoever subscribes is answered from a map that was asked for after the subscription had arrived.
 * WATCH-2. What was missed is never skipped: a gap is closed by the owner's map, as one delta.
 * WATCH-3. One map is asked for at a time.
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

/** Owners say where they stand once a second; after this long the owner is asked, which also brings one to life. */
const SILENCE_MS = 3_000;

export interface LiveSchedule {
  readonly scheduleId: number;
  readonly watchers: number;
  /**
   * Answers the watcher with what changed after `sinceSeq`, or with the whole map, and tells it of every change from then
   * on. The code of a refusal otherwise; then it is told nothing.
   */
  join(watcher: SeatWatcher, sinceSeq: number | null): Promise<LiveProblemCode | null>;
  leave(watcher: SeatWatcher): void;
  /** Gives a watcher that has drained a snapshot in place of what it missed. */
  catchUp(watcher: SeatWatcher): void;
  /** To be called about once a second. */
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

/** Null: there is a map that was asked for after the reader had begun to wait. */
type ReadResult = LiveProblemCode | null;

export function createLiveSchedule(scheduleId: number, deps: LiveScheduleDependencies): LiveSchedule {
  const { router, clock, log, tally } = deps;
  let state: SeatState | null = null;
  /** The last change that anybody told of; ahead of the state while there is a gap. */
  let heardSeq = 0;
  let heardAtMs = clock.monotonicMs();
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
    const heardBefore = heardSeq;
    try {
      const reply = await router.dispatch<ReadSeatMap>({ type: 'ReadSeatMap', scheduleId });
      switch (reply.outcome) {
        case 'granted':
          absorb(reply.value, heardBefore);
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

  function absorb(map: SeatMap, heardBefore: number): void {
    const nowMs = clock.monotonicMs();
    heardAtMs = nowMs;
    if (state === null) {
      state = new SeatState(map);
    } else if (map.seq < heardBefore) {
      // An owner never answers with less than it told before, unless the database has lost it.
      log.warn({ scheduleId, heardSeq: heardBefore, seq: map.seq }, 'a schedule stands before what it stood at');
      state.goBack(map);
      heardSeq = map.seq;
      fanOut.restart();
    } else if (map.seq > state.seq) {
      state.adopt(map);
      fanOut.changed();
    } else if (map.seq === state.seq) {
      state.enterEpoch(map.epoch);
    }
    state.mark(nowMs);
    heardSeq = Math.max(heardSeq, state.seq);
    if (heardSeq > state.seq) catchUpWithOwner();
  }

  function catchUpWithOwner(): void {
    if (isCatchingUp) return;
    isCatchingUp = true;
    void read().then((refusal) => {
      isCatchingUp = false;
      // What was told during the reading may have left a gap again; an owner that cannot answer is asked by the next look.
      if (refusal === null && state !== null && heardSeq > state.seq) catchUpWithOwner();
    });
  }

  const listener: SeatListener = {
    updated(updates: SeatUpdates) {
      heardAtMs = clock.monotonicMs();
      if (state !== null && updates.seq <= state.seq) {
        if (updates.epoch > state.epoch) catchUpWithOwner();
        return;
      }
      heardSeq = Math.max(heardSeq, updates.seq);
      if (state === null) return;
      if (updates.fromSeq > state.seq + 1) {
        catchUpWithOwner();
        return;
      }
      state.apply(updates);
      fanOut.changed();
    },
    stands(head: SeatHead) {
      heardAtMs = clock.monotonicMs();
      heardSeq = Math.max(heardSeq, head.seq);
      if (state === null) return;
      if (head.seq === state.seq) state.enterEpoch(head.epoch);
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
      // Frames from before the answer would only be in its way.
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
      const isSilent = nowMs - heardAtMs >= SILENCE_MS;
      const isBehind = state !== null && heardSeq > state.seq;
      if (fanOut.size > 0 && (isSilent || isBehind)) catchUpWithOwner();
    },

    close: stopListening,
  };
}
