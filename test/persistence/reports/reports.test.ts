import t from 'tap';
import { createReports } from '../../../src/persistence/reports/reports.ts';
import { createTestDatabase, type TestDatabase } from '../../fixtures/database.ts';

const ALL = { limit: 100, after: null };

/** Rows of the log of schedule 7, beside those of another schedule in the same flushes. */
async function log({ pool }: TestDatabase, ...flushes: readonly (readonly object[])[]): Promise<void> {
  let next = 1;
  for (const events of flushes) {
    const last = next + events.length - 1;
    await pool.query(
      `INSERT INTO seat_log_flushes (batch_id, schedule_ids, first_seqs, last_seqs, epochs, events)
       VALUES (gen_random_uuid(), '{8,7}', $1, $2, '{1,3}', ARRAY[$3::json, $4::json])`,
      [[next, next], [last, last], JSON.stringify(events), JSON.stringify(events)],
    );
    next = last + 1;
  }
}

t.test('the history of a seat has causes that this version does not know, and changes of several seats', async (t) => {
  const database = await createTestDatabase(t);
  const { seatHistory } = createReports(database);
  await log(
    database,
    [
      { type: 'HELD', seatNumber: 5, at: 1, userId: 'u', price: 12 },
      { type: 'BLOCKED', seatNumbers: [4, 5, 12], at: 2, reason: 'camera' },
    ],
    [
      { type: 'UNBLOCKED', seatNumbers: [4, 12], at: 3 },
      { type: 'MOVED', seatNumber: 2, toSeat: 5, at: 4, reservationId: '01990000-0000-7000-8000-000000000000' },
    ],
    [{ type: 'HELD', seatNumber: 12, at: 5, price: 5 }],
  );
  const { items } = await seatHistory(7, 5, ALL);
  t.match(items, [
    { seq: 4, epoch: 3, atMs: 4, cause: 'MOVED', details: { seatNumber: 2, toSeat: 5 }, userId: null },
    { seq: 2, atMs: 2, cause: 'BLOCKED', details: { seatNumbers: [4, 5, 12], reason: 'camera' } },
    { seq: 1, atMs: 1, cause: 'HELD', userId: 'u', details: { seatNumber: 5, price: 12 } },
  ]);
  t.equal(items.length, 3, 'a price of 5 won or seat 12 is no seat 5');
});

t.test('a page of a history ends where the next one begins', async (t) => {
  const database = await createTestDatabase(t);
  const { seatHistory } = createReports(database);
  const event = (at: number) => ({ type: 'HELD', seatNumber: 5, at });
  await log(database, [event(1), event(2), event(3)], [event(4), event(5)]);
  const seqs: number[] = [];
  let after: string | null = null;
  do {
    const page: Awaited<ReturnType<typeof seatHistory>> = await seatHistory(7, 5, { limit: 2, after });
    seqs.push(...page.items.map(({ seq }) => seq));
    after = page.nextCursor;
  } while (after !== null);
  t.same(seqs, [5, 4, 3, 2, 1]);
});
