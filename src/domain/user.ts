import type { Decision } from './errors.ts';

export interface User {
  readonly userId: string;
  readonly name: string;
  readonly email: string | null;
  /** ISO 8601 UTC. */
  readonly createdAt: string;
}

export interface UserRecords {
  /** Creates a user with an empty wallet. Rejects with EMAIL_TAKEN, ignoring letter case. */
  register(user: { userId: string; name: string; email: string }): Promise<Decision<User>>;
  /** The user, or null. */
  find(userId: string): Promise<User | null>;
  /** Whether this user exists. */
  has(userId: string): Promise<boolean>;
  /**
   * Creates the user of an operator's token with an empty wallet if there is none. `name` and `email` come from the token's
   * claims if it has them; an email that belongs to another user is left out. Repeated and concurrent calls create one user.
   */
  ensure(user: { userId: string; name: string | null; email: string | null }): Promise<void>;
}
