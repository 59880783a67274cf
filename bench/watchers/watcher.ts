import { type JsonObject, readText } from '../../harness/json.ts';
import type { FrameConnection, FrameListener } from './frame-connection.ts';
import type { FrameStore, SeatWord } from './frame-store.ts';

/** The parts that all watchers of a process share. */
export interface WatcherContext {
  readonly dial: (path: string, listener: FrameListener) => Promise<FrameConnection>;
  readonly frames: FrameStore;
  readonly nowMs: () => number;
  readonly random: () => number;
  /** Records a frame that no watcher may receive, in words. */
  readonly noteFault: (fault: string) => void;
}

export interface WatcherSettings {
  readonly path: string;
  readonly token: string;
  /** Null: send nothing and accept every frame, from a server without a protocol. */
  readonly scheduleId: number | null;
  /** Dial again, with the last `seq`, when the connection ends. */
  readonly reconnects: boolean;
}

/** Watches a schedule's seats over a WebSocket and records every frame with its time. */
export interface Watcher {
  /** Resolves when the first map is there. */
  open(): Promise<void>;
  /** Asks for the map that many times and then reads nothing. */
  getStuck(questions: number): void;
  readAgain(): void;
  close(): void;
  readonly seq: number;
  readonly isConnected: boolean;
  /** Close codes in the order in which connections ended; null for one that broke. */
  readonly closings: readonly (number | null)[];
  /** Every later answer to a subscription: when, and whether it was the changes since `sinceSeq`. */
  readonly resumptions: readonly { readonly atMs: number; readonly isDelta: boolean }[];
  /** Positions in the store of all seat frames, with the machine's time of each. */
  readonly frameIndexes: readonly number[];
  readonly arrivalsMs: readonly number[];
  /** The map that the frames lead to: the word of seat n at n. */
  map(): SeatWord[];
}

/** A crowd that dials at once after a restart would overload the service; the browser's client waits in the same way. */
const FIRST_RETRY_MS = 250;
const LONGEST_RETRY_MS = 2_000;

export function createWatcher(settings: WatcherSettings, context: WatcherContext): Watcher {
  const { scheduleId } = settings;
  const { frames, nowMs, random } = context;
  const frameIndexes: number[] = [];
  const arrivalsMs: number[] = [];
  const closings: (number | null)[] = [];
  const resumptions: { atMs: number; isDelta: boolean }[] = [];
  let connection: FrameConnection | null = null;
  let seq = -1;
  let isAwaited = false;
  let isStuck = false;
  let isOver = false;
  let attempts = 0;
  let retry: NodeJS.Timeout | undefined;
  let hasMap: () => void = () => undefined;

  const listener: FrameListener = {
    onText(payload) {
      const arrivedMs = nowMs();
      const frame = frames.take(payload);
      if (typeof frame === 'number') takeSeats(frame, arrivedMs);
      else takeOther(frame);
    },
    onClosed(code) {
      closings.push(code);
      connection = null;
      if (settings.reconnects && !isOver) dialLater();
    },
  };

  function takeSeats(index: number, arrivedMs: number): void {
    const frame = frames.at(index);
    const isGap = !frame.isSnapshot && frame.fromSeq !== seq + 1 && scheduleId !== null;
    if (isGap) context.noteFault(`a delta ${frame.fromSeq}–${frame.seq} came after ${seq}`);
    seq = frame.seq;
    frameIndexes.push(index);
    arrivalsMs.push(arrivedMs);
    if (!isAwaited) return;
    isAwaited = false;
    attempts = 0;
    if (frameIndexes.length > 1) resumptions.push({ atMs: arrivedMs, isDelta: !frame.isSnapshot });
    hasMap();
  }

  function takeOther(frame: JsonObject): void {
    if (readText(frame, 'type') === 'error') context.noteFault(`an error came: ${JSON.stringify(frame)}`);
  }

  async function dial(): Promise<void> {
    connection = await context.dial(settings.path, listener);
    if (scheduleId === null) return;
    isAwaited = true;
    connection.send(JSON.stringify({ type: 'hello', token: settings.token }));
    const since = seq < 0 ? {} : { sinceSeq: seq };
    connection.send(JSON.stringify({ type: 'subscribe', channel: 'seats', scheduleId, ...since }));
  }

  function dialLater(): void {
    const longestMs = Math.min(FIRST_RETRY_MS * 2 ** attempts, LONGEST_RETRY_MS);
    attempts += 1;
    retry = setTimeout(
      () => {
        dial().catch(() => {
          if (!isOver) dialLater();
        });
      },
      longestMs * (0.5 + random() / 2),
    );
  }

  return {
    async open() {
      const map = new Promise<void>((resolve) => {
        hasMap = resolve;
      });
      await dial();
      if (scheduleId !== null) await map;
    },
    getStuck(questions) {
      isStuck = true;
      connection?.stopReading();
      for (let question = 0; question < questions; question += 1) {
        connection?.send(JSON.stringify({ type: 'subscribe', channel: 'seats', scheduleId }));
      }
    },
    readAgain() {
      if (isStuck) connection?.readAgain();
      isStuck = false;
    },
    close() {
      isOver = true;
      clearTimeout(retry);
      connection?.destroy();
      connection = null;
    },
    get seq() {
      return seq;
    },
    get isConnected() {
      return connection !== null && !isAwaited;
    },
    closings,
    resumptions,
    frameIndexes,
    arrivalsMs,
    map() {
      const words: SeatWord[] = [];
      for (const index of frameIndexes) {
        for (const [seatNumber, word] of frames.at(index).seats) words[seatNumber] = word;
      }
      return words;
    },
  };
}
