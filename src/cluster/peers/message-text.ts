import type { RawData } from 'ws';

/** A member named `__proto__`, in every spelling that JSON allows. */
const PROTO_MEMBER =
  /"(?:_|\\u005[Ff]){2}(?:p|\\u0070)(?:r|\\u0072)(?:o|\\u006[Ff])(?:t|\\u0074)(?:o|\\u006[Ff])(?:_|\\u005[Ff]){2}"\s*:/;

/** The text of a frame; null when it has none. */
export function textOf(data: RawData, isBinary: boolean): string | null {
  return !isBinary && Buffer.isBuffer(data) ? data.toString('utf8') : null;
}

/**
 * Parses a peer's text. Undefined if it is no JSON, or if it contains at any depth a member that would become the prototype of a
 * copy.
 */
export function parseMessage(text: string): unknown {
  // The expression alone would cost a third of the parsing, and nearly no text contains these.
  if ((text.includes('__proto__') || text.includes('\\u00')) && PROTO_MEMBER.test(text)) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The elements of a frame with the ids that the asking side chose; null if the text is no frame. */
export function readNumbered<T>(
  text: string,
  isElement: (value: unknown) => value is T,
): readonly (readonly [id: number, element: T])[] | null {
  const elements = parseMessage(text);
  if (!Array.isArray(elements) || elements.length === 0) return null;
  return elements.every((element) => isNumbered(element, isElement)) ? elements : null;
}

function isNumbered<T>(value: unknown, isElement: (value: unknown) => value is T): value is readonly [number, T] {
  return Array.isArray(value) && value.length === 2 && Number.isSafeInteger(value[0]) && isElement(value[1]);
}
