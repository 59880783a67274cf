import type { Pool } from 'pg';
import t from 'tap';
import { QUEUE_INVARIANTS } from '../../../src/persistence/audit/queue-invariants.ts';
import { createTestDatabase } from '../../fixtures/database.ts';
import { createHistory, insertEntry, insertSale, insertUser } from '../small-history.ts';

/** All that happens here began an hour ago, so that tokens are kept long enough to be evidence. */
const BEGAN_MS = Date.now() - 3_600_000;
const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;

interface Token {
  readonly userId: string;
  readonly no: number;
  readonly status: string;
  /** Minutes after the beginning. */
  readonly issued: number;
  readonly admitted?: number;
  readonly ended?: number;
}

interface Line {
  readonly pool: Pool;
  readonly ann: string;
  readonly ben: string;
}

/** A line in which each kind of token has been, with what its holder did. */
async function createLine(t: Parameters<typeof createTestDatabase>[0]): Promise<Line> {
  const { pool } = await createTestDatabase(t);
  const sale = await insertSale(pool);
  const { concertId } = sale;
  const history = createHistory(pool, sale);
  const [ann, ben, cay, dan, eve] = await Promise.all(Array.from({ length: 5 }, () => insertUser(pool)));
  if (ann === undefined || ben === undefined || cay === undefined || dan === undefined || eve === undefined) {
    throw new Error('five users');
  }
  await pool.query('INSERT INTO queue_heads (concert_id, generation, next_no) VALUES ($1, 5, 7)', [concertId]);

  async function insert({ userId, no, status, issued, admitted, ended }: Token): Promise<void> {
    const at = (minutes: number | undefined) =>
      minutes === undefined ? null : (BEGAN_MS + minutes * MINUTE_MS) / 1_000;
    const until = admitted === undefined ? null : (BEGAN_MS + admitted * MINUTE_MS + HOUR_MS) / 1_000;
    await pool.query(
      `INSERT INTO queue_tokens (token_id, concert_id, user_id, no, generation, status, issued_at, activated_at, active_until, ended_at)
       VALUES (gen_random_uuid(), $1, $2, $3, least($3::bigint, 5), $4, to_timestamp($5), to_timestamp($6), to_timestamp($7), to_timestamp($8))`,
      [concertId, userId, no, status, at(issued), at(admitted), until, at(ended)],
    );
  }

  await insertEntry(pool, ann, 'CHARGE', 50_000);
  await insert({ userId: ann, no: 1, status: 'COMPLETED', issued: 0, admitted: 1, ended: 5 });
  await insert({ userId: ben, no: 2, status: 'ACTIVE', issued: 1, admitted: 1 });
  await insert({ userId: cay, no: 3, status: 'EXPIRED', issued: 2, ended: 4 });
  await insert({ userId: dan, no: 4, status: 'EXPIRED', issued: 3, admitted: 6, ended: 9 });
  await insert({ userId: ann, no: 5, status: 'CANCELLED', issued: 10, admitted: 11, ended: 20 });
  await insert({ userId: eve, no: 6, status: 'WAITING', issued: 30 });

  const at = (minutes: number): number => Math.round(BEGAN_MS + minutes * MINUTE_MS);
  const bought = await history.hold(ann, 1, at(2));
  await history.pay([bought], at(5));
  await history.hold(ben, 2, at(6));
  const left = await history.hold(ann, 3, at(12));
  await history.end(left, 'CANCELLED', at(20));
  return { pool, ann, ben };
}

const NO = (no: number, set: string): string => `UPDATE queue_tokens SET ${set} WHERE no = ${no}`;

