import { accept, type FaultEffect, reject } from '../../domain/errors.ts';
import { createLookUps } from '../../runtime/look-ups.ts';
import type { User, UserRecords } from '../../domain/user.ts';
import { type Connections, plainArray, readRows, runStatement, WAITING_LIMIT_MS } from '../journal/statement.ts';

interface UserRow {
  user_id: string;
  name: string;
  email: string | null;
  created_ms: number;
}

const CREATED_MS = 'floor(extract(epoch FROM created_at) * 1000)::float8 AS created_ms';

/** Creates a user and the wallet together. Returns no row if id or address is taken. */
const INSERT_USER = `
  WITH created AS (
    INSERT INTO users (user_id, name, email) VALUES ($1, $2, $3)
    ON CONFLICT DO NOTHING RETURNING user_id, name, email, ${CREATED_MS}
  ), wallet AS (
    INSERT INTO wallets (user_id) SELECT user_id FROM created
  )
  SELECT * FROM created`;

const SELECT_USERS = `SELECT user_id, name, email, ${CREATED_MS} FROM users WHERE user_id = ANY($1::uuid[])`;

/**
 * When a sale opens, thousands of users arrive that a node does not know yet. One statement for each cost more than all other work
 * of entering a line.
 */
const LOOK_UPS = { callsInFlight: 2, keysPerCall: 500, waiting: 5_000 };

function userOf(row: UserRow): User {
  return { userId: row.user_id, name: row.name, email: row.email, createdAt: new Date(row.created_ms).toISOString() };
}

/** Users in PostgreSQL. Every method throws a Fault `STORE_UNAVAILABLE` when the database does not answer. */
export function createUserRecords({ pool }: { pool: Connections }): UserRecords {
  async function insert(
    values: readonly [string, string, string | null],
    inDoubt: FaultEffect,
  ): Promise<UserRow | undefined> {
    const [row] = await runStatement<UserRow>(pool, { text: INSERT_USER, values }, inDoubt, WAITING_LIMIT_MS);
    return row;
  }

  const lookUps = createLookUps<string, UserRow | undefined>({
    ...LOOK_UPS,
    async load(userIds) {
      const statement = { name: 'find-users', text: SELECT_USERS, values: [plainArray(userIds)] };
      const rows = await readRows<UserRow>(pool, statement);
      const found = new Map(rows.map((row) => [row.user_id, row]));
      return userIds.map((userId) => found.get(userId));
    },
  });

  return {
    async register({ userId, name, email }) {
      const row = await insert([userId, name, email], 'unknown');
      return row === undefined ? reject('EMAIL_TAKEN') : accept(userOf(row));
    },

    async find(userId) {
      const row = await lookUps.get(userId);
      return row === undefined ? null : userOf(row);
    },

    async has(userId) {
      return (await lookUps.get(userId)) !== undefined;
    },

    async ensure({ userId, name, email }) {
      // The caller's request has had no effect yet, and repeating these writes is harmless. Most users with an operator's token are
      // known already, so the look-up saves a write and its commit.
      const known = (await lookUps.get(userId)) ?? (await insert([userId, name ?? '', email], 'none'));
      // No row: another request has created the user meanwhile, which the next insert tolerates, or the address is taken.
      if (known === undefined) await insert([userId, name ?? '', null], 'none');
    },
  };
}
