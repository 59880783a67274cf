import type { WebSocket } from 'ws';
import { FRAME_LIMIT_BYTES } from './wire.ts';

/** A frame is sent when it has this many characters, of which none has more than 3 bytes; so it stays below the limit. */
const FRAME_CHARACTERS = FRAME_LIMIT_BYTES / 4;
const TEXT = { binary: false } as const;

/** Joins what is said in one turn of the event loop into as few frames as the limit allows. */
export class FrameWriter {
  readonly #socket: WebSocket;
  readonly #written: () => void;
  #text = '';

  /** `written` is called whenever a frame has left for the network, or never will. */
  constructor(socket: WebSocket, written: () => void) {
    this.#socket = socket;
    this.#written = written;
  }

  /** Bytes that have not left for the network, roughly: characters count as one byte until they are sent. */
  get waitingBytes(): number {
    return this.#text.length + this.#socket.bufferedAmount;
  }

  /** Whether the JSON text of one element can be sent at all. */
  static fits(json: string): boolean {
    return json.length <= FRAME_CHARACTERS;
  }

  /** `json` must fit. */
  add(id: number, json: string): void {
    if (this.#text !== '' && this.#text.length + json.length > FRAME_CHARACTERS) this.flush();
    this.#text += `${this.#text === '' ? '[[' : ',['}${id},${json}]`;
  }

  /** Sends what was added. */
  flush(): void {
    if (this.#text === '') return;
    const frame = `${this.#text}]`;
    this.#text = '';
    this.#socket.send(frame, TEXT, this.#written);
  }
}
