const MS_PER_MINUTE = 60_000;
const MS_PER_HOUR = 3_600_000;
const OFFSET = /^GMT(?:([+-])(\d{2}):(\d{2}))?/;
/** There are some 600 zone names, but letter case and aliases multiply them. */
const ZONES_REMEMBERED = 1_000;

/**
 * The beginning of the hour of an instant in a time zone, such as 2026-11-24T18:00:00+09:00. Throws a RangeError for a zone that is
 * not an IANA name. It keeps formatters, because creating one is expensive.
 */
export function createLocalHours(): (timeZone: string, epochMs: number) => string {
  const formatters = new Map<string, Intl.DateTimeFormat>();

  function formatterOf(timeZone: string): Intl.DateTimeFormat {
    const known = formatters.get(timeZone);
    if (known !== undefined) return known;
    const formatter = new Intl.DateTimeFormat('en-US', { timeZone, timeZoneName: 'longOffset' });
    if (formatters.size < ZONES_REMEMBERED) formatters.set(timeZone, formatter);
    return formatter;
  }

  return (timeZone, epochMs) => {
    const name = formatterOf(timeZone)
      .formatToParts(epochMs)
      .find(({ type }) => type === 'timeZoneName');
    const [, sign = '+', hours = '00', minutes = '00'] = OFFSET.exec(name?.value ?? '') ?? [];
    const offsetMs = (Number(hours) * 60 + Number(minutes)) * MS_PER_MINUTE * (sign === '-' ? -1 : 1);
    const localMs = Math.floor((epochMs + offsetMs) / MS_PER_HOUR) * MS_PER_HOUR;
    return `${new Date(localMs).toISOString().slice(0, 19)}${sign}${hours}:${minutes}`;
  };
}
