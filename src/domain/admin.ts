/** Organisers: their API keys, what the role of a key permits, and what is recorded of each change. */
import type { IdempotencyClaim } from './idempotency.ts';
import type { Rejection } from './errors.ts';
import type { Page, PageRequest } from './page.ts';

export const ADMIN_ROLES = ['OWNER', 'MANAGER', 'BOX_OFFICE', 'SCANNER', 'VIEWER'] as const;
export type AdminRole = (typeof ADMIN_ROLES)[number];

/** The roles that a key of each role may act in. */
const ACTS_AS: Readonly<Record<AdminRole, readonly AdminRole[]>> = {
  OWNER: ADMIN_ROLES,
  MANAGER: ['MANAGER', 'BOX_OFFICE', 'VIEWER'],
  BOX_OFFICE: ['BOX_OFFICE', 'VIEWER'],
  SCANNER: ['SCANNER'],
  VIEWER: ['VIEWER'],
};

export function mayActAs(role: AdminRole, needed: AdminRole): boolean {
  return ACTS_AS[role].includes(needed);
}

/** The roles that a key of a role may act in. */
export function rolesOf(role: AdminRole): readonly AdminRole[] {
  return ACTS_AS[role];
}

/** How the log and the idempotency records name the holder of `ADMIN_TOKEN`; others are named by the id of their key. */
export const ROOT = 'root';

/** An organiser who was identified. */
export interface Admin {
  /** `ROOT` or the id of an API key. */
  readonly caller: string;
  readonly role: AdminRole;
  /** The concerts that the key is limited to; null: all. */
  readonly concertIds: readonly number[] | null;
}

/** Whether the organiser may know of a concert. */
export function admitsConcert({ concertIds }: Admin, concertId: number): boolean {
  return concertIds === null || concertIds.includes(concertId);
}

export interface AdminKey {
  readonly keyId: string;
  readonly name: string;
  readonly role: AdminRole;
  readonly concertIds: readonly number[] | null;
  readonly createdAtMs: number;
  readonly expiresAtMs: number | null;
  /** May be up to a minute late. */
  readonly lastUsedAtMs: number | null;
  readonly revokedAtMs: number | null;
}

export interface NewAdminKey extends Pick<AdminKey, 'keyId' | 'name' | 'role' | 'concertIds' | 'expiresAtMs'> {
  /** SHA-256 of the secret. */
  readonly secretHash: Uint8Array;
}

export interface AdminKeyWithHash extends AdminKey {
  readonly secretHash: Uint8Array;
}

/** The author of a change, for the log. */
export interface AdminStamp {
  readonly caller: string;
  /** UUID of the request. */
  readonly requestId: string;
}

/** A change that is done once under its claim. */
export interface AdminAct<T> extends AdminStamp {
  readonly claim: IdempotencyClaim | null;
  /** The answer that is recorded under the claim. */
  answerOf(value: T): AdminAnswer;
}

export interface AdminAnswer {
  readonly status: 200 | 201 | 202;
  readonly body: object;
}

/**
 * What became of an act. `key-taken`: another request has recorded an answer under the claim meanwhile, and this one has had
 * no effect.
 */
export type ActResult<T> =
  | { readonly outcome: 'granted'; readonly value: T }
  | { readonly outcome: 'refused'; readonly rejection: Rejection }
  | { readonly outcome: 'key-taken' };

export interface AdminLogEntry {
  readonly at: string;
  readonly keyId: string;
  readonly action: string;
  readonly target: string;
  readonly before: unknown;
  readonly after: unknown;
  readonly requestId: string;
}

/** Every method throws a Fault `STORE_UNAVAILABLE` when the database does not answer. */
export interface AdminKeyRecords {
  /** Reads the database. Look-ups of one event-loop turn share a statement. */
  find(keyId: string): Promise<AdminKeyWithHash | null>;
  /** Records that the key was used, unless that was recorded within the last minute. */
  noteUse(keyId: string): Promise<void>;
  /** Newest first, the revoked ones included. */
  list(page: PageRequest): Promise<Page<AdminKey>>;
  /** Refuses concerts that do not exist with CONCERT_NOT_FOUND. */
  create(key: NewAdminKey, act: AdminAct<AdminKey>): Promise<ActResult<AdminKey>>;
  /** Repeating it changes nothing. Refuses an unknown key with KEY_NOT_FOUND. */
  revoke(keyId: string, stamp: AdminStamp): Promise<ActResult<null>>;
}

export interface AdminLog {
  /** Newest first. */
  list(page: PageRequest): Promise<Page<AdminLogEntry>>;
}
