/**
 * The link to one peer: dialled until it is up, and again whenever it breaks.
 *
 * L1. Every command gets one outcome: an answer, or what is certain about it. What was not handed to the network yet is
 *     `unreachable`, what was is `lost`, and neither is ever sent again here.
 * L2. A link on which nothing is heard is broken within about 1.5 s, whoever's fault it is. Time in which this process
 *     itself stood still is not held against the peer.
 * L3. A peer that says goodbye has answered all that it took, so what has no answer then is `unreachable`.
 * L4. What waits is bounded, for the link and for the network; over the limit `busy`.
 * L5. What an authenticated peer says is checked all the same; garbage breaks the link.
 */
import type { RawData, WebSocket } from 'ws';
import type { Command } from '../../actors/command.ts';
import type { Clock } from '../../clock.ts';
import type { Log } from '../../log.ts';
import { isAnswer } from './answer-check.ts';
import { dial } from './dial.ts';
import { FrameWriter } from './frame-writer.ts';
import type { HandshakeKey } from './handshake.ts';
import { readNumbered, textOf } from './message-text.ts';
import type { Peer, PeerLinkState, SendOutcome } from './peer-port.ts';
import { CloseCode } from './wire.ts';

/** Commands that wait for the link or for their answer: at 10 000 a second those of 0.4 s. */
const IN_FLIGHT_LIMIT = 4_096;
/** A link that comes up at all does so within a few milliseconds; then a peer that restarts is back, or another owner is found. */
const LINK_PATIENCE_MS = 1_000;
/** Bytes that the network has not taken yet; beyond it commands wait here, where nothing is lost with the link. */
const UNSENT_LIMIT_BYTES = 1_024 * 1_024;
const PING_MS = 500;
/** Three pings. */
const SILENCE_LIMIT_MS = 1_500;
/** How exact deadlines are. */
const TICK_MS = 50;
/** Between two ticks no more than this counts as silence of the peer. */
const LONGEST_STEP_MS = 250;
const SHORTEST_PAUSE_MS = 20;
const LONGEST_PAUSE_MS = 500;
/** A link that breaks sooner than this is dialled again as if it had not come up, so that garbage is not exchanged in a loop. */
const STEADY_MS = 2_000;

const UNREACHABLE: SendOutcome = { type: 'unreachable' };
const LOST: SendOutcome = { type: 'lost' };
const BUSY: SendOutcome = { type: 'busy' };

interface Pending {
  readonly command: Command;
  readonly resolve: (outcome: SendOutcome) => void;
  /** When an unsent command is given up. */
  readonly sendByMs: number;
  /** When an unanswered one is. */
  readonly answerByMs: number;
}

export interface PeerLinkDependencies {
  readonly key: HandshakeKey;
  /** This node's name now. */
  readonly node: () => string;
  readonly clock: Clock;
  readonly log: Log;
}

export class PeerLink {
  readonly peer: Peer;
  readonly #deps: PeerLinkDependencies;
  /** Not handed to the network yet, in the order in which they were sent. */
  readonly #waiting = new Map<number, Pending>();
  readonly #sent = new Map<number, Pending>();
  #nextId = 1;
  /** What is being dialled or is up. */
  #socket: WebSocket | null = null;
  /** Null while the link is down. */
  #writer: FrameWriter | null = null;
  #isFlushPlanned = false;
  #isClosed = false;
  /** Whether the operator was told that the link is down. */
  #isDownTold = false;
  #pauseMs = SHORTEST_PAUSE_MS;
  #upSinceMs = 0;
  #tickedMs: number;
  #silentMs = 0;
  #sincePingMs = 0;
  #cancelTick: () => void = () => undefined;
  #cancelDial: () => void = () => undefined;

  constructor(peer: Peer, deps: PeerLinkDependencies) {
    this.peer = peer;
    this.#deps = deps;
    this.#tickedMs = deps.clock.monotonicMs();
    this.#planTick();
    this.#dial();
  }

