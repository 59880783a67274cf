/** A figure of a series at an instant; null when there was nothing to measure. */
export interface Point {
  readonly atMs: number;
  readonly value: number | null;
}

/** Maps instants and figures to the drawing. */
export interface Projection {
  x(atMs: number): number;
  y(value: number): number;
}

/**
 * The path of a line through `points`. It breaks at missing figures and where two instants are further apart than `gapMs`; an
 * isolated figure is a dot.
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
    // A line of length zero with round ends is drawn as a dot.
    parts.push(last !== null && atMs - last <= gapMs ? `L${place}` : `M${place}h0`);
    last = atMs;
  }
  return parts.join('');
}
