import type { IncomingMessage } from 'node:http';
import { connect, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { type FrontProblem, problemBytes } from './front-problem.ts';
import { forwardedFor } from './headers.ts';
import type { Target, Targets } from './target.ts';

const CONNECT_LIMIT_MS = 2_000;

/**
 * Hands an upgrade to a ready node, bytes both ways until either side ends. What the front adds is where the client is; the
 * handshake, and whether there is one, is between client and node. A node that refuses the connection is passed over.
 */
export function tunnelUpgrade(upgrade: {
  readonly targets: Targets;
  readonly incoming: IncomingMessage;
  readonly socket: Duplex;
  readonly head: Buffer;
  readonly onProblem: (problem: FrontProblem) => void;
}): void {
  const { targets, incoming, socket, head, onProblem } = upgrade;
  const tried = new Set<Target>();
  socket.on('error', () => socket.destroy());

  function next(): void {
    const target = targets.choose(tried);
    if (target === null) {
      onProblem('NO_NODE_READY');
      socket.end(problemBytes('NO_NODE_READY'));
      return;
    }
    tried.add(target);
    let wasConnected = false;
    const upstream = connect({ host: '127.0.0.1', port: target.port, noDelay: true });
    upstream.setTimeout(CONNECT_LIMIT_MS, () => upstream.destroy());
    const giveUp = (): void => void upstream.destroy();
    socket.once('close', giveUp);
    upstream.once('connect', () => {
      wasConnected = true;
      upstream.setTimeout(0);
      upstream.write(requestHead(incoming), 'latin1');
      upstream.write(head);
      upstream.pipe(socket);
      socket.pipe(upstream);
    });
    // The close that follows tells.
    upstream.on('error', () => upstream.destroy());
    upstream.once('close', () => {
      socket.off('close', giveUp);
      if (wasConnected || socket.destroyed) {
        // The last bytes, a closing frame perhaps, are still to be written.
        if (socket instanceof Socket) socket.destroySoon();
        else socket.destroy();
      } else {
        targets.distrust(target);
        next();
      }
    });
  }

  next();
}

/** The head of the request as it came, but for the address that is added. */
function requestHead(incoming: IncomingMessage): string {
  const lines = [`${incoming.method} ${incoming.url} HTTP/1.1`];
  for (let index = 0; index + 1 < incoming.rawHeaders.length; index += 2) {
    const name = incoming.rawHeaders[index] ?? '';
    if (name.toLowerCase() !== 'x-forwarded-for') lines.push(`${name}: ${incoming.rawHeaders[index + 1] ?? ''}`);
  }
  lines.push(`X-Forwarded-For: ${forwardedFor(incoming)}`);
  return `${lines.join('\r\n')}\r\n\r\n`;
}