/** Changes to the line, and exactly the invariants that each breaks. */
const changes: { what: string; sql: string[]; broken: string[] }[] = [
  { what: 'nothing', sql: [], broken: [] },
  {
    what: 'a token of an unknown user',
    sql: [NO(6, 'user_id = gen_random_uuid()')],
    broken: ['token-of-user-and-concert'],
  },
  {
    what: 'a token of an unknown concert',
    sql: [
      "INSERT INTO queue_tokens (token_id, concert_id, user_id, no, generation, status, issued_at) VALUES (gen_random_uuid(), 99, $ann, 1, 1, 'WAITING', now())",
    ],
    broken: ['queue-numbers', 'token-of-user-and-concert'],
  },
  {
    what: 'an end before the issue',
    sql: [NO(3, "ended_at = issued_at - interval '1 minute'")],
    broken: ['queue-times'],
  },
  {
    what: 'an end before the admission',
    sql: [NO(4, "ended_at = activated_at - interval '1 minute'")],
    broken: ['queue-times'],
  },
  {
    what: 'an admission before the issue',
    sql: [NO(2, "issued_at = issued_at + interval '4 minutes'")],
    broken: ['queue-times'],
  },
  {
    what: 'an issue long before that of a lower number',
    sql: [NO(6, "issued_at = issued_at - interval '26 minutes'")],
    broken: ['queue-times'],
  },
  {
    what: 'an end in the future',
    sql: [NO(5, "ended_at = now() + interval '1 hour'")],
    broken: ['queue-times'],
  },
  {
    what: 'an end that is later than the next token of the same user',
    sql: [NO(1, "ended_at = ended_at + interval '20 minutes'")],
    broken: ['one-live-token-per-user'],
  },
  {
    what: 'a token that lives on beside the next one of the same user',
    sql: ['DROP INDEX queue_tokens_live', NO(1, "status = 'ACTIVE', ended_at = NULL")],
    broken: ['one-live-token-per-user'],
  },
  {
    what: 'a longer time to live than the policy has',
    sql: [NO(2, "active_until = active_until + interval '1 minute'")],
    broken: ['queue-time-to-live'],
  },
  {
    what: 'a shorter time to live than the policy has',
    sql: [NO(2, "active_until = active_until - interval '1 second'")],
    broken: ['queue-time-to-live'],
  },
  {
    what: 'a time to live that no policy can have',
    sql: [NO(2, "active_until = active_until + interval '30 hours'")],
    broken: ['queue-lives', 'queue-time-to-live'],
  },
  {
    what: 'a completed token without a payment',
    sql: [NO(4, "status = 'COMPLETED'")],
    broken: ['completed-by-payment'],
  },
  {
    what: 'a completed token whose payment is of another concert',
    sql: ['UPDATE payments SET concert_id = 99'],
    broken: ['completed-by-payment'],
  },
  {
    what: 'a completed token whose payment came later',
    sql: ["UPDATE payments SET paid_at = paid_at + interval '2 minutes'"],
    broken: ['completed-by-payment'],
  },
  {
    what: 'a completed token that was never active',
    sql: [NO(1, 'activated_at = NULL, active_until = NULL')],
    broken: ['completed-by-payment', 'hold-under-token', 'queue-lives', 'queue-order'],
  },
  {
    what: 'a hold without a token',
    sql: ['DELETE FROM queue_tokens WHERE no = 2'],
    broken: ['hold-under-token', 'queue-numbers-accounted'],
  },
  {
    what: 'the first token of a line',
    sql: [
      'DELETE FROM payments',
      'DELETE FROM queue_tokens WHERE no = 1',
      "UPDATE reservations SET created_at = now() - interval '7 days' WHERE seat_number = 1",
    ],
    broken: ['queue-numbers-accounted'],
  },
  {
    what: 'the last token of a line',
    sql: ['DELETE FROM queue_tokens WHERE no = 6'],
    broken: ['queue-numbers-accounted'],
  },
  {
    what: 'a token whose number is recorded as unused',
    sql: ['INSERT INTO queue_unused_numbers (concert_id, no) SELECT concert_id, no FROM queue_tokens WHERE no = 6'],
    broken: ['queue-numbers-accounted'],
  },
  {
    what: 'a hold before the admission',
    sql: ["UPDATE reservations SET created_at = created_at - interval '6 minutes' WHERE user_id = $ben"],
    broken: ['hold-under-token'],
  },
  {
    what: 'a hold after the end',
    sql: ["UPDATE reservations SET created_at = created_at + interval '9 minutes' WHERE status = 'CANCELLED'"],
    broken: ['hold-under-token'],
  },
  {
    what: 'a hold after the time to live',
    sql: ["UPDATE reservations SET created_at = created_at + interval '2 hours' WHERE user_id = $ben"],
    broken: ['hold-under-token'],
  },
  {
    what: 'a hold under a token of another concert',
    sql: ['UPDATE reservations SET concert_id = 99 WHERE user_id = $ben'],
    broken: ['hold-under-token'],
  },
  { what: 'a generation that falls', sql: [NO(2, 'generation = 4')], broken: ['queue-generations'] },
  { what: 'a generation above the head', sql: [NO(6, 'generation = 6')], broken: ['queue-generations'] },
  {
    what: 'a token from before the booking window',
    sql: [`UPDATE concerts SET booking_opens_at = to_timestamp(${BEGAN_MS / 1_000} + 100)`],
    broken: ['queue-within-windows'],
  },
  {
    what: 'a token from after the booking window',
    sql: [`UPDATE concerts SET booking_closes_at = to_timestamp(${BEGAN_MS / 1_000} + 1700)`],
    broken: ['queue-within-windows'],
  },
  {
    what: 'nothing, where an entry left its number unused',
    sql: [
      'INSERT INTO queue_unused_numbers (concert_id, no) SELECT concert_id, no FROM queue_tokens WHERE no = 3',
      'DELETE FROM queue_tokens WHERE no = 3',
    ],
    broken: [],
  },
  {
    what: 'nothing, where numbers are missing from the time before unused ones were recorded',
    sql: ['UPDATE queue_heads SET accounted_from = 5', 'DELETE FROM queue_tokens WHERE no IN (3, 4)'],
    broken: [],
  },
  {
    what: 'nothing, where a token ended early because its holder was idle',
    sql: [NO(2, `status = 'EXPIRED', ended_at = activated_at + interval '8 minutes'`)],
    broken: [],
  },
  {
    what: 'nothing, where nobody was there to end a token in time',
    sql: [NO(4, "issued_at = issued_at, activated_at = activated_at, ended_at = activated_at + interval '50 minutes'")],
    broken: [],
  },
  {
    what: 'nothing, where a payment completed a token that was admitted while it was being settled',
    sql: [
      NO(
        1,
        `activated_at = to_timestamp(${BEGAN_MS / 1_000} + 305), active_until = to_timestamp(${BEGAN_MS / 1_000} + 3905), ended_at = ended_at + interval '10 seconds'`,
      ),
      "UPDATE reservations SET created_at = created_at + interval '3 minutes' WHERE status = 'CONFIRMED'",
      NO(
        2,
        `activated_at = to_timestamp(${BEGAN_MS / 1_000} + 306), active_until = to_timestamp(${BEGAN_MS / 1_000} + 3906)`,
      ),
    ],
    broken: [],
  },
  {
    what: 'nothing, where an entry waited for its line while later ones were numbered',
    sql: [NO(6, "issued_at = issued_at - interval '24 minutes'")],
    broken: [],
  },
  {
    what: 'nothing, where the tokens of old holds were deleted',
    sql: [
      "UPDATE reservations SET created_at = created_at - interval '8 days', expires_at = expires_at - interval '8 days'",
      'DELETE FROM queue_tokens WHERE no < 6',
      "UPDATE concerts SET created_at = now() - interval '30 days'",
    ],
    broken: [],
  },
];

t.test('the audit names what a change of a queue token breaks, and nothing else', async (t) => {
  const { pool, ann, ben } = await createLine(t);
  for (const { what, sql, broken } of changes) {
    const client = await pool.connect();
    try {
      await client.query('BEGIN');
      for (const statement of sql) {
        await client.query(statement.replaceAll('$ann', `'${ann}'`).replaceAll('$ben', `'${ben}'`));
      }
      const found: string[] = [];
      for (const { invariant, violations } of QUEUE_INVARIANTS) {
        const { rowCount } = await client.query(violations);
        if (rowCount !== 0) found.push(invariant);
      }
      t.same(found.toSorted(), broken, what);
    } finally {
      await client.query('ROLLBACK');
      client.release();
    }
  }
});
