import { hash } from 'node:crypto';
import { type Decision, accept, reject } from '../../domain/errors.ts';
import type { Page, PageRequest } from '../../domain/page.ts';

/** The contract's default and limit of a page. */
const DEFAULT_PAGE_LIMIT = 20;

export interface PageQuery {
  readonly limit?: string;
  readonly cursor?: string;
}

/** The list that a cursor belongs to. `keyPattern` is the form of its sort key; it is checked before the key reaches SQL. */
export interface PagedList {
  readonly name: string;
  readonly keyPattern: RegExp;
}

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const WHOLE_NUMBER = /^[1-9][0-9]{0,15}$/;

export const RESERVATIONS_LIST: PagedList = { name: 'reservations', keyPattern: UUID };
export const PAYMENTS_LIST: PagedList = { name: 'payments', keyPattern: UUID };
export const WALLET_LIST: PagedList = { name: 'wallet', keyPattern: WHOLE_NUMBER };
export const ADMIN_KEYS_LIST: PagedList = { name: 'admin-keys', keyPattern: UUID };
export const ADMIN_LOG_LIST: PagedList = { name: 'admin-log', keyPattern: WHOLE_NUMBER };
export const ADMIN_CONCERTS_LIST: PagedList = { name: 'admin-concerts', keyPattern: WHOLE_NUMBER };
export const SEAT_PLANS_LIST: PagedList = { name: 'seat-plans', keyPattern: WHOLE_NUMBER };
export const BUYER_TOKENS_LIST: PagedList = { name: 'buyer-tokens', keyPattern: UUID };
export const BUYER_HOLDS_LIST: PagedList = { name: 'buyer-holds', keyPattern: UUID };
export const BUYER_PAYMENTS_LIST: PagedList = { name: 'buyer-payments', keyPattern: UUID };
export const BUYER_LEDGER_LIST: PagedList = { name: 'buyer-ledger', keyPattern: WHOLE_NUMBER };
export const SEAT_HISTORY_LIST: PagedList = { name: 'seat-history', keyPattern: WHOLE_NUMBER };
export const CONCERTS_LIST: PagedList = { name: 'concerts', keyPattern: WHOLE_NUMBER };
export const UPCOMING_LIST: PagedList = { name: 'upcoming', keyPattern: WHOLE_NUMBER };

/**
 * The page that a query asks for. A damaged cursor, or one of another list, user or filter, is refused: its check sum does not
 * match. The sum needs no secret, because a cursor gives access to nothing. `path` is the parameter that a fault names.
 */
export function readPageQuery(
  query: PageQuery,
  list: PagedList,
  scope: string,
  path = '/cursor',
): Decision<PageRequest> {
  const limit = query.limit === undefined ? DEFAULT_PAGE_LIMIT : Number(query.limit);
  if (query.cursor === undefined) return accept({ limit, after: null });
  const text = Buffer.from(query.cursor, 'base64url').toString('utf8');
  const separator = text.indexOf('.');
  const after = text.slice(separator + 1);
  if (separator < 0 || !list.keyPattern.test(after) || encodeCursor(after, list, scope) !== query.cursor) {
    return reject('VALIDATION_FAILED', {
      errors: [{ in: 'query', path, message: 'is damaged or belongs to another list' }],
    });
  }
  return accept({ limit, after });
}

/** The cursor after the page's last sort key, or null at the end. */
export function nextCursorOf<T>(page: Page<T>, list: PagedList, scope: string): string | null {
  return page.nextCursor === null ? null : encodeCursor(page.nextCursor, list, scope);
}

function encodeCursor(key: string, list: PagedList, scope: string): string {
  const sum = hash('sha256', `${list.name}\n${scope}\n${key}`, 'hex').slice(0, 16);
  return Buffer.from(`${sum}.${key}`).toString('base64url');
}
