/** Between the instants of the service and the wall clocks of a concert's time zone, as `datetime-local` fields have them. */
const WALL_TIME = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d)/;

/** Such as 2027-01-05T19:30. */
export function wallTimeOf(iso: string, timeZone: string): string {
  return new Date(wallMs(Date.parse(iso), timeZone)).toISOString().slice(0, 16);
}

/**
 * The instant at which the zone's clocks show this time; null for other texts. A time that the clocks skip is the one that they
 * would have shown; of a time that comes twice it is one.
 */
export function instantOf(wallTime: string, timeZone: string): string | null {
  const parts = WALL_TIME.exec(wallTime);
  if (parts === null) return null;
  const [, year, month, day, hour, minute] = parts.map(Number) as [number, number, number, number, number, number];
  const wall = Date.UTC(year, month - 1, day, hour, minute);
  const guess = wall - (wallMs(wall, timeZone) - wall);
  // The offset may differ between the guess and the time itself.
  return new Date(wall - (wallMs(guess, timeZone) - guess)).toISOString();
}

/** What the zone's clocks show at an instant, as if it were UTC. Whole minutes. */
function wallMs(epochMs: number, timeZone: string): number {
  const parts = new Intl.DateTimeFormat('en', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
  }).formatToParts(epochMs);
  const read = (type: string): number => Number(parts.find((part) => part.type === type)?.value);
  return Date.UTC(read('year'), read('month') - 1, read('day'), read('hour'), read('minute'));
}
