import type { Page, ReservationStatus } from './answers.ts';
import type { ApiRequest, Call, Requests } from './requests.ts';

/** Selects a page of a list that is ordered newest first. */
export interface PageOptions extends Call {
  /** 1 to 100; 20 when left out. */
  readonly limit?: number;
  /** `nextCursor` of the previous page. */
  readonly cursor?: string;
}

export type ListOptions = PageOptions & { readonly status?: ReservationStatus };

/** A page as JSON carries it: its items are under the list's own name. */
export type Listed<Name extends string, T> = { readonly [K in Name]: readonly T[] } & {
  readonly nextCursor: string | null;
};

/** The query of a request for a page; empty for the first page of the default size. */
export function queryOf(page: ListOptions | undefined): string {
  const query = new URLSearchParams();
  if (page?.status !== undefined) query.set('status', page.status);
  if (page?.limit !== undefined) query.set('limit', String(page.limit));
  if (page?.cursor !== undefined) query.set('cursor', page.cursor);
  const text = query.toString();
  return text === '' ? '' : `?${text}`;
}

/** The calls that carry one token. Each rejects as `Requests.ask` does. */
export function createCalls(requests: Requests, token: string) {
  async function send<T>(request: ApiRequest, call?: Call): Promise<T> {
    return (await requests.ask<T>({ ...request, token }, call)).body;
  }

  function read<T>(operation: string, path: string, call?: Call): Promise<T> {
    return send({ operation, method: 'GET', path, effect: 'idempotent' }, call);
  }

  return {
    send,
    read,
    /** Sends a change under an idempotency key. */
    change<T>(operation: string, path: string, body?: object, call?: Call): Promise<T> {
      return send({ operation, method: 'POST', path, ...(body === undefined ? {} : { body }), effect: 'keyed' }, call);
    },
    /** Reads a page of the list that the answer has under `name`. */
    async list<T>(operation: string, path: string, name: string, page?: ListOptions): Promise<Page<T>> {
      const listed = await read<Listed<string, unknown>>(operation, `${path}${queryOf(page)}`, page);
      return { items: listed[name] as readonly T[], nextCursor: listed.nextCursor };
    },
  };
}
