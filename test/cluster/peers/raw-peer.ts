import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import type { Test } from 'tap';
import { WebSocket, WebSocketServer } from 'ws';
import {
  createHandshakeKey,
  newNonce,
  readChallenge,
  readHello,
  readProof,
  writeChallenge,
  writeHello,
  writeProof,
} from '../../../src/cluster/peers/handshake.ts';
import { textOf } from '../../../src/cluster/peers/message-text.ts';
import { PEER_PATH } from '../../../src/cluster/peers/wire.ts';
import { waitFor } from '../../fixtures/wait-for.ts';
import { DIALLER, LISTENER, SECRET } from './two-nodes.ts';

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

/** Connects and proves itself. */
export async function connectProven(t: Test, address: string, from = DIALLER): Promise<RawPeer> {
  const peer = await connectRaw(t, address);
  const hello = { from, to: LISTENER, dialNonce: newNonce() };
  peer.say(writeHello(hello));
  const listenNonce = readChallenge(await peer.next()) ?? '';
  peer.say(writeProof('proof', createHandshakeKey(SECRET).prove('dialler', { ...hello, listenNonce })));
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

/** The first connection of a listener that is made. */
export async function firstPeer(listener: RawListener): Promise<RawPeer> {
  return waitFor(() => listener.peers[0], { what: 'a connection' });
}
