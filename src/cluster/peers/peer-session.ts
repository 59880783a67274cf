/**
 * The commands of one authenticated peer.
 *
 * SESSION-1. Only a complete frame of well-formed commands reaches the handler; any other frame ends the connection.
 * SESSION-2. Every accepted command is answered once, also when the handler throws.
 * SESSION-3. Commands in flight and unsent bytes are bounded; further commands get OVERLOADED and have no effect.
 * SESSION-4. The session says goodbye after all accepted commands are answered, and accepts none afterwards.
 */
import type { RawData, WebSocket } from 'ws';
import type { Command } from '../../actors/command.ts';
import type { Log } from '../../runtime/log.ts';
import { isCommand } from './command-check.ts';
import { FrameWriter } from './frame-writer.ts';
import { readNumbered, textOf } from './message-text.ts';
import type { PeerAnswer, PeerHandler } from './peer-port.ts';
import { CloseCode } from './wire.ts';

/** A peer has at most 4 096 in flight; some that it has given up may still run here. */
const UNDER_WAY_LIMIT = 8_192;
/** The most unsent answers: about 90 maps of the largest hall. */
const UNSENT_LIMIT_BYTES = 8 * 1_024 * 1_024;
/** Above this the peer does not read at all, and even refusals accumulate. */
const OVERFLOW_BYTES = 4 * UNSENT_LIMIT_BYTES;

const OVERLOADED = JSON.stringify({ outcome: 'failed', code: 'OVERLOADED', effect: 'none' } satisfies PeerAnswer);
const NOT_TAKEN = JSON.stringify({ outcome: 'failed', code: 'OWNER_UNAVAILABLE', effect: 'none' } satisfies PeerAnswer);
const BUG: PeerAnswer = { outcome: 'failed', code: 'OWNER_UNAVAILABLE', effect: 'unknown' };
const BUG_TEXT = JSON.stringify(BUG);

export class PeerSession {
  /** The dialler's name in the handshake. */
  readonly peer: string;
  readonly #socket: WebSocket;
  readonly #handle: PeerHandler;
  readonly #log: Log;
  readonly #writer: FrameWriter;
  #underWay = 0;
  #isFlushPlanned = false;
  #mayTake = true;
  #isOver = false;
  /** Whether the peer has sent anything since the last check. */
  #isHeard = true;

  constructor(socket: WebSocket, deps: { readonly peer: string; readonly handle: PeerHandler; readonly log: Log }) {
    this.peer = deps.peer;
    this.#socket = socket;
    this.#handle = deps.handle;
    this.#log = deps.log;
    this.#writer = new FrameWriter(socket, () => undefined);
    socket.on('message', (data, isBinary) => this.#receive(data, isBinary));
    socket.on('ping', () => {
      this.#isHeard = true;
    });
    socket.on('close', () => {
      this.#isOver = true;
    });
  }

  /** Accepts no more commands, and says goodbye after the last answer. */
  drain(): void {
    this.#mayTake = false;
    this.#leaveWhenDone();
  }

  /** Ends the connection if the peer has sent nothing since the last call. */
  checkSilence(): void {
    if (!this.#isHeard) this.terminate();
    this.#isHeard = false;
  }

  terminate(): void {
    this.#isOver = true;
    this.#socket.terminate();
  }

  #receive(data: RawData, isBinary: boolean): void {
    if (this.#isOver) return;
    this.#isHeard = true;
    const text = textOf(data, isBinary);
    const commands = text === null ? null : readNumbered(text, isCommand);
    if (commands === null) {
      this.#log.warn({ peer: this.peer }, 'a peer says what is no command; its connection is closed');
      this.#isOver = true;
      this.#socket.close(CloseCode.malformed);
      return;
    }
    for (const [id, command] of commands) this.#take(id, command);
  }

  #take(id: number, command: Command): void {
    if (!this.#mayTake) {
      this.#say(id, NOT_TAKEN);
      return;
    }
    if (this.#underWay >= UNDER_WAY_LIMIT || this.#writer.waitingBytes >= UNSENT_LIMIT_BYTES) {
      this.#say(id, OVERLOADED);
      return;
    }
    let answer: PeerAnswer | Promise<PeerAnswer>;
    try {
      answer = this.#handle(command);
    } catch (error) {
      answer = this.#bug(error, command);
    }
    if (!(answer instanceof Promise)) {
      this.#answer(id, command, answer);
      return;
    }
    this.#underWay += 1;
    void answer
      .catch((error: unknown) => this.#bug(error, command))
      .then((settled) => {
        this.#underWay -= 1;
        this.#answer(id, command, settled);
      });
  }

  #bug(error: unknown, command: Command): PeerAnswer {
    this.#log.error({ err: error, peer: this.peer, type: command.type }, 'a command of a peer met a bug');
    return BUG;
  }

  #answer(id: number, command: Command, answer: PeerAnswer): void {
    let json = BUG_TEXT;
    try {
      json = JSON.stringify(answer);
      if (!FrameWriter.fits(json)) throw new Error(`an answer of ${json.length} characters is too long`);
    } catch (error) {
      this.#bug(error, command);
      json = BUG_TEXT;
    }
    this.#say(id, json);
  }

  #say(id: number, json: string): void {
    if (this.#isOver) return;
    this.#writer.add(id, json);
    if (this.#writer.waitingBytes > OVERFLOW_BYTES) {
      this.#log.warn({ peer: this.peer }, 'a peer does not read its answers; its connection is closed');
      this.terminate();
    } else if (!this.#isFlushPlanned) {
      this.#isFlushPlanned = true;
      // At the end of the turn of the event loop, so that all its answers share a frame.
      setImmediate(() => {
        this.#isFlushPlanned = false;
        if (this.#isOver) return;
        this.#writer.flush();
        if (!this.#mayTake) this.#leaveWhenDone();
      });
    }
  }

  #leaveWhenDone(): void {
    if (this.#isOver || this.#underWay > 0 || this.#isFlushPlanned) return;
    this.#isOver = true;
    this.#socket.close(CloseCode.goodbye);
  }
}
