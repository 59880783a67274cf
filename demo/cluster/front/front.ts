import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { type FrontProblem, sendProblem } from './front-problem.ts';
import { forwardedHeaders, passedOnHeaders } from './headers.ts';
import { type Target, watchTargets } from './target.ts';
import { tunnelUpgrade } from './tunnel.ts';

/*
 * A small load-balancing front for nodes on this machine: HTTP and WebSocket on one port.
 *
 * F1. New requests go to nodes whose last /readyz was 200, to the one with the fewest requests in flight.
 * F2. A request goes to a second node only where the first has certainly not had it (it refused the connection), or where
 *     that does no harm (a GET or HEAD without a body, of which nothing was passed back yet).
 * F3. Every request is answered: by a node, or with a problem that says whether anything may have been done.
 * F4. Bodies are streamed both ways; nothing of one is read from the client before the node has accepted the connection.
 *
 * Proxies that exist were looked at: @fastify/reply-from destroys the body of a request whose connection was refused, so
 * it cannot send a POST to another node (F2, F4). It is for one machine; beyond that, nginx, HAProxy and others do this.
 */

/** Just under the 10 s within which every request is to be answered; what takes longer at a node is lost there. */
const ANSWER_LIMIT_MS = 9_000;

export interface FrontCounts {
  /** Answers of nodes. */
  answered: number;
  /** Requests that were sent to a second node. */
  retried: number;
  /** Problems of the front's own, by code. */
  readonly problems: Record<FrontProblem, number>;
}

export interface Front {
  readonly url: string;
  readonly targets: readonly Target[];
  readonly counts: FrontCounts;
  close(): Promise<void>;
}

/** Listens on a port of 127.0.0.1 and passes on to the nodes. Rejects when the port is taken. */
export async function openFront(settings: {
  readonly nodes: readonly { readonly name: string; readonly port: number }[];
  readonly port: number;
}): Promise<Front> {
  const targets = watchTargets(settings.nodes);
  const counts: FrontCounts = { answered: 0, retried: 0, problems: { NO_NODE_READY: 0, NODE_LOST: 0, NODE_SILENT: 0 } };
  const sockets = new Set<Socket>();

  function fail(outgoing: ServerResponse, problem: FrontProblem): void {
    counts.problems[problem] += 1;
    if (outgoing.headersSent) outgoing.destroy();
    else sendProblem(outgoing, problem);
  }

  function pass(incoming: IncomingMessage, outgoing: ServerResponse, tried: Set<Target>): void {
    const target = targets.choose(tried);
    if (target === null) {
      // The last node refused the connection, or the request changes nothing.
      fail(outgoing, 'NO_NODE_READY');
      return;
    }
    tried.add(target);
    if (tried.size > 1) counts.retried += 1;
    target.underWay += 1;
    let isOver = false;
    let wasConnected = false;
    let isSilent = false;
    const upstream = request({
      host: '127.0.0.1',
      port: target.port,
      agent: target.agent,
      ...(incoming.method === undefined ? {} : { method: incoming.method }),
      ...(incoming.url === undefined ? {} : { path: incoming.url }),
      headers: forwardedHeaders(incoming),
    });
    const limit = setTimeout(() => {
      isSilent = true;
      upstream.destroy(new Error('no answer in time'));
    }, ANSWER_LIMIT_MS);
    const finish = (): boolean => {
      if (isOver) return false;
      isOver = true;
      clearTimeout(limit);
      target.underWay -= 1;
      outgoing.off('close', abandon);
      return true;
    };
    const abandon = (): void => {
      if (finish()) upstream.destroy();
    };
    const send = (): void => {
      wasConnected = true;
      if (hasBody(incoming)) incoming.pipe(upstream);
      else upstream.end();
    };
    outgoing.once('close', abandon);
    upstream.once('socket', (socket) => {
      if (socket.connecting) socket.once('connect', send);
      else send();
    });
    upstream.once('response', (answer) => {
      clearTimeout(limit);
      counts.answered += 1;
      outgoing.writeHead(answer.statusCode ?? 502, answer.statusMessage, passedOnHeaders(answer));
      answer.pipe(outgoing);
      answer.once('end', finish);
      answer.once('error', () => {
        if (finish()) outgoing.destroy();
      });
    });
    upstream.once('error', () => {
      if (!finish()) return;
      if (!wasConnected && !isSilent) targets.distrust(target);
      const mayTryAgain = !outgoing.headersSent && (!wasConnected || isHarmless(incoming)) && !isSilent;
      if (mayTryAgain) pass(incoming, outgoing, tried);
      else fail(outgoing, isSilent ? 'NODE_SILENT' : 'NODE_LOST');
    });
  }

  const server = createServer((incoming, outgoing) => pass(incoming, outgoing, new Set()));
  server.on('upgrade', (incoming, socket, head) => {
    tunnelUpgrade({ targets, incoming, socket, head, onProblem: (problem) => (counts.problems[problem] += 1) });
  });
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  server.listen(settings.port, '127.0.0.1');
  try {
    await once(server, 'listening');
  } catch (error) {
    targets.close();
    throw error;
  }
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : settings.port;
  return {
    url: `http://127.0.0.1:${port}`,
    targets: targets.all,
    counts,
    async close() {
      targets.close();
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

function isHarmless(incoming: IncomingMessage): boolean {
  return (incoming.method === 'GET' || incoming.method === 'HEAD') && !hasBody(incoming);
}
