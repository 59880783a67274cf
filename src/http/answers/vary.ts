import type { FastifyReply } from 'fastify';

const SEPARATOR = ', ';

/** Adds a request header to `Vary`, once, so that caches keep the variants apart (RFC 9110 12.5.5). */
export function varyBy(reply: FastifyReply, header: string): void {
  const known = reply.getHeader('vary');
  if (typeof known !== 'string') reply.header('vary', header);
  else if (!known.split(SEPARATOR).includes(header)) reply.header('vary', `${known}${SEPARATOR}${header}`);
}
