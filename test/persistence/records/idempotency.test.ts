import type { Pool } from 'pg';
import t from 'tap';
import { v7 as uuid } from 'uuid';
import type { Grant } from '../../../src/domain/grant.ts';
import { createIdempotencyRecords } from '../../../src/persistence/records/idempotency.ts';
import { createPool } from '../../../src/persistence/pool.ts';
import { createTestDatabase } from '../../fixtures/database.ts';
import { silentLog } from '../../fixtures/silent-log.ts';

interface Recorded {
  userId: string;
  key: string;
  type?: Grant['type'];
  value?: unknown;
  firstSeq?: number;
  balance?: number;
  ageSeconds?: number;
}

const FIELDS = { concertId: 1, scheduleId: 1, startsAt: '2026-12-01T10:00:00.000Z', price: 1_000 };

async function record(
  pool: Pool,
  { userId, key, type = 'SeatsHeld', value = [], firstSeq, balance, ageSeconds = 0 }: Recorded,
): Promise<void> {
  await pool.query(
    `INSERT INTO idempotency_keys (user_id, key, fingerprint, type, body, first_seq, balance, created_at)
     VALUES ($1, $2, 'f', $3, $4, $5, $6, now() - $7::int * interval '1 second')`,
    [userId, key, type, JSON.stringify(value), firstSeq ?? null, balance ?? null, ageSeconds],
  );
}

t.test('a grant is found by the user and key under which it was recorded, and by no other', async (t) => {
  const { pool } = await createTestDatabase(t);
  const records = createIdempotencyRecords({ pool });
  const userId = uuid();
  const value = [{ ...FIELDS, seq: 7 }];
  await record(pool, { userId, key: 'a', value });
  t.same(await records.find(userId, 'a'), { fingerprint: 'f', grant: { type: 'SeatsHeld', value } });
  t.equal(await records.find(userId, 'b'), null);
  t.equal(await records.find(uuid(), 'a'), null);
});

t.test('a grant is kept for 24 hours', async (t) => {
  const { pool } = await createTestDatabase(t);
  const records = createIdempotencyRecords({ pool });
  const userId = uuid();
  await record(pool, { userId, key: 'young', ageSeconds: 86_400 - 60 });
  await record(pool, { userId, key: 'old', ageSeconds: 86_400 + 1 });
  t.ok(await records.find(userId, 'young'));
  t.equal(await records.find(userId, 'old'), null);
});

t.test('numbers and balance that the recording statement decided take their places in the grant', async (t) => {
  const { pool } = await createTestDatabase(t);
  const records = createIdempotencyRecords({ pool });
  const userId = uuid();
  const reservations = [
    { reservationId: 'r1', seq: 0 },
    { reservationId: 'r2', seq: 0 },
  ];
  const value = { paymentId: 'p', reservations, remainingBalance: 0, last: 1 };
  await record(pool, { userId, key: 'k', type: 'PaymentCompleted', value, firstSeq: 41, balance: 900 });
  const completed = [
    { reservationId: 'r1', seq: 41 },
    { reservationId: 'r2', seq: 42 },
  ];
  t.equal(
    JSON.stringify((await records.find(userId, 'k'))?.grant),
    JSON.stringify({
      type: 'PaymentCompleted',
      value: { paymentId: 'p', reservations: completed, remainingBalance: 900, last: 1 },
    }),
  );
});

t.test('a grant without an effect is recorded once; only one that is over 24 hours old gives way', async (t) => {
  const { pool } = await createTestDatabase(t);
  const records = createIdempotencyRecords({ pool });
  const userId = uuid();
  const claim = { key: 'k', fingerprint: 'mine' };
  const grant = (entryId: number): Grant => ({
    type: 'BalanceCharged',
    value: { entryId, previousBalance: 0, currentBalance: 1, createdAt: '2026-12-01T10:00:00.000Z' },
  });
  t.equal(await records.record(userId, claim, grant(1)), true);
  t.equal(await records.record(userId, claim, grant(2)), false);
  t.same(await records.find(userId, 'k'), { fingerprint: 'mine', grant: grant(1) });
  await pool.query(
    `INSERT INTO idempotency_keys (user_id, key, fingerprint, status, body, first_seq, balance, created_at)
     VALUES ($1, 'old', 'f', 201, '{}', 3, 9, now() - interval '86401 seconds')`,
    [userId],
  );
  t.equal(await records.record(userId, { ...claim, key: 'old' }, grant(3)), true);
  t.same((await records.find(userId, 'old'))?.grant, grant(3));
});

t.test('look-ups of one turn share a statement, and each gets its own answer', async (t) => {
  const { pool } = await createTestDatabase(t);
  const records = createIdempotencyRecords({ pool });
  const userIds = Array.from({ length: 150 }, () => uuid());
  for (const [i, userId] of userIds.entries()) {
    if (i % 3 !== 0) await record(pool, { userId, key: 'k', value: [{ i }] });
  }
  let statements = 0;
  pool.on('acquire', () => (statements += 1));
  const answers = await Promise.all(userIds.map((userId) => records.find(userId, 'k')));
  t.same(
    answers.map((answer) => answer?.grant.value ?? null),
    userIds.map((_, i) => (i % 3 === 0 ? null : [{ i }])),
  );
  t.equal(statements, 1);
});

t.test('a database that is away is a fault with nothing done', async (t) => {
  const pool = createPool({ databaseUrl: 'postgres://nobody@127.0.0.1:1/none', max: 1, log: silentLog });
  t.teardown(() => pool.end());
  await t.rejects(createIdempotencyRecords({ pool }).find(uuid(), 'k'), { code: 'STORE_UNAVAILABLE', effect: 'none' });
});
