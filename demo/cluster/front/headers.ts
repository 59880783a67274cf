import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';

/** RFC 9110, 7.6.1: these are between two neighbours. The framing of bodies stays, because Node applies it again. */
const HOP_BY_HOP = ['connection', 'keep-alive', 'proxy-connection', 'te', 'trailer', 'upgrade'];

function droppedOf(headers: IncomingHttpHeaders): Set<string> {
  const named = headers.connection?.split(',').map((name) => name.trim().toLowerCase()) ?? [];
  return new Set([...HOP_BY_HOP, ...named]);
}

/** What the client sent, and from where it came. `expect` has been answered already. */
export function forwardedHeaders(incoming: IncomingMessage): Record<string, string | string[]> {
  const dropped = droppedOf(incoming.headers).add('expect');
  const headers: Record<string, string | string[]> = {};
  for (const [name, value] of Object.entries(incoming.headers)) {
    if (value !== undefined && !dropped.has(name)) headers[name] = value;
  }
  headers['x-forwarded-for'] = forwardedFor(incoming);
  headers['x-forwarded-proto'] = 'http';
  return headers;
}

/** The addresses that the request comes from: those that it names, and the peer of this connection. */
export function forwardedFor(incoming: IncomingMessage): string {
  const before = incoming.headers['x-forwarded-for'];
  const address = incoming.socket.remoteAddress ?? 'unknown';
  return before === undefined ? address : `${String(before)}, ${address}`;
}

/** The node's headers as it wrote them, names and values in turns. */
export function passedOnHeaders(answer: IncomingMessage): string[] {
  const dropped = droppedOf(answer.headers);
  const headers: string[] = [];
  for (let index = 0; index + 1 < answer.rawHeaders.length; index += 2) {
    const name = answer.rawHeaders[index] ?? '';
    if (!dropped.has(name.toLowerCase())) headers.push(name, answer.rawHeaders[index + 1] ?? '');
  }
  return headers;
}
