import type { ReservationStatus } from './answers.ts';
import type { Call } from './requests.ts';

/** Selects a page of a list that is ordered newest first. */
export interface PageOptions extends Call {
  /** 1 to 100; 20 when left out. */
  readonly limit?: number;
  /** `nextCursor` of the previous page. */
  readonly cursor?: string;
}

/** A page as JSON carries it: its items are under the list's own name. */
export type Listed<Name extends string, T> = { readonly [K in Name]: readonly T[] } & {
  readonly nextCursor: string | null;
};

/** The query of a request for a page; empty for the first page of the default size. */
export function queryOf(page: (PageOptions & { readonly status?: ReservationStatus }) | undefined): string {
  const query = new URLSearchParams();
  if (page?.status !== undefined) query.set('status', page.status);
  if (page?.limit !== undefined) query.set('limit', String(page.limit));
  if (page?.cursor !== undefined) query.set('cursor', page.cursor);
  const text = query.toString();
  return text === '' ? '' : `?${text}`;
}
