import type { FastifyReply } from 'fastify';
import { varyBy } from './vary.ts';

export type Language = 'ko' | 'en';

const DEFAULT_LANGUAGE: Language = 'ko';
/** Browsers send few different headers; a caller that invents headers cannot grow the memory beyond this. */
const REMEMBERED_HEADERS = 512;
/** Longer headers are not parsed. */
const LONGEST_HEADER = 256;

const remembered = new Map<string, Language>();

/** The supported language that `Accept-Language` prefers; Korean when it names none. */
export function negotiateLanguage(header: string | undefined): Language {
  if (header === undefined || header.length > LONGEST_HEADER) return DEFAULT_LANGUAGE;
  let language = remembered.get(header);
  if (language === undefined) {
    language = bestOf(header);
    if (remembered.size >= REMEMBERED_HEADERS) remembered.clear();
    remembered.set(header, language);
  }
  return language;
}

/**
 * The language of an HTTP answer's text. Sets `Content-Language` and adds `Accept-Language` to `Vary`, so that a cache never
 * gives the answer to a caller that asks for the other language.
 */
export function answerLanguage(reply: FastifyReply): Language {
  const language = negotiateLanguage(reply.request.raw.headers['accept-language']);
  reply.header('content-language', language);
  varyBy(reply, 'Accept-Language');
  return language;
}

/** RFC 9110 12.5.4: ranges with weights; `*` means every other language; weight 0 excludes. */
function bestOf(header: string): Language {
  const weights = new Map<string, number>();
  for (const part of header.split(',')) {
    const [range = '', ...parameters] = part.split(';').map((piece) => piece.trim().toLowerCase());
    const primary = range.split('-', 1)[0] ?? '';
    const weight = weightOf(parameters);
    if (weight === null) continue;
    weights.set(primary, Math.max(weight, weights.get(primary) ?? 0));
  }
  const other = weights.get('*') ?? 0;
  const korean = weights.get('ko') ?? other;
  const english = weights.get('en') ?? other;
  return english > korean ? 'en' : DEFAULT_LANGUAGE;
}

function weightOf(parameters: readonly string[]): number | null {
  for (const parameter of parameters) {
    if (!parameter.startsWith('q=')) continue;
    const weight = Number(parameter.slice(2));
    return weight >= 0 && weight <= 1 ? weight : null;
  }
  return 1;
}
