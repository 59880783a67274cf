/**
 * A PostgreSQL array literal of elements that need no quotes: numbers, UUIDs, words. The driver would check every element of an
 * array for characters to escape, which costs more than writing it.
 */
export function plainArray(elements: readonly (string | number)[]): string {
  return `{${elements.join(',')}}`;
}
