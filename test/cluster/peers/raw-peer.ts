import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import type { Test } from 'tap';
import { WebSocket, WebSocketServer } from 'ws';
import {
  createHandshakeKey,
  type HandshakeTerms,
  newNonce,
  readChallenge,
  readHello,
  readProof,
  writeChallenge,
  writeHello,
  writeProof,
} from '../../../src/cluster/peers/handshake.ts';
import { textOf } from '../../../src/cluster/peers/message-text.ts';
import type { PeerLinks } from '../../../src/cluster/peers/peer-port.ts';
import { PEER_PATH } from '../../../src/cluster/peers/wire.ts';
import { waitFor } from '../../fixtures/wait-for.ts';
import { DIALLER, LISTENER, type NodeOptions, SECRET, startDialler, waitUntilUp } from './two-nodes.ts';

/** One end of a connection that says what a test wants it to say. */
export interface RawPeer {
  readonly socket: WebSocket;
  /** What was said to it and not taken yet. */
  readonly heard: string[];
  /** Null while it is open. */
  readonly closeCode: number | null;
  say(text: string): void;
  /** The next text that is said to it. */
  next(): Promise<string>;
  /** The code of its end. */
  end(): Promise<number>;
}

function rawPeer(t: Test, socket: WebSocket): RawPeer {
  const heard: string[] = [];
  let closeCode: number | null = null;
  socket.on('message', (data, isBinary) => heard.push(textOf(data, isBinary) ?? ''));
  socket.on('error', () => undefined);
  socket.on('close', (code) => {
    closeCode = code;
  });
  t.teardown(() => socket.terminate());
  return {
    socket,
    heard,
    get closeCode() {
      return closeCode;
    },
    say: (text) => socket.send(text),
    async next() {
      await waitFor(() => heard.length > 0, { what: 'a message' });
      return heard.shift() ?? '';
    },
    async end() {
      await waitFor(() => closeCode !== null, { what: 'the end of the connection' });
      return closeCode ?? 0;
    },
  };
}

/** Connects as a stranger. */
export async function connectRaw(t: Test, address: string): Promise<RawPeer> {
  const peer = rawPeer(t, new WebSocket(`ws://${address}${PEER_PATH}`, { perMessageDeflate: false }));
  await waitFor(() => peer.socket.readyState !== WebSocket.CONNECTING, { what: 'the connection' });
  return peer;
}

type Hello = Omit<HandshakeTerms, 'listenNonce'>;

/** What a dialler says first; unless told otherwise it is DIALLER, and asks for LISTENER. */
export function helloOf({ from = DIALLER, to = LISTENER }: Partial<Pick<Hello, 'from' | 'to'>> = {}): Hello {
  return { from, to, dialNonce: newNonce() };
}

/** Says hello and takes the challenge. What is to be proven now. */
export async function askForChallenge(peer: RawPeer, hello = helloOf()): Promise<HandshakeTerms> {
  peer.say(writeHello(hello));
  return { ...hello, listenNonce: readChallenge(await peer.next()) ?? '' };
}

/** The dialler's proof as text. */
export function proofOf(terms: HandshakeTerms, secret = SECRET): string {
  return writeProof('proof', createHandshakeKey(secret).prove('dialler', terms));
}

/** Connects and proves itself. */
export async function connectProven(t: Test, address: string, from = DIALLER): Promise<RawPeer> {
  const peer = await connectRaw(t, address);
  peer.say(proofOf(await askForChallenge(peer, helloOf({ from }))));
  readProof('welcome', await peer.next());
  return peer;
}

export interface RawListener {
  readonly address: string;
  /** Those that have proven themselves, or that were met as strangers where no handshake is made. */
  readonly peers: readonly RawPeer[];
}

/** Listens in place of a node. `isProving`: whether it goes through the handshake; else it says nothing by itself. */
export async function startRawListener(t: Test, { isProving = true } = {}): Promise<RawListener> {
  const key = createHandshakeKey(SECRET);
  const peers: RawPeer[] = [];
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false });
  t.teardown(() => server.close());
  server.on('connection', (socket) => {
    const peer = rawPeer(t, socket);
    if (!isProving) {
      peers.push(peer);
      return;
    }
    socket.once('message', (data, isBinary) => {
      const reading = readHello(textOf(data, isBinary) ?? '');
      if (!reading.ok) throw new Error('no hello');
      const terms = { ...reading.hello, listenNonce: newNonce() };
      socket.once('message', () => {
        peer.heard.length = 0;
        peers.push(peer);
        peer.say(writeProof('welcome', key.prove('listener', terms)));
      });
      peer.say(writeChallenge(terms.listenNonce));
    });
  });
  await once(server, 'listening');
  return { address: `127.0.0.1:${(server.address() as AddressInfo).port}`, peers };
}

/** A listener in place of a node, the links of a dialler to it, and the dialler as the listener sees it, once their link stands. */
export async function startRawPair(
  t: Test,
  options: NodeOptions = {},
): Promise<{ readonly listener: RawListener; readonly links: PeerLinks; readonly peer: RawPeer }> {
  const listener = await startRawListener(t);
  const links = startDialler(t, listener.address, options);
  const peer = await firstPeer(listener);
  await waitUntilUp(links);
  return { listener, links, peer };
}

/** The first connection of a listener that is made. */
export async function firstPeer(listener: RawListener): Promise<RawPeer> {
  return waitFor(() => listener.peers[0], { what: 'a connection' });
}
