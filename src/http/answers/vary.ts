import type { FastifyReply } from 'fastify';

/** Adds a request header to those that the answer depends on, so that a cache keeps the variants apart (RFC 9110 12.5.5). */
export function varyBy(reply: FastifyReply, header: string): void {
  const known = reply.getHeader('vary');
  reply.header('vary', typeof known === 'string' ? `${known}, ${header}` : header);
}
