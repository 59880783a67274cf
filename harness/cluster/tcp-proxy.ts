import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { findStablePort } from '../service/stable-port.ts';

/** A proxy between clients and a TCP server that misbehaves on demand. */
export interface TcpProxy {
  /** The URL of the server, but through the proxy, which listens on 127.0.0.1. */
  readonly url: string;
  /** From now on the proxy drops everything that the server sends. */
  muteServer(): void;
  /** Whether the proxy drops everything that the server sends. */
  readonly isServerMute: boolean;
  /** From now on the proxy drops everything that clients send. */
  muteClients(): void;
  /** From now on the proxy keeps everything that clients send, as a stalled network does, and passes it on late, even when the client is gone by then. */
  holdClients(): void;
  /** Breaks the connections of the clients there are, of which the server learns nothing, as when a client's machine vanishes. */
  loseClients(): void;
  /** From now on the proxy passes a new connection on after this time, as if the server were slow to accept. */
  delayConnections(ms: number): void;
  /** Connections that clients have made since the proxy was opened. */
  readonly connections: number;
  /** Whether the proxy has dropped anything since it was muted. */
  readonly hasSwallowed: boolean;
  /** From now on the proxy passes everything on again, kept bytes first; dropped bytes stay lost. */
  passOn(): void;
  /** Breaks every connection; new ones work again. */
  cut(): void;
  close(): void;
}

/** A proxy before a server, which need not be there yet. `targetUrl` may be any URL with host and port. */
export async function openTcpProxy(targetUrl: string): Promise<TcpProxy> {
  const target = new URL(targetUrl);
  const open = new Set<Socket>();
  /** Bytes that each connection's server has not received yet. */
  const kept = new Map<Socket, { readonly client: Socket; readonly chunks: Buffer[] }>();
  let isServerMute = false;
  let areClientsMute = false;
  let areClientsHeld = false;
  let hasSwallowed = false;
  const clients = new Set<Socket>();
  /** Clients whose end the server does not learn. */
  const vanished = new WeakSet<Socket>();

  let delayMs = 0;
  let connections = 0;

  const server = createServer((client) => {
    connections += 1;
    if (delayMs === 0) {
      join(client);
      return;
    }
    client.pause();
    client.on('error', () => client.destroy());
    setTimeout(() => {
      if (!client.destroyed) join(client);
    }, delayMs).unref();
  });

  function join(client: Socket): void {
    const upstream = connect({ host: target.hostname, port: Number(target.port) });
    for (const socket of [client, upstream]) {
      open.add(socket);
      socket.setNoDelay(true);
      // The other side learns of an error by the close that follows it.
      socket.on('error', () => socket.destroy());
      socket.on('close', () => open.delete(socket));
    }
    upstream.on('close', () => {
      kept.delete(upstream);
      client.destroy();
    });
    clients.add(client);
    client.on('close', () => {
      clients.delete(client);
      if (!kept.has(upstream) && !vanished.has(client)) upstream.destroy();
    });
    client.on('data', (chunk: Buffer) => {
      if (areClientsMute) hasSwallowed = true;
      else if (areClientsHeld) keep(upstream, client, chunk);
      else upstream.write(chunk);
    });
    upstream.on('data', (chunk: Buffer) => {
      if (isServerMute) hasSwallowed = true;
      else if (!client.destroyed) client.write(chunk);
    });
    client.resume();
  }

  function keep(upstream: Socket, client: Socket, chunk: Buffer): void {
    const before = kept.get(upstream);
    if (before === undefined) kept.set(upstream, { client, chunks: [chunk] });
    else before.chunks.push(chunk);
  }

  function release(): void {
    areClientsHeld = false;
    for (const [upstream, { client, chunks }] of kept) {
      for (const chunk of chunks) upstream.write(chunk);
      if (client.destroyed) upstream.end();
    }
    kept.clear();
  }
  const port = await findStablePort();
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const url = new URL(targetUrl);
  url.hostname = '127.0.0.1';
  url.port = String(port);

  return {
    url: url.href,
    get isServerMute() {
      return isServerMute;
    },
    get hasSwallowed() {
      return hasSwallowed;
    },
    get connections() {
      return connections;
    },
    delayConnections(ms) {
      delayMs = ms;
    },
    muteServer() {
      isServerMute = true;
      hasSwallowed = false;
    },
    muteClients() {
      areClientsMute = true;
      hasSwallowed = false;
    },
    holdClients() {
      areClientsHeld = true;
    },
    loseClients() {
      for (const client of clients) {
        vanished.add(client);
        client.destroy();
      }
    },
    passOn() {
      isServerMute = false;
      areClientsMute = false;
      release();
    },
    cut() {
      isServerMute = false;
      areClientsMute = false;
      areClientsHeld = false;
      kept.clear();
      for (const socket of open) socket.destroy();
    },
    close() {
      server.close();
      for (const socket of open) socket.destroy();
    },
  };
}
