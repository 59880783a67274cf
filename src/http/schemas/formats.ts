/** Formats that Ajv lacks or checks too leniently. Each is a predicate on the received text. */

/** PostgreSQL's `integer`, the largest type of the numbers in a schedule. */
export const LARGEST_INTEGER = 2_147_483_647;

const MS_PER_DAY = 86_400_000;
const DATE = /^(\d{4})-(\d{2})-(\d{2})$/;
const INSTANT = /^(\d{4}-\d{2}-\d{2})T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,3})?(?:Z|[+-](?:0\d|1[0-4]):[0-5]\d)$/;
const POSITIVE_INTEGER = /^[1-9][0-9]{0,15}$/;
const PAGE_LIMIT = /^(?:[1-9][0-9]?|100)$/;
/** Control characters, line and paragraph separators. */
const UNPRINTABLE = /[\p{Cc}\p{Zl}\p{Zp}]/u;
const VISIBLE = /[\p{L}\p{N}\p{P}\p{S}]/u;
const EMAIL =
  /^[^\s@"(),:;<>[\]\\]{1,64}@(?:[\p{L}\p{N}](?:[\p{L}\p{N}-]*[\p{L}\p{N}])?\.)+[\p{L}\p{N}][\p{L}\p{N}-]*[\p{L}\p{N}]$/u;
const EMAIL_LONGEST = 254;
/** Earlier times are typing errors; PostgreSQL and JavaScript agree on all later ones. */
const FIRST_YEAR = 1970;
/** ISO 8601 has four digits for a year; an offset from UTC can lead beyond it. */
const LAST_INSTANT_MS = Date.UTC(9999, 11, 31, 23, 59, 59, 999);
/** Invisible characters, and those that change the direction of text: they make two texts look the same. */
const DECEPTIVE = /[\p{Default_Ignorable_Code_Point}\p{Bidi_Control}]/u;
/** Invisible characters join emoji and colour them. */
const EMOJI = /\p{RGI_Emoji}/gv;

/** A calendar date, YYYY-MM-DD; 2026-02-30 is none. */
export function isDate(text: string): boolean {
  const match = DATE.exec(text);
  if (match === null) return false;
  const [year, month, day] = [Number(match[1]), Number(match[2]), Number(match[3])];
  if (year < FIRST_YEAR || month < 1 || month > 12 || day < 1) return false;
  const firstOfNext = Date.UTC(year, month, 1);
  return day <= new Date(firstOfNext - MS_PER_DAY).getUTCDate();
}

/** An instant with its offset from UTC, to the millisecond at most. */
export function isInstant(text: string): boolean {
  const match = INSTANT.exec(text);
  if (match === null || !isDate(match[1] ?? '')) return false;
  const ms = Date.parse(text);
  return ms >= 0 && ms <= LAST_INSTANT_MS;
}

/** An id in a path or query: each number has one canonical spelling. */
export function isPositiveInteger(text: string): boolean {
  return POSITIVE_INTEGER.test(text) && Number(text) <= Number.MAX_SAFE_INTEGER;
}

/** A seat number in a path. */
export function isSeatNumber(text: string): boolean {
  return POSITIVE_INTEGER.test(text) && Number(text) <= LARGEST_INTEGER;
}

export function isPageLimit(text: string): boolean {
  return PAGE_LIMIT.test(text);
}

/**
 * Text that the database can store and a screen can show: PostgreSQL refuses U+0000 and lone surrogates with an error, and text
 * with invisible characters looks like another text.
 */
function isPlainText(text: string): boolean {
  if (!text.isWellFormed() || UNPRINTABLE.test(text) || !VISIBLE.test(text)) return false;
  return !DECEPTIVE.test(text) || !DECEPTIVE.test(text.replaceAll(EMOJI, ''));
}

/** The stored form of a text: trimmed, and with one spelling of each character. */
export function normaliseText(text: string): string {
  return text.normalize('NFC').trim();
}

/** Plain text of 1 to `longest` characters when normalised. */
export function isTextUpTo(longest: number): (text: string) => boolean {
  return (text) => {
    if (!isPlainText(text)) return false;
    const characters = Array.from(normaliseText(text)).length;
    return characters >= 1 && characters <= longest;
  };
}

/**
 * The stored form of an email address. The store ignores case in ASCII letters. Other letters are folded here, because the
 * database folds them only in some locales. Upper-casing first unites letters that lower case keeps apart: both lower-case
 * sigmas, sharp s and ss, long s and s.
 */
export function normaliseEmail(text: string): string {
  return normaliseText(text)
    .replace(/\P{ASCII}+/gu, (letters) => letters.toUpperCase().toLowerCase())
    .normalize('NFC');
}

export function isEmail(text: string): boolean {
  const email = normaliseEmail(text);
  return isPlainText(text) && !DECEPTIVE.test(text) && email.length <= EMAIL_LONGEST && EMAIL.test(email);
}

/** A zone of the IANA database; offsets such as +09:00 are refused, because they have no daylight-saving rules. */
function isTimeZone(text: string): boolean {
  return canonicalTimeZone(text) !== null;
}

/** The zone's name as the IANA database spells it, or null. */
export function canonicalTimeZone(text: string): string | null {
  if (!/^[A-Za-z]/.test(text)) return null;
  try {
    return new Intl.DateTimeFormat('en', { timeZone: text }).resolvedOptions().timeZone;
  } catch {
    return null;
  }
}

/** Name → predicate, as Ajv takes them. */
export const formats: Readonly<Record<string, (text: string) => boolean>> = {
  date: isDate,
  'date-time': isInstant,
  'positive-integer': isPositiveInteger,
  'seat-number': isSeatNumber,
  'page-limit': isPageLimit,
  'user-name': isTextUpTo(100),
  'catalogue-text': isTextUpTo(200),
  'seat-label': isTextUpTo(50),
  'email-address': isEmail,
  'time-zone': isTimeZone,
};
