/** A figure of a series at an instant; null where there was nothing to measure. */
export interface Point {
  readonly atMs: number;
  readonly value: number | null;
}

/** Where instants and figures lie on the drawing. */
export interface Projection {
  x(atMs: number): number;
  y(value: number): number;
}

/**
 * The path of a line through `points`. It breaks where a figure is missing and where two instants are further apart than
 * `gapMs`; a figure that stands alone is a dot.
 */
export function linePath(points: readonly Point[], { x, y }: Projection, gapMs: number): string {
  const parts: string[] = [];
  let last: number | null = null;
  for (const { atMs, value } of points) {
    if (value === null) {
      last = null;
      continue;
    }
    const place = `${x(atMs).toFixed(1)} ${y(value).toFixed(1)}`;
    // A line of no length is drawn as a dot where its ends are round.
    parts.push(last !== null && atMs - last <= gapMs ? `L${place}` : `M${place}h0`);
    last = atMs;
  }
  return parts.join('');
}
