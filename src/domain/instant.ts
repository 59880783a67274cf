/** An instant as every answer shows it: ISO 8601 in UTC. */
export function isoOf(epochMs: number): string {
  return new Date(epochMs).toISOString();
}
