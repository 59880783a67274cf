/**
 * The link to one peer. It dials until it is up, and again when it breaks.
 *
 * LINK-1. Every command gets one outcome: its answer, `unreachable` if it was not handed to the network, or `lost` if it was. The
 *     link never sends a command again.
 * LINK-2. A silent link breaks after about 1.5 s. Time in which this process itself stood still does not count.
 * LINK-3. A peer that says goodbye has answered all accepted commands, so commands without an answer are `unreachable`.
 * LINK-4. The commands that wait for the link, the network or an answer are bounded; further ones are `busy`.
 * LINK-5. Messages of an authenticated peer are checked too; a malformed one breaks the link.
 */
import type { RawData, WebSocket } from 'ws';
import type { Command } from '../../actors/command.ts';
import { type Clock, every } from '../../runtime/clock.ts';
import type { Log } from '../../runtime/log.ts';
import { isAnswer } from './answer-check.ts';
import { dial } from './dial.ts';
import { FrameWriter } from './frame-writer.ts';
import { InFlight, LOST, UNREACHABLE } from './in-flight.ts';
import type { KeyRing } from './key-ring.ts';
import { readNumbered, textOf } from './message-text.ts';
import type { Peer, PeerLinkState, SendOutcome } from './peer-port.ts';
import { CloseCode } from './wire.ts';

const PING_MS = 500;
/** Three pings. */
const SILENCE_LIMIT_MS = 1_500;
/** The precision of deadlines. */
const TICK_MS = 50;
/** The most that counts as silence between two ticks. */
const LONGEST_STEP_MS = 250;
const SHORTEST_PAUSE_MS = 20;
const LONGEST_PAUSE_MS = 500;
/** If a link breaks sooner, the pauses keep growing, so that two nodes do not exchange malformed messages in a loop. */
const STEADY_MS = 1_000;

const GOODBYE = 'it said goodbye';

export interface PeerLinkDependencies {
  readonly keys: KeyRing;
  /** This node's name now. */
  readonly node: () => string;
  readonly clock: Clock;
  readonly log: Log;
}

export class PeerLink {
  readonly peer: Peer;
  readonly #deps: PeerLinkDependencies;
  readonly #inFlight = new InFlight();
  /** The connection, while it is dialled or up. */
  #socket: WebSocket | null = null;
  /** Null while the link is down. */
  #writer: FrameWriter | null = null;
  #isFlushPlanned = false;
  #isClosed = false;
  /** The last logged reason why the link is down; null while it is up. */
  #toldReason: string | null = null;
  #pauseMs = SHORTEST_PAUSE_MS;
  #upSinceMs = 0;
  #tickedMs: number;
  #silentMs = 0;
  #sincePingMs = 0;
  readonly #stopTicking: () => void;
  #cancelDial: () => void = () => undefined;

  constructor(peer: Peer, deps: PeerLinkDependencies) {
    this.peer = peer;
    this.#deps = deps;
    this.#tickedMs = deps.clock.monotonicMs();
    this.#stopTicking = every(deps.clock, TICK_MS, () => this.#tick());
    this.#dial();
  }

