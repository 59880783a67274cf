/** There are some 600 zone names, but letter case and aliases multiply them. */
const ZONES_REMEMBERED = 1_000;

/**
 * The calendar date of an instant in a time zone, YYYY-MM-DD. Throws a RangeError for a zone that is not an IANA name. It keeps
 * formatters, because creating one costs as much as formatting thousands of dates.
 */
export function createCalendar(): (timeZone: string, instant: Date) => string {
  const formatters = new Map<string, Intl.DateTimeFormat>();

  function formatterOf(timeZone: string): Intl.DateTimeFormat {
    const known = formatters.get(timeZone);
    if (known !== undefined) return known;
    const formatter = new Intl.DateTimeFormat('en-US', {
      timeZone,
      calendar: 'gregory',
      numberingSystem: 'latn',
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
    });
    if (formatters.size < ZONES_REMEMBERED) formatters.set(timeZone, formatter);
    return formatter;
  }

  return (timeZone, instant) => {
    const parts = new Map(
      formatterOf(timeZone)
        .formatToParts(instant)
        .map(({ type, value }) => [type, value]),
    );
    return `${(parts.get('year') ?? '').padStart(4, '0')}-${parts.get('month')}-${parts.get('day')}`;
  };
}
