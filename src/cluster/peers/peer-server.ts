import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import { type Clock, every } from '../../runtime/clock.ts';
import type { Log } from '../../runtime/log.ts';
import { createDoor } from './door.ts';
import type { KeyRing } from './key-ring.ts';
import type { PeerHandler, PeerServer } from './peer-port.ts';
import { PeerSession } from './peer-session.ts';
import { CloseCode, HANDSHAKE_LIMIT_MS, PEER_PATH, SOCKET_OPTIONS } from './wire.ts';

const HEADERS_LIMIT_BYTES = 4_096;
/** The most connections that wait to be accepted. The system drops further ones, and a client retries a second later. */
const BACKLOG = 2_048;
/** The most links. No sensible cluster has more nodes. */
const SESSION_LIMIT = 512;
/** A dialler pings twice a second and gives up a silent link long before this. */
const SILENCE_CHECK_MS = 5_000;
/** The time for answers during a stop. */
const DRAIN_LIMIT_MS = 2_000;

/** The answer to plain HTTP, so that a client with the wrong port learns of it. */
const ANSWER_ELSEWHERE = 'HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n';

function isForPeers({ method, url }: IncomingMessage): boolean {
  return method === 'GET' && url === PEER_PATH;
}

/**
 * Listens for the links of peers. Throws if it cannot listen on host and port.
 */
export async function createPeerServer(deps: {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  readonly keys: KeyRing;
  /** This node's name now; it changes when the node joins anew. */
  readonly node: () => string;
  readonly handle: PeerHandler;
  readonly clock: Clock;
  readonly log: Log;
}): Promise<PeerServer> {
  const { host, port, node, handle, clock, log } = deps;
  /** By the peer's name. A peer has one link to this node; a new one replaces the former. */
  const sessions = new Map<string, PeerSession>();
  let closing: Promise<void> | null = null;

  const door = createDoor({ keys: deps.keys, node, clock, log, admit });
  const webSockets = new WebSocketServer({ ...SOCKET_OPTIONS, noServer: true, clientTracking: false });
  const server = createServer({
    maxHeaderSize: HEADERS_LIMIT_BYTES,
    headersTimeout: HANDSHAKE_LIMIT_MS,
    requestTimeout: HANDSHAKE_LIMIT_MS,
  });
  server.on('connection', (connection) => {
    if (closing === null) door.meet(connection);
    else connection.destroy();
  });
  server.on('request', (_request, response) => {
    response.writeHead(404, { connection: 'close' }).end();
  });
  server.on('clientError', (_error, connection) => connection.destroy());
  server.on('upgrade', (request, connection, head) => {
    if (isForPeers(request)) {
      webSockets.handleUpgrade(request, connection, head, (socket) => door.receive(connection, socket));
    } else {
      connection.end(ANSWER_ELSEWHERE);
    }
  });

  function admit(socket: WebSocket, peer: string): void {
    sessions.get(peer)?.terminate();
    if (sessions.size >= SESSION_LIMIT && !sessions.has(peer)) {
      log.warn({ peer, limit: SESSION_LIMIT }, 'a peer was refused: there are as many links as there may be');
      socket.close(CloseCode.tooMany);
      return;
    }
    const session = new PeerSession(socket, { peer, handle, log });
    sessions.set(peer, session);
    socket.on('close', () => {
      if (sessions.get(peer) === session) sessions.delete(peer);
    });
    if (closing !== null) session.drain();
  }

  function checkSilence(): void {
    for (const session of sessions.values()) session.checkSilence();
  }

  async function close(): Promise<void> {
    stopChecking();
    const closed = new Promise<void>((resolve) => {
      server.close(() => resolve());
    });
    door.close();
    for (const session of sessions.values()) session.drain();
    const cancelLimit = clock.after(DRAIN_LIMIT_MS, () => {
      for (const session of sessions.values()) session.terminate();
    });
    await closed;
    cancelLimit();
  }

  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port, backlog: BACKLOG }, () => {
      server.off('error', reject);
      // A connection that could not be accepted, for instance for lack of file descriptors.
      server.on('error', (error) => log.warn({ err: error }, 'the server for peers met an error'));
      resolve();
    });
  });
  const stopChecking = every(clock, SILENCE_CHECK_MS, checkSilence);

  return {
    address: addressOf(server.address()),
    close: () => (closing ??= close()),
  };
}

function addressOf(bound: AddressInfo | string | null): string {
  if (bound === null || typeof bound === 'string') throw new Error('the server for peers has no address');
  return bound.family === 'IPv6' ? `[${bound.address}]:${bound.port}` : `${bound.address}:${bound.port}`;
}
