import { asObject, type JsonObject, readInteger, readObjects, readText } from '../../harness/json.ts';

/** The state of a seat as a word that can be compared: `HELD 2027-01-01T00:00:00.000Z`, `AVAILABLE `. */
export type SeatWord = string;

/** A frame about seats, parsed once however many watchers received these bytes. */
export interface SeatFrame {
  readonly isSnapshot: boolean;
  /** The number of the first change; 0 in a snapshot. */
  readonly fromSeq: number;
  readonly seq: number;
  readonly seats: readonly (readonly [seatNumber: number, word: SeatWord])[];
  readonly bytes: Buffer;
}

/**
 * The different frames that arrived in this process. Every watcher's bytes are compared with the newest of them, so that different
 * bytes are noticed, and one more watcher costs a comparison instead of a parse.
 */
export interface FrameStore {
  /** The position of the frame with these bytes, which are copied if they are new; the parsed object if it is not about seats. */
  take(payload: Buffer): number | JsonObject;
  at(index: number): SeatFrame;
  readonly size: number;
}

/** Beyond this distance between two watchers a frame is parsed again, which costs time and nothing else. */
const COMPARED_MOST = 16;

export function createFrameStore(): FrameStore {
  const frames: SeatFrame[] = [];
  return {
    take(payload) {
      for (let index = frames.length - 1; index >= 0 && index >= frames.length - COMPARED_MOST; index -= 1) {
        if (frames[index]?.bytes.equals(payload) === true) return index;
      }
      const object = asObject(JSON.parse(payload.toString()));
      const type = readText(object, 'type');
      if (type !== 'snapshot' && type !== 'delta') return object;
      frames.push({
        isSnapshot: type === 'snapshot',
        fromSeq: type === 'delta' ? readInteger(object, 'fromSeq') : 0,
        seq: readInteger(object, 'seq'),
        seats: readObjects(object, type === 'delta' ? 'changes' : 'seats').map(
          (seat) => [readInteger(seat, 'seatNumber'), seatWord(seat)] as const,
        ),
        bytes: Buffer.from(payload),
      });
      return frames.length - 1;
    },
    at(index) {
      const frame = frames[index];
      if (frame === undefined) throw new Error(`There is no frame ${index}.`);
      return frame;
    },
    get size() {
      return frames.length;
    },
  };
}

/** The word of a seat, from an object with `status` and perhaps `heldUntil`. */
export function seatWord(seat: JsonObject): SeatWord {
  const until = seat['heldUntil'];
  return `${readText(seat, 'status')} ${typeof until === 'string' ? until : ''}`;
}
