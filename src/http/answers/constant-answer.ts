import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { brotliCompress, gzip } from 'node:zlib';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { varyBy } from './vary.ts';

export const NOT_MODIFIED = { 304: { type: 'null', description: 'The caller has this answer already.' } } as const;

const compressGzip = promisify(gzip);
const compressBrotli = promisify(brotliCompress);

/**
 * The same bytes for every caller, encoded and compressed once. Encoding the largest script for each caller cost 56 ms, and
 * each caller that did not read kept a copy in memory.
 */
export interface ConstantAnswer {
  /** The media type, with its charset where it has one. */
  readonly type: string;
  /** A strong tag of the plain bytes. */
  readonly etag: string;
  readonly plain: Buffer;
  /** Null when compression saves nothing. */
  readonly gzipped: Buffer | null;
  /** A tenth smaller than gzip. Null when compression saves nothing, or takes too long: 4 MiB take 10 s. */
  readonly brotli: Buffer | null;
}

/** Prepares an answer; compression runs outside the event loop's thread. */
export async function createConstantAnswer(
  type: string,
  content: string | Buffer,
  { hasBrotli = false } = {},
): Promise<ConstantAnswer> {
  const plain = typeof content === 'string' ? Buffer.from(content) : content;
  const smaller = (bytes: Buffer): Buffer | null => (bytes.length < plain.length ? bytes : null);
  const [gzipped, brotli] = await Promise.all([
    compressGzip(plain).then(smaller),
    hasBrotli ? compressBrotli(plain).then(smaller) : null,
  ]);
  const etag = `"${createHash('sha256').update(plain).digest('base64url')}"`;
  return { type, etag, plain, gzipped, brotli };
}

/** Sends the answer: 304 to a caller that has it, compressed if the caller accepts that. */
export function sendConstant(request: FastifyRequest, reply: FastifyReply, answer: ConstantAnswer): void {
  const { type, etag, plain, gzipped, brotli } = answer;
  const { headers } = request.raw;
  reply.header('etag', etag).type(type);
  if (gzipped !== null || brotli !== null) varyBy(reply, 'Accept-Encoding');
  const accepted = headers['accept-encoding'] ?? '';
  if (namesEntityTag(headers['if-none-match'], etag)) {
    reply.code(304).send();
  } else if (brotli !== null && accepts(accepted, 'br')) {
    reply.header('content-encoding', 'br').send(brotli);
  } else if (gzipped !== null && accepts(accepted, '(?:x-)?gzip')) {
    reply.header('content-encoding', 'gzip').send(gzipped);
  } else {
    reply.send(plain);
  }
}

/** Whether `If-None-Match` contains the tag, by weak comparison as RFC 9110 13.1.2 requires. */
export function namesEntityTag(header: string | undefined, tag: string): boolean {
  if (header === undefined) return false;
  return header.split(',').some((candidate) => {
    const text = candidate.trim();
    return text === '*' || text === tag || text === `W/${tag}`;
  });
}

/** Whether the coding is listed with a weight above 0, as RFC 9110 12.5.3 defines. */
function accepts(accepted: string, coding: string): boolean {
  const listed = new RegExp(`^\\s*${coding}\\s*(?:;\\s*q=(?!0(?:\\.0*)?\\s*$)|$)`, 'i');
  return accepted.split(',').some((candidate) => listed.test(candidate));
}
