import WebSocket from 'ws';
import type { DeltaFrame, ServerFrame, SnapshotFrame } from '../../src/domain/live-frames.ts';
import type { Random } from './random.ts';

/** A seat as a watcher sees it, in a word that can be compared: `HELD 2027-01-01T00:00:00.000Z`, `AVAILABLE `. */
export type SeatWord = string;

/** A client that follows one schedule, resumes after every loss, and writes down what it may not be sent. */
export interface LiveWatcher {
  /** Resolves with the first map. */
  open(): Promise<void>;
  readonly seq: number;
  /** The word of seat n at n - 1. */
  readonly map: readonly SeatWord[];
  readonly faults: readonly string[];
  /** Everything that was received about the seats, in order. */
  readonly frames: readonly (SnapshotFrame | DeltaFrame)[];
  /** Codes of connections that ended, but for those that just broke. */
  readonly closings: readonly number[];
  /** Snapshots and deltas that answered a subscription with `sinceSeq`. */
  readonly resumed: { deltas: number; snapshots: number };
  /** Breaks the connection without a word; it dials again soon. */
  breakOff(): void;
  /** Reads nothing until told to. */
  stopReading(): void;
  readAgain(): void;
  /** Leaves the channel and comes back with what it knows, on the same connection. */
  leaveAndReturn(): void;
  /** Subscribes again without having left. */
  askAgain(): void;
  close(): void;
}

/** A connection that ended without a close frame, as those do that somebody breaks. */
const BROKEN = 1006;

export function seatWord(seat: { readonly status: string; readonly heldUntil?: string | null }): SeatWord {
  return `${seat.status} ${seat.heldUntil ?? ''}`;
}

export function createLiveWatcher(settings: {
  readonly url: string;
  readonly token: string;
  readonly scheduleId: number;
  readonly random: Random;
  readonly dialAgainWithinMs: number;
}): LiveWatcher {
  const { token, scheduleId, random, dialAgainWithinMs } = settings;
  const address = `${settings.url.replace('http', 'ws').replace(/\/$/, '')}/api/v1/live`;
  const faults: string[] = [];
  const frames: (SnapshotFrame | DeltaFrame)[] = [];
  const closings: number[] = [];
  const resumed = { deltas: 0, snapshots: 0 };
  let map: SeatWord[] = [];
  let seq = -1;
  let socket: WebSocket | null = null;
  /** The first frame about the seats is the answer to the first subscription; null: it has come. */
  let firstAsked: number | null = null;
  /**
   * What a second subscription said. Deltas that were on their way when it was sent come before its answer, which then
   * begins before where they ended; if none was, the answer looks like any other delta, and this stays.
   */
  let askedAgain: number | null = null;
  let isLeaving = false;
  let isOver = false;
  let dialAgain: NodeJS.Timeout | undefined;
  let hasMap: () => void = () => undefined;

  function subscribe(): void {
    const since = seq < 0 ? {} : { sinceSeq: seq };
    socket?.send(JSON.stringify({ type: 'subscribe', channel: 'seats', scheduleId, ...since }));
  }

  function subscribeFirst(): void {
    firstAsked = seq;
    askedAgain = null;
    isLeaving = false;
    subscribe();
  }

  function dial(): void {
    const dialled = new WebSocket(address, { perMessageDeflate: false });
    socket = dialled;
    firstAsked = -1;
    dialled.on('open', () => {
      dialled.send(JSON.stringify({ type: 'hello', token }));
      subscribeFirst();
    });
    dialled.on('message', (data: Buffer) => {
      // What was received before a break may be read after it; a client that dialled again is past it.
      if (socket === dialled) take(JSON.parse(data.toString()) as ServerFrame);
    });
    dialled.on('error', () => dialled.terminate());
    dialled.on('close', (code) => {
      if (isOver || socket !== dialled) return;
      if (code !== BROKEN) closings.push(code);
      socket = null;
      dialAgain = setTimeout(dial, random.below(dialAgainWithinMs));
    });
  }

  function take(frame: ServerFrame): void {
    if (frame.type === 'error') faults.push(`the service said ${JSON.stringify(frame)}`);
    if (frame.type === 'unsubscribed') subscribeFirst();
    if (frame.type !== 'snapshot' && frame.type !== 'delta') return;
    frames.push(frame);
    if (frame.type === 'snapshot') map = frame.seats.map(seatWord);
    if (frame.type === 'delta') {
      const isLateAnswer = askedAgain !== null && frame.fromSeq === askedAgain + 1;
      if (frame.fromSeq !== seq + 1 && isLateAnswer) askedAgain = null;
      else if (frame.fromSeq !== seq + 1) faults.push(`a delta ${frame.fromSeq}–${frame.seq} came at ${seq}`);
      if (frame.seq < seq) faults.push(`a delta ${frame.fromSeq}–${frame.seq} goes back from ${seq}`);
      for (const change of frame.changes) map[change.seatNumber - 1] = seatWord(change);
    }
    if (firstAsked !== null && firstAsked >= 0) resumed[frame.type === 'delta' ? 'deltas' : 'snapshots'] += 1;
    firstAsked = null;
    seq = frame.seq;
    hasMap();
  }

  return {
    async open() {
      const first = new Promise<void>((resolve) => {
        hasMap = resolve;
      });
      dial();
      await first;
    },
    get seq() {
      return seq;
    },
    get map() {
      return map;
    },
    faults,
    frames,
    closings,
    resumed,
    breakOff: () => socket?.terminate(),
    stopReading() {
      if (socket?.readyState === WebSocket.OPEN) socket.pause();
    },
    readAgain() {
      if (socket?.isPaused === true) socket.resume();
    },
    leaveAndReturn() {
      if (firstAsked !== null || isLeaving || socket?.readyState !== WebSocket.OPEN) return;
      isLeaving = true;
      socket.send(JSON.stringify({ type: 'unsubscribe', channel: 'seats', scheduleId }));
    },
    askAgain() {
      if (firstAsked !== null || askedAgain !== null || isLeaving || socket?.readyState !== WebSocket.OPEN) return;
      askedAgain = seq;
      subscribe();
    },
    close() {
      isOver = true;
      clearTimeout(dialAgain);
      socket?.terminate();
    },
  };
}
