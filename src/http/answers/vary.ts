import type { FastifyReply } from 'fastify';

const SEPARATOR = ', ';

/** Adds a request header to those that the answer depends on, once, so that a cache keeps the variants apart (RFC 9110 12.5.5). */
export function varyBy(reply: FastifyReply, header: string): void {
  const known = reply.getHeader('vary');
  if (typeof known !== 'string') reply.header('vary', header);
  else if (!known.split(SEPARATOR).includes(header)) reply.header('vary', `${known}${SEPARATOR}${header}`);
}
