import { accept, reject } from '../../src/domain/errors.ts';
import type { User, UserRecords } from '../../src/domain/user.ts';

export interface FakeUsers extends UserRecords {
  readonly rows: Map<string, User>;
}

/** Users in memory. */
export function createFakeUsers(nowMs: () => number): FakeUsers {
  const rows = new Map<string, User>();
  const isTaken = (email: string): boolean =>
    [...rows.values()].some((user) => user.email?.toLowerCase() === email.toLowerCase());

  return {
    rows,
    async register({ userId, name, email }) {
      if (isTaken(email)) return reject('EMAIL_TAKEN');
      const user: User = { userId, name, email, createdAt: new Date(nowMs()).toISOString() };
      rows.set(userId, user);
      return accept(user);
    },
    async find(userId) {
      return rows.get(userId) ?? null;
    },
    has: (userId) => Promise.resolve(rows.has(userId)),
    async ensure({ userId, name, email }) {
      if (rows.has(userId)) return;
      const free = email !== null && !isTaken(email) ? email : null;
      rows.set(userId, { userId, name: name ?? 'guest', email: free, createdAt: new Date(nowMs()).toISOString() });
    },
  };
}