  state(): PeerLinkState {
    return { peer: this.peer.node, isUp: this.#writer !== null, inFlight: this.#inFlight.size };
  }

  send(command: Command, limitMs: number): Promise<SendOutcome> {
    if (this.#writer !== null) this.#planFlush();
    return this.#inFlight.add(command, limitMs, this.#deps.clock.monotonicMs());
  }

  /** Gives up all commands in flight. Resolves when the socket is closed. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#stopTicking();
    this.#cancelDial();
    const socket = this.#socket;
    const gone = socket === null ? null : new Promise((resolve) => socket.once('close', resolve));
    this.#tearDown(LOST);
    await gone;
  }

  #dial(): void {
    const { keys, clock, node } = this.#deps;
    const key = keys.keyFor(this.peer.secretFingerprints ?? null);
    try {
      this.#socket = dial(
        { peer: this.peer, from: node(), key, clock },
        { succeeded: (socket) => this.#cameUp(socket), failed: (reason) => this.#isDown(reason) },
      );
    } catch (error) {
      this.#isDown(error instanceof Error ? error.message : String(error));
    }
  }

  #cameUp(socket: WebSocket): void {
    if (this.#isClosed) {
      socket.terminate();
      return;
    }
    this.#writer = new FrameWriter(socket, this.#resume);
    this.#upSinceMs = this.#deps.clock.monotonicMs();
    this.#silentMs = 0;
    this.#sincePingMs = 0;
    this.#toldReason = null;
    socket.on('message', (data, isBinary) => this.#receive(socket, data, isBinary));
    socket.on('pong', () => {
      if (socket === this.#socket) this.#silentMs = 0;
    });
    socket.on('close', (code) => {
      if (socket !== this.#socket) return;
      if (code === CloseCode.goodbye) this.#break(GOODBYE, UNREACHABLE);
      else this.#break(`the connection closed with ${code}`, LOST);
    });
    this.#deps.log.info({ peer: this.peer.node, address: this.peer.address }, 'the link to a peer is up');
    this.#inFlight.writeTo(this.#writer);
  }

  /** The link was up. `outcomeOfSent`: the outcome of commands that were sent and not answered. */
  #break(reason: string, outcomeOfSent: SendOutcome): void {
    const isSteady = this.#deps.clock.monotonicMs() - this.#upSinceMs >= STEADY_MS;
    if (isSteady) this.#pauseMs = SHORTEST_PAUSE_MS;
    this.#tearDown(outcomeOfSent);
    this.#isDown(reason);
  }

  #tearDown(outcomeOfSent: SendOutcome): void {
    const socket = this.#socket;
    this.#socket = null;
    this.#writer = null;
    socket?.terminate();
    this.#inFlight.giveUpAll(outcomeOfSent);
  }

  #isDown(reason: string): void {
    this.#socket = null;
    if (this.#isClosed) return;
    const { log, clock } = this.#deps;
    const fields = { peer: this.peer.node, address: this.peer.address, reason };
    if (reason === GOODBYE) log.info(fields, 'the link to a peer is down');
    else if (reason === this.#toldReason) log.debug(fields, 'the link to a peer is still down');
    else log.warn(fields, 'the link to a peer is down');
    this.#toldReason = reason;
    this.#cancelDial = clock.after(this.#pauseMs, () => this.#dial());
    this.#pauseMs = Math.min(this.#pauseMs * 2, LONGEST_PAUSE_MS);
  }

  #planFlush(): void {
    if (this.#isFlushPlanned) return;
    this.#isFlushPlanned = true;
    // At the end of the turn of the event loop, so that all its commands share a frame.
    setImmediate(() => {
      this.#isFlushPlanned = false;
      if (this.#writer !== null) this.#inFlight.writeTo(this.#writer);
    });
  }

  /** The network has taken a frame. */
  readonly #resume = (): void => {
    if (this.#writer !== null && this.#inFlight.isAnyWaiting) this.#planFlush();
  };

  #receive(socket: WebSocket, data: RawData, isBinary: boolean): void {
    if (socket !== this.#socket) return;
    this.#silentMs = 0;
    const text = textOf(data, isBinary);
    const answers = text === null ? null : readNumbered(text, isAnswer);
    if (answers === null) this.#break('it says what is no answer', LOST);
    else for (const [id, answer] of answers) this.#inFlight.answer(id, answer);
  }

  #tick(): void {
    const nowMs = this.#deps.clock.monotonicMs();
    const stepMs = Math.min(nowMs - this.#tickedMs, LONGEST_STEP_MS);
    this.#tickedMs = nowMs;
    this.#inFlight.giveUpOverdue(nowMs);
    if (this.#writer !== null) this.#listen(stepMs);
  }

  #listen(stepMs: number): void {
    this.#silentMs += stepMs;
    this.#sincePingMs += stepMs;
    if (this.#silentMs >= SILENCE_LIMIT_MS) {
      this.#break('nothing was heard of it', LOST);
    } else if (this.#sincePingMs >= PING_MS) {
      this.#sincePingMs = 0;
      this.#socket?.ping();
    }
  }
}
