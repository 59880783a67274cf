import type { Language } from './language.ts';

const LOCALES: Readonly<Record<Language, string>> = { ko: 'ko-KR', en: 'en-GB' };
const MINUTE_SECONDS = 60;
const HOUR_SECONDS = 3_600;
const DAY_SECONDS = 86_400;
/** Up to here minutes say more than hours. */
const MINUTES_LIMIT_SECONDS = 2 * HOUR_SECONDS;
/** Up to here a countdown says more than days. */
const COUNTDOWN_LIMIT_SECONDS = 2 * DAY_SECONDS;

/** Formats numbers, money and times for people. Times of a concert are in its own time zone. */
export interface Format {
  number(value: number): string;
  /** Won. */
  money(won: number): string;
  /** Won, in words for screen readers. */
  spokenMoney(won: number): string;
  /** The lowest and the highest price of something. */
  moneyRange(from: number, to: number): string;
  /** From the first to the last of some dates, for instance 26–28 February 2027; one date with its weekday. */
  dates(isos: readonly string[], timeZone: string): string;
  /** A date with its weekday, for instance Fri 26 February 2027. */
  date(iso: string, timeZone: string): string;
  /** The parts of a date that a calendar leaf shows. */
  leaf(iso: string, timeZone: string): { readonly month: string; readonly day: string; readonly weekday: string };
  /** Hours and minutes, with the name of the zone if it differs from the reader's. */
  time(iso: string, timeZone: string): string;
  /** Date and time in the reader's zone, for entries of the wallet. */
  moment(iso: string): string;
  /** Time with seconds in the reader's zone, for near events. */
  clock(epochMs: number): string;
  /** 4:05, or 1:04:05. */
  countdown(ms: number): string;
  /** An approximate duration in words. */
  duration(seconds: number): string;
  /** How long until something far away, in days; counted down when it is near. */
  until(ms: number): string;
  /** From and to in words, both rounded outwards; `from` is null where it is less than one of the unit. */
  durationRange(lowSeconds: number, highSeconds: number): { readonly from: string | null; readonly to: string };
  list(items: readonly string[]): string;
}

export function createFormat(
  language: Language,
  ownTimeZone = Intl.DateTimeFormat().resolvedOptions().timeZone,
): Format {
  const locale = LOCALES[language];
  const numbers = new Intl.NumberFormat(locale);
  const lists = new Intl.ListFormat(locale, { type: 'conjunction', style: language === 'ko' ? 'narrow' : 'long' });
  const made = new Map<string, Intl.DateTimeFormat>();

  function format(iso: string | number, timeZone: string, options: Intl.DateTimeFormatOptions): string {
    const id = `${timeZone} ${JSON.stringify(options)}`;
    let formatter = made.get(id);
    if (formatter === undefined) {
      formatter = new Intl.DateTimeFormat(locale, { timeZone, ...options });
      made.set(id, formatter);
    }
    return formatter.format(new Date(iso));
  }

  function money(won: number): string {
    return language === 'ko' ? `${numbers.format(won)}원` : `₩${numbers.format(won)}`;
  }

  function date(iso: string, timeZone: string): string {
    const day = format(iso, timeZone, { year: 'numeric', month: 'long', day: 'numeric' });
    const weekday = format(iso, timeZone, { weekday: 'short' });
    return language === 'ko' ? `${day} (${weekday})` : `${weekday} ${day}`;
  }

  function countdown(ms: number): string {
    const seconds = Math.max(0, Math.floor(ms / 1_000));
    const hours = Math.floor(seconds / HOUR_SECONDS);
    const minutes = Math.floor((seconds % HOUR_SECONDS) / MINUTE_SECONDS);
    const rest = String(seconds % MINUTE_SECONDS).padStart(2, '0');
    return hours > 0 ? `${hours}:${String(minutes).padStart(2, '0')}:${rest}` : `${minutes}:${rest}`;
  }

  function quantity(value: number, unit: 'second' | 'minute' | 'hour' | 'day'): string {
    return new Intl.NumberFormat(locale, { style: 'unit', unit, unitDisplay: 'long' }).format(value);
  }

  function duration(seconds: number): string {
    if (seconds < MINUTE_SECONDS) return quantity(Math.max(1, Math.round(seconds)), 'second');
    if (seconds < HOUR_SECONDS) return quantity(Math.round(seconds / MINUTE_SECONDS), 'minute');
    return quantity(Math.round((seconds / HOUR_SECONDS) * 10) / 10, 'hour');
  }

  return {
    number: (value) => numbers.format(value),
    spokenMoney: (won) => (language === 'ko' ? `${numbers.format(won)}원` : `${numbers.format(won)} won`),
    money,
    moneyRange: (from, to) =>
      from === to ? money(from) : language === 'ko' ? `${money(from)} ~ ${money(to)}` : `${money(from)} – ${money(to)}`,
    dates(isos, timeZone) {
      const [first = '', last = first] = [isos[0], isos.at(-1)];
      const formatter = new Intl.DateTimeFormat(locale, { timeZone, year: 'numeric', month: 'long', day: 'numeric' });
      const isOneDay = formatter.format(new Date(first)) === formatter.format(new Date(last));
      return isOneDay ? date(first, timeZone) : formatter.formatRange(new Date(first), new Date(last));
    },
    date,
    leaf: (iso, timeZone) => ({
      month: format(iso, timeZone, { month: 'short' }),
      day: format(iso, timeZone, { day: 'numeric' }).replace(/\D/g, ''),
      weekday: format(iso, timeZone, { weekday: 'long' }),
    }),
    time(iso, timeZone) {
      const zone = offsetOf(iso, timeZone) === offsetOf(iso, ownTimeZone) ? {} : { timeZoneName: 'short' as const };
      return format(iso, timeZone, { hour: 'numeric', minute: '2-digit', ...zone });
    },
    moment: (iso) =>
      format(iso, ownTimeZone, { year: 'numeric', month: 'short', day: 'numeric', hour: 'numeric', minute: '2-digit' }),
    clock: (epochMs) => format(epochMs, ownTimeZone, { hour: 'numeric', minute: '2-digit', second: '2-digit' }),
    countdown,
    duration,
    until(ms) {
      const seconds = ms / 1_000;
      return seconds < COUNTDOWN_LIMIT_SECONDS ? countdown(ms) : quantity(Math.floor(seconds / DAY_SECONDS), 'day');
    },
    durationRange(lowSeconds, highSeconds) {
      const isLong = highSeconds > MINUTES_LIMIT_SECONDS;
      const [unit, unitSeconds] = isLong ? (['hour', HOUR_SECONDS] as const) : (['minute', MINUTE_SECONDS] as const);
      const from = Math.floor(lowSeconds / unitSeconds);
      const to = Math.max(1, Math.ceil(highSeconds / unitSeconds));
      return { from: from < 1 || from === to ? null : String(from), to: quantity(to, unit) };
    },
    list: (items) => lists.format(items),
  };
}

/** The wall-clock time of the zone at that instant, to find out whether two zones agree then. */
function offsetOf(iso: string, timeZone: string): string {
  return new Intl.DateTimeFormat('en', { timeZone, dateStyle: 'short', timeStyle: 'short' }).format(new Date(iso));
}
