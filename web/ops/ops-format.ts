import { createFormat, type Format } from '../language/format.ts';
import type { Language } from '../language/language.ts';

const LOCALES: Readonly<Record<Language, string>> = { ko: 'ko-KR', en: 'en-GB' };

/** Formats the figures of the operator's page. */
export interface OpsFormat extends Format {
  /** With at most `digits` digits after the point; large figures have none. */
  figure(value: number, digits: number): string;
  /** For marks of an axis: 1.5K, 1.5천. */
  compact(value: number): string;
  /** A share of the whole. */
  percent(part: number): string;
  /** Won, abbreviated when long. */
  moneyShort(won: number): string;
  /** A duration from a setting, not a measurement: 0.5 s is not rounded to 1 s. */
  span(ms: number): string;
  /** A calendar date, YYYY-MM-DD, with its weekday. */
  day(date: string): string;
}

/** Figures from here on get no digits after the point. */
const ROUND_FROM = 100;

/** Longer amounts do not fit a tile. */
const LONG_MONEY_WON = 100_000_000;

/** Shorter durations show tenths of seconds. */
const SHORT_SPAN_MS = 60_000;

export function createOpsFormat(language: Language): OpsFormat {
  const locale = LOCALES[language];
  const compact = new Intl.NumberFormat(locale, { notation: 'compact', maximumFractionDigits: 1 });
  const money = new Intl.NumberFormat(locale, {
    notation: 'compact',
    maximumSignificantDigits: 4,
    style: 'currency',
    currency: 'KRW',
  });
  const seconds = new Intl.NumberFormat(locale, {
    style: 'unit',
    unit: 'second',
    unitDisplay: 'long',
    maximumFractionDigits: 1,
  });
  const percent = new Intl.NumberFormat(locale, { style: 'percent', maximumFractionDigits: 0 });
  const day = new Intl.DateTimeFormat(locale, { month: 'short', day: 'numeric', weekday: 'short', timeZone: 'UTC' });
  const figures = [0, 1, 2].map((maximumFractionDigits) => new Intl.NumberFormat(locale, { maximumFractionDigits }));
  const plain = createFormat(language);
  return {
    ...plain,
    figure: (value, digits) => (figures[value >= ROUND_FROM ? 0 : digits] ?? compact).format(value),
    compact: (value) => compact.format(value),
    span: (ms) => (ms < SHORT_SPAN_MS ? seconds.format(ms / 1_000) : plain.duration(ms / 1_000)),
    moneyShort: (won) => (won < LONG_MONEY_WON ? plain.money(won) : money.format(won)),
    percent: (part) => percent.format(part),
    day: (date) => day.format(new Date(`${date}T00:00:00Z`)),
  };
}
