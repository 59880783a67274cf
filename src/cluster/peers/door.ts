/**
 * Connections that have not proven themselves.
 *
 * DOOR-1. A stranger has a second, and a few kilobytes, whatever it sends or does not send.
 * DOOR-2. Strangers are bounded in number, and the oldest goes first: a flood of connections leaves a peer, which needs
 *     milliseconds, the time for its handshake.
 * DOOR-3. What strangers do is logged at most once a second for each kind of refusal.
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
  /** Watches over a new connection. */
  meet(connection: Duplex): void;
  /** Goes through the handshake with a connection that was upgraded. */
  receive(connection: Duplex, socket: WebSocket): void;
  /** Cuts all strangers off. */
  close(): void;
}

export function createDoor(deps: {
  readonly keys: KeyRing;
  readonly node: () => string;
  readonly clock: Clock;
  readonly log: Log;
  /** Called with a peer that has proven to be `from`; whatever it says next must be listened to at once. */
  readonly admit: (socket: WebSocket, from: string) => void;
}): Door {
  const { keys, node, clock, log, admit } = deps;
  /** In the order in which they came. */
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
      // Without a listener a reset would end the process; the close that follows is what counts.
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

      // What breaks the WebSocket protocol is answered by the library, which closes the socket.
      socket.on('error', () => undefined);
      socket.on('message', receive);
    },

    close() {
      for (const connection of strangers.keys()) connection.destroy();
    },
  };
}
