/** What the scripts answer, checked: Redis is another process, and may be of another version. */
import type { LineSummary, Standing } from '../line-store.ts';

/** A reply by its first word. */
export interface LineReply {
  readonly word: string;
  readonly rest: readonly unknown[];
}

function unexpected(reply: unknown): Error {
  return new Error(`a script answered ${JSON.stringify(reply)?.slice(0, 200)}`);
}

export function listOf(reply: unknown): readonly unknown[] {
  if (!Array.isArray(reply)) throw unexpected(reply);
  return reply;
}

export function textsOf(reply: unknown): readonly string[] {
  return listOf(reply).map((element) => {
    if (typeof element !== 'string') throw unexpected(element);
    return element;
  });
}

export function readReply(reply: unknown): LineReply {
  const [word, ...rest] = listOf(reply);
  if (typeof word !== 'string') throw unexpected(reply);
  return { word, rest };
}

export function numberOf(text: unknown): number {
  const number = typeof text === 'string' && text !== '' ? Number(text) : Number.NaN;
  if (!Number.isFinite(number)) throw unexpected(text);
  return number;
}

/** A number that may be missing. */
function optionalOf(text: unknown): number | null {
  return text === '' ? null : numberOf(text);
}

export function readSummary(reply: unknown): LineSummary {
  const texts = textsOf(reply);
  const values = new Map<string, string>();
  for (let nth = 0; nth + 1 < texts.length; nth += 2) values.set(texts[nth] ?? '', texts[nth + 1] ?? '');
  const number = (name: string): number => numberOf(values.get(name));
  return {
    generation: number('generation'),
    waiting: number('waiting'),
    active: number('active'),
    maxActive: number('maxActive'),
    batch: number('batch'),
    intervalMs: number('intervalMs'),
    activeTtlMs: number('activeTtlMs'),
    closesAtMs: number('closesAtMs'),
    isSuspended: number('isSuspended') !== 0,
    latestMs: number('latestMs'),
    pending: number('pending'),
    departures: number('departures'),
    insideMs: number('insideMs'),
    gap: values.has('gapTo') ? { first: number('completeTo') + 1, last: number('gapTo') } : null,
    wakeMs: values.has('wakeMs') ? number('wakeMs') : null,
  };
}

/** `texts`: status, admission, its end and maybe a position, which may be unknown; null when it is empty. */
export function readStanding(reply: unknown): Standing | null {
  const [status, activatedAt, activeUntil, position] = textsOf(reply);
  if (status === undefined) return null;
  if (status !== 'WAITING' && status !== 'ACTIVE') throw unexpected(reply);
  return {
    status,
    activatedAtMs: optionalOf(activatedAt),
    activeUntilMs: optionalOf(activeUntil),
    position: position === undefined ? 0 : optionalOf(position),
  };
}
