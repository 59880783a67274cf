import type { WebSocket } from 'ws';
import { FRAME_LIMIT_BYTES } from './wire.ts';

/** A longer frame is sent first. A character has at most 3 bytes, so a frame stays below the limit. */
const FRAME_CHARACTERS = FRAME_LIMIT_BYTES / 4;
const TEXT = { binary: false } as const;

/** Joins the elements of one turn of the event loop into as few frames as the limit allows. */
export class FrameWriter {
  readonly #socket: WebSocket;
  readonly #written: () => void;
  #text = '';

  /** `written` is called when a frame has been handed to the network or has failed. */
  constructor(socket: WebSocket, written: () => void) {
    this.#socket = socket;
    this.#written = written;
  }

  /** The approximate number of unsent bytes: a character counts as one byte until it is sent. */
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

  /** Sends the added elements. */
  flush(): void {
    if (this.#text === '') return;
    const frame = `${this.#text}]`;
    this.#text = '';
    this.#socket.send(frame, TEXT, this.#written);
  }
}
