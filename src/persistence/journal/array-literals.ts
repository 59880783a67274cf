/**
 * PostgreSQL's literal of an array whose elements need no quotes: numbers, UUIDs, words. The driver, handed an array, looks at
 * every element for what to escape, which costs more than writing it.
 */
export function plainArray(elements: readonly (string | number)[]): string {
  return `{${elements.join(',')}}`;
}
