/**
 * Connections that have not proven themselves.
 *
 * DOOR-1. A stranger has one second and a few kilobytes for the handshake.
 * DOOR-2. The number of strangers is bounded, and the oldest is evicted first. A peer needs milliseconds for its handshake, so
 *     it succeeds even in a flood of connections.
 * DOOR-3. Each kind of refusal is logged at most once a second.
 */
import type { Duplex } from 'node:stream';
import type { RawData, WebSocket } from 'ws';
import type { Clock } from '../../runtime/clock.ts';
import type { Log } from '../../runtime/log.ts';
import { type HandshakeTerms, newNonce, readHello, readProof, writeChallenge, writeProof } from './handshake.ts';
import type { KeyRing } from './key-ring.ts';
import { textOf } from './message-text.ts';
import { CloseCode, HANDSHAKE_LIMIT_MS, limitStrangerBytes, PROTOCOL_VERSION } from './wire.ts';

const STRANGER_LIMIT = 256;
const LOG_PAUSE_MS = 1_000;

const REFUSALS = {
  malformed: 'it says what is no handshake',
  otherVersion: `it does not speak version ${PROTOCOL_VERSION} of the protocol`,
  otherNode: 'it asks for another node',
  notProven: 'it does not know the secret',
} as const;

export interface Door {
  /** Supervises a new connection until its handshake has succeeded. */
  meet(connection: Duplex): void;
  /** Performs the handshake on an upgraded connection. */
  receive(connection: Duplex, socket: WebSocket): void;
  /** Closes the connections of all strangers. */
  close(): void;
}

export function createDoor(deps: {
  readonly keys: KeyRing;
  readonly node: () => string;
  readonly clock: Clock;
  readonly log: Log;
  /** Called when a peer has proven to be `from`. The callee must add its listeners at once, or it would miss messages. */
  readonly admit: (socket: WebSocket, from: string) => void;
}): Door {
  const { keys, node, clock, log, admit } = deps;
  /** In order of arrival, with the function that cancels the time limit. */
  const strangers = new Map<Duplex, () => void>();
  const lastLoggedMs = new Map<string, number>();

  function forget(connection: Duplex): void {
    strangers.get(connection)?.();
    strangers.delete(connection);
  }

  function tell(refusal: keyof typeof REFUSALS, fields: object): void {
    const nowMs = clock.monotonicMs();
    if (nowMs - (lastLoggedMs.get(refusal) ?? Number.NEGATIVE_INFINITY) < LOG_PAUSE_MS) return;
    lastLoggedMs.set(refusal, nowMs);
    log.warn({ ...fields, reason: REFUSALS[refusal] }, 'a connection of a peer was refused');
  }

  return {
    meet(connection) {
      // Without a listener a reset would end the process. A close follows.
      connection.on('error', () => connection.destroy());
      connection.on('close', () => forget(connection));
      const [oldest] = strangers.keys();
      if (oldest !== undefined && strangers.size >= STRANGER_LIMIT) {
        forget(oldest);
        oldest.destroy();
      }
      strangers.set(
        connection,
        clock.after(HANDSHAKE_LIMIT_MS, () => connection.destroy()),
      );
    },

    receive(connection, socket) {
      const stopCounting = limitStrangerBytes(connection);
      let terms: HandshakeTerms | null = null;

      const refuse = (refusal: keyof typeof REFUSALS, fields: object = {}): void => {
        tell(refusal, fields);
        socket.off('message', receive);
        socket.close(CloseCode[refusal]);
      };
      const receive = (data: RawData, isBinary: boolean): void => {
        const text = textOf(data, isBinary) ?? '';
        if (terms === null) hear(text);
        else judge(text, terms);
      };
      const hear = (text: string): void => {
        const reading = readHello(text);
        if (!reading.ok) {
          if (reading.version === null) refuse('malformed');
          else refuse('otherVersion', { version: reading.version });
          return;
        }
        if (reading.hello.to !== node()) {
          refuse('otherNode', { from: reading.hello.from, to: reading.hello.to });
          return;
        }
        terms = { ...reading.hello, listenNonce: newNonce() };
        socket.send(writeChallenge(terms.listenNonce));
      };
      const judge = (text: string, agreed: HandshakeTerms): void => {
        const proof = readProof('proof', text);
        const key = proof === null ? null : keys.keyOf(proof, 'dialler', agreed);
        if (proof === null) {
          refuse('malformed', { from: agreed.from });
        } else if (key === null) {
          refuse('notProven', { from: agreed.from });
        } else if (agreed.to !== node()) {
          refuse('otherNode', { from: agreed.from, to: agreed.to });
        } else {
          stopCounting();
          forget(connection);
          socket.off('message', receive);
          socket.send(writeProof('welcome', key.prove('listener', agreed)));
          admit(socket, agreed.from);
        }
      };

      // The library answers violations of the WebSocket protocol and closes the socket.
      socket.on('error', () => undefined);
      socket.on('message', receive);
    },

    close() {
      for (const connection of strangers.keys()) connection.destroy();
    },
  };
}
