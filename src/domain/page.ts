/** A page of a list, newest first. `nextCursor` is opaque to callers, stable under inserts, and null at the end. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly nextCursor: string | null;
}

/** `after` is the decoded cursor: the sort key of the last item that the caller has; null for the first page. */
export interface PageRequest {
  readonly limit: number;
  readonly after: string | null;
}
