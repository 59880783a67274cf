import type { Decision } from './errors.ts';

export interface User {
  readonly userId: string;
  readonly name: string;
  readonly email: string | null;
  /** ISO 8601 UTC. */
  readonly createdAt: string;
}

export interface UserRecords {
  /** Creates a user with an empty wallet. Rejects with EMAIL_TAKEN, whatever the letter case. */
  register(user: { userId: string; name: string; email: string }): Promise<Decision<User>>;
  /** The user, or null. */
  find(userId: string): Promise<User | null>;
  /** Whether there is such a user. */
  has(userId: string): Promise<boolean>;
  /**
   * The user of an operator's token, created with an empty wallet at first sight. `name` and `email` are the token's claims where
   * it has them; an email that another user has is left out. Repeated and concurrent calls create one user.
   */
  ensure(user: { userId: string; name: string | null; email: string | null }): Promise<void>;
}
