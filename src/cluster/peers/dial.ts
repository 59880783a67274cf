import { WebSocket, type RawData } from 'ws';
import type { Clock } from '../../runtime/clock.ts';
import { type HandshakeKey, newNonce, readChallenge, readProof, writeHello, writeProof } from './handshake.ts';
import { textOf } from './message-text.ts';
import type { Peer } from './peer-port.ts';
import {
  CloseCode,
  HANDSHAKE_LIMIT_MS,
  limitStrangerBytes,
  PEER_PATH,
  PROTOCOL_VERSION,
  SOCKET_OPTIONS,
} from './wire.ts';

/** Exactly one of the two is called, once. */
export interface DialOutcome {
  /** Both sides have proven themselves. The socket has an error listener; no later message has been read. */
  succeeded(socket: WebSocket): void;
  /** `reason` is for the log. */
  failed(reason: string): void;
}

/** The words for a refusal. The other side has not proven its identity. */
const REFUSALS: ReadonlyMap<number, string> = new Map([
  [CloseCode.otherNode, 'it says that it is another node'],
  [CloseCode.otherVersion, `it says that it does not speak version ${PROTOCOL_VERSION} of the protocol`],
  [CloseCode.notProven, 'it says that this node does not know its secret'],
  [CloseCode.tooMany, 'it says that it has too many links'],
  [CloseCode.goodbye, 'it is closing'],
]);

/** Connects to a peer as the node `from` and performs the handshake. Throws for an invalid address. */
export function dial(
  { peer, from, key, clock }: { peer: Peer; from: string; key: HandshakeKey; clock: Clock },
  outcome: DialOutcome,
): WebSocket {
  const socket = new WebSocket(`ws://${peer.address}${PEER_PATH}`, SOCKET_OPTIONS);
  const hello = { from, to: peer.node, dialNonce: newNonce() };
  let listenNonce: string | null = null;
  let reason: string | null = null;
  let stopCounting = (): void => undefined;

  const giveUp = (why: string): void => {
    reason ??= why;
    socket.terminate();
  };
  const cancelLimit = clock.after(HANDSHAKE_LIMIT_MS, () => giveUp('the handshake took too long'));

  const receive = (data: RawData, isBinary: boolean): void => {
    const text = textOf(data, isBinary) ?? '';
    if (listenNonce === null) {
      listenNonce = readChallenge(text);
      if (listenNonce === null) giveUp('it says what is no challenge');
      else socket.send(writeProof('proof', key.prove('dialler', { ...hello, listenNonce })));
      return;
    }
    const proof = readProof('welcome', text);
    if (proof === null || !key.isProof(proof, 'listener', { ...hello, listenNonce })) {
      giveUp('it could not prove that it is the peer');
      return;
    }
    cancelLimit();
    stopCounting();
    socket.off('message', receive);
    socket.off('close', close);
    outcome.succeeded(socket);
  };
  const close = (code: number): void => {
    cancelLimit();
    outcome.failed(reason ?? REFUSALS.get(code) ?? `it closed the connection with ${code}`);
  };

  socket.on('upgrade', (response) => {
    stopCounting = limitStrangerBytes(response.socket);
  });
  socket.on('open', () => socket.send(writeHello(hello)));
  socket.on('message', receive);
  // A close follows.
  socket.on('error', (error) => {
    reason ??= error.message;
  });
  socket.on('close', close);
  return socket;
}