  state(): PeerLinkState {
    return { peer: this.peer.node, isUp: this.#writer !== null, inFlight: this.#waiting.size + this.#sent.size };
  }

  send(command: Command, limitMs: number): Promise<SendOutcome> {
    if (this.#waiting.size + this.#sent.size >= IN_FLIGHT_LIMIT) return Promise.resolve(BUSY);
    const nowMs = this.#deps.clock.monotonicMs();
    const sendByMs = nowMs + Math.min(limitMs, LINK_PATIENCE_MS);
    return new Promise((resolve) => {
      this.#waiting.set(this.#nextId, { command, resolve, sendByMs, answerByMs: nowMs + limitMs });
      this.#nextId += 1;
      if (this.#writer !== null) this.#planFlush();
    });
  }

  /** Gives up everything that is under way. Settles when the socket is gone. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#cancelTick();
    this.#cancelDial();
    const socket = this.#socket;
    const gone = socket === null ? null : new Promise((resolve) => socket.once('close', resolve));
    this.#tearDown(LOST);
    await gone;
  }

  #dial(): void {
    const { key, clock, node } = this.#deps;
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
    this.#isDownTold = false;
    socket.on('message', (data, isBinary) => this.#receive(socket, data, isBinary));
    socket.on('pong', () => {
      this.#silentMs = 0;
    });
    socket.on('close', (code) => {
      if (socket !== this.#socket) return;
      if (code === CloseCode.goodbye) this.#break('it said goodbye', UNREACHABLE);
      else this.#break(`the connection closed with ${code}`, LOST);
    });
    this.#deps.log.info({ peer: this.peer.node, address: this.peer.address }, 'the link to a peer is up');
    this.#flush();
  }

  /** The link was up. `outcome`: of what was sent and not answered. */
  #break(reason: string, outcome: SendOutcome): void {
    const isSteady = this.#deps.clock.monotonicMs() - this.#upSinceMs >= STEADY_MS;
    if (isSteady) this.#pauseMs = SHORTEST_PAUSE_MS;
    this.#tearDown(outcome);
    this.#isDown(reason);
  }

  #isDown(reason: string): void {
    this.#socket = null;
    if (this.#isClosed) return;
    const { log, clock } = this.#deps;
    const fields = { peer: this.peer.node, address: this.peer.address, reason };
    if (this.#isDownTold) log.debug(fields, 'a peer could not be dialled');
    else log.warn(fields, 'the link to a peer is down');
    this.#isDownTold = true;
    this.#cancelDial = clock.after(this.#pauseMs, () => this.#dial());
    this.#pauseMs = Math.min(this.#pauseMs * 2, LONGEST_PAUSE_MS);
  }

  #tearDown(outcomeOfSent: SendOutcome): void {
    const socket = this.#socket;
    this.#socket = null;
    this.#writer = null;
    socket?.terminate();
    const [sent, waiting] = [[...this.#sent.values()], [...this.#waiting.values()]];
    this.#sent.clear();
    this.#waiting.clear();
    for (const pending of sent) pending.resolve(outcomeOfSent);
    for (const pending of waiting) pending.resolve(UNREACHABLE);
  }

  #planFlush(): void {
    if (this.#isFlushPlanned) return;
    this.#isFlushPlanned = true;
    // After all that came in with this turn of the event loop, so that it goes out in one frame.
    setImmediate(() => {
      this.#isFlushPlanned = false;
      this.#flush();
    });
  }

  readonly #resume = (): void => {
    if (this.#waiting.size > 0 && !this.#isFlushPlanned) this.#flush();
  };

  #flush(): void {
    const writer = this.#writer;
    if (writer === null) return;
    for (const [id, pending] of this.#waiting) {
      if (writer.waitingBytes >= UNSENT_LIMIT_BYTES) break;
      const json = JSON.stringify(pending.command);
      this.#waiting.delete(id);
      if (FrameWriter.fits(json)) {
        this.#sent.set(id, pending);
        writer.add(id, json);
      } else {
        this.#deps.log.error({ peer: this.peer.node, type: pending.command.type }, 'a command is too long for a peer');
        pending.resolve(UNREACHABLE);
      }
    }
    writer.flush();
  }

  #receive(socket: WebSocket, data: RawData, isBinary: boolean): void {
    if (socket !== this.#socket) return;
    this.#silentMs = 0;
    const text = textOf(data, isBinary);
    const answers = text === null ? null : readNumbered(text, isAnswer);
    if (answers === null) {
      this.#break('it says what is no answer', LOST);
      return;
    }
    for (const [id, answer] of answers) {
      const pending = this.#sent.get(id);
      // It was given up before.
      if (pending === undefined) continue;
      this.#sent.delete(id);
      pending.resolve({ type: 'answered', answer });
    }
  }

  #planTick(): void {
    this.#cancelTick = this.#deps.clock.after(TICK_MS, () => {
      this.#tick();
      if (!this.#isClosed) this.#planTick();
    });
  }

  #tick(): void {
    const nowMs = this.#deps.clock.monotonicMs();
    const stepMs = Math.min(nowMs - this.#tickedMs, LONGEST_STEP_MS);
    this.#tickedMs = nowMs;
    for (const [id, pending] of this.#waiting) {
      if (nowMs < pending.sendByMs) continue;
      this.#waiting.delete(id);
      pending.resolve(UNREACHABLE);
    }
    for (const [id, pending] of this.#sent) {
      if (nowMs < pending.answerByMs) continue;
      this.#sent.delete(id);
      pending.resolve(LOST);
    }
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
