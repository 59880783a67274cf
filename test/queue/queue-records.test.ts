import { randomUUID } from 'node:crypto';
import type { Pool } from 'pg';
import t, { type Test } from 'tap';
import { v7 as uuidV7 } from 'uuid';
import { createPool } from '../../src/persistence/pool.ts';
import { createQueueRecords } from '../../src/persistence/records/queue-records.ts';
import type { QueueEnd, QueueEntry, QueueEntryOutcome, QueueHead, QueueRecords } from '../../src/domain/queue-token.ts';
import { createTestDatabase } from '../fixtures/database.ts';
import { silentLog } from '../fixtures/silent-log.ts';
import { waitFor } from '../fixtures/wait-for.ts';

const ISSUED_AT_MS = 1_763_600_000_123;

interface Start {
  readonly pool: Pool;
  readonly url: string;
  readonly records: QueueRecords;
  readonly heads: readonly QueueHead[];
}

/** A database with so many concerts, all taken over. */
async function start(t: Test, concerts = 1): Promise<Start> {
  const { pool, url } = await createTestDatabase(t);
  const { rows } = await pool.query<{ concert_id: number }>(
    `INSERT INTO concerts (title, artist, venue, time_zone, booking_opens_at, booking_closes_at,
       queue_max_active, queue_batch, queue_interval_ms, queue_active_ttl_ms)
     SELECT 'Night', 'IU', 'Jamsil', 'Asia/Seoul', to_timestamp(0), clock_timestamp() + interval '1 day', 100, 10, 10000, 3600000
     FROM generate_series(1, $1) RETURNING concert_id`,
    [concerts],
  );
  const records = createQueueRecords({ pool, log: silentLog });
  const heads = await Promise.all(rows.map((row) => records.takeOver(row.concert_id, null)));
  return { pool, url, records, heads: heads.filter((head) => head !== null) };
}

function headOf({ heads }: Start): QueueHead {
  const [head] = heads;
  if (head === undefined) throw new Error('there is no concert');
  return { concertId: head.concertId, generation: head.generation };
}

function entryOf(head: QueueHead, userId: string = randomUUID()): QueueEntry {
  return { ...head, userId, tokenId: uuidV7(), issuedAtMs: ISSUED_AT_MS };
}

function rowOf(outcome: QueueEntryOutcome | undefined) {
  if (outcome === undefined || outcome.type === 'fenced') throw new Error('nobody was entered');
  return outcome.row;
}

/** Waits until so many statements of this database wait for a lock. */
function untilBlocked(pool: Pool, count = 1): Promise<unknown> {
  const blocked = `SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`;
  return waitFor(async () => (await pool.query<{ count: number }>(blocked)).rows[0]?.count === count, {
    what: 'a lock wait',
  });
}

t.test('what is recorded is read back to the millisecond', async (t) => {
  const started = await start(t);
  const { records } = started;
  const head = headOf(started);
  const [outcome] = await records.enter([entryOf(head)]);
  const entered = rowOf(outcome);
  t.match(entered, { no: 1, status: 'WAITING', issuedAtMs: ISSUED_AT_MS, endedAtMs: null });
  t.same(await records.findOne(entered.tokenId), entered);
  const [activatedAtMs, activeUntilMs, endedAtMs] = [ISSUED_AT_MS + 1, ISSUED_AT_MS + 3_600_001, ISSUED_AT_MS + 77];
  await records.admit([{ ...head, tokenId: entered.tokenId, activatedAtMs, activeUntilMs }]);
  t.same(await records.listAdmissions(head.concertId, 0, 10), [{ tokenId: entered.tokenId, activatedAtMs }]);
  await records.end([{ ...head, tokenId: entered.tokenId, status: 'COMPLETED', endedAtMs }]);
  t.same(await records.find([entered.tokenId]), [
    { ...entered, status: 'COMPLETED', activatedAtMs, activeUntilMs, endedAtMs },
  ]);
});

t.test('two racing entries of one user get the same token', async (t) => {
  const started = await start(t);
  const { pool, records } = started;
  const head = headOf(started);
  const userId = randomUUID();
  // Both statements begin before either can number: neither sees the other's token.
  const client = await pool.connect();
  await client.query('BEGIN');
  await client.query('SELECT FROM queue_heads FOR UPDATE');
  const racing = [records.enter([entryOf(head, userId)]), records.enter([entryOf(head), entryOf(head, userId)])];
  await untilBlocked(pool, 2);
  await client.query('COMMIT');
  client.release();
  const outcomes = (await Promise.all(racing)).flat();
  const own = outcomes.filter((outcome) => rowOf(outcome).userId === userId);
  t.equal(new Set(own.map((outcome) => rowOf(outcome).tokenId)).size, 1);
  t.same(own.map((outcome) => outcome.type).sort(), ['entered', 'live']);

  const { rows } = await pool.query<{ tokens: number; unused: number; numbers: number[]; next_no: number }>(`
    SELECT (SELECT count(*) FROM queue_tokens) AS tokens, (SELECT count(*) FROM queue_unused_numbers) AS unused, (
      SELECT array_agg(no ORDER BY no) FROM (SELECT no FROM queue_tokens UNION ALL SELECT no FROM queue_unused_numbers) n
    ) AS numbers, next_no FROM queue_heads`);
  t.same(rows, [{ tokens: 2, unused: 1, numbers: [1, 2, 3], next_no: 4 }], 'the number that nobody got is recorded');
});

/** Ends the tokens as a line does: those that another statement has locked are ended by a later one. */
async function endAll(records: QueueRecords, ends: readonly QueueEnd[]): Promise<void> {
  let left = ends;
  while (left.length > 0) {
    const { locked } = await records.end(left);
    left = left.filter(({ tokenId }) => locked.has(tokenId));
  }
}

t.test('entries, admissions and ends of many lines at once never block each other for good', async (t) => {
  const { records, heads } = await start(t, 8);
  const shuffled = (): QueueHead[] => [...heads].sort(() => Math.random() - 0.5);
  const entered = (
    await Promise.all(Array.from({ length: 20 }, () => records.enter(shuffled().map((head) => entryOf(head)))))
  ).flat();
  const tokens = entered.map((outcome) => rowOf(outcome));
  const generation = (concertId: number): number => heads.find((head) => head.concertId === concertId)?.generation ?? 0;
  await Promise.all(
    Array.from({ length: 20 }, (_, nth) => {
      const some = tokens.filter((_, position) => position % 5 === nth % 5).sort(() => Math.random() - 0.5);
      const changes = some.map(({ tokenId, concertId }) => ({ tokenId, concertId, generation: generation(concertId) }));
      if (nth % 2 === 0) {
        return records.admit(
          changes.map((change) => ({ ...change, activatedAtMs: ISSUED_AT_MS, activeUntilMs: ISSUED_AT_MS + 1 })),
        );
      }
      const ends = changes.map((change) => ({ ...change, status: 'CANCELLED' as const, endedAtMs: ISSUED_AT_MS + 1 }));
      return endAll(records, ends);
    }),
  );
  const numbers = tokens.map(({ concertId, no }) => `${concertId}:${no}`);
  t.equal(new Set(numbers).size, 160);
  t.ok(
    tokens.every(({ no }) => no <= 20),
    'each line is numbered without a gap',
  );
  const rows = await records.find(tokens.map(({ tokenId }) => tokenId));
  t.same([...new Set(rows.map((row) => row.status))], ['CANCELLED']);
});

/** Runs the statement in a transaction that stays open until the returned function is called. */
async function during(pool: Pool, text: string, values: unknown[]): Promise<() => Promise<void>> {
  const client = await pool.connect();
  await client.query('BEGIN');
  await client.query(text, values);
  return async () => {
    await client.query('COMMIT');
    client.release();
  };
}

t.test('a generation is raised after the writes under it, and those of other lines do not wait', async (t) => {
  const started = await start(t, 2);
  const { pool, records } = started;
  const [head, other] = started.heads.map(({ concertId, generation }) => ({ concertId, generation }));
  if (head === undefined || other === undefined) throw new Error('two concerts were not made');
  // As an end holds it until it has committed.
  const commit = await during(pool, 'SELECT FROM queue_heads WHERE concert_id = $1 FOR SHARE', [head.concertId]);
  const raisedOther = { ...other, generation: other.generation + 1 };
  t.same(await records.raise([head, other]), { raised: [raisedOther], locked: [head] });
  await commit();
  t.same(await records.raise([head]), { raised: [{ ...head, generation: head.generation + 1 }], locked: [] });
});

t.test('a locked token is left as it is, and others are changed without waiting', async (t) => {
  const started = await start(t);
  const { pool, records } = started;
  const head = headOf(started);
  const [locked, free] = (await records.enter([entryOf(head), entryOf(head)])).map((outcome) => rowOf(outcome).tokenId);
  const tokenIds = [locked ?? '', free ?? ''];
  const commit = await during(pool, 'SELECT FROM queue_tokens WHERE token_id = $1 FOR UPDATE', [locked]);
  const expected = { changed: new Set([free]), locked: new Set([locked]), kept: new Set(), fenced: new Set() };
  const admissions = tokenIds.map((tokenId) => ({ ...head, tokenId, activatedAtMs: 5, activeUntilMs: 6 }));
  t.same(await records.admit(admissions), expected);
  const ends = tokenIds.map((tokenId) => ({ ...head, tokenId, status: 'EXPIRED' as const, endedAtMs: 7 }));
  t.same(await records.end(ends), expected);
  await commit();
  t.match(await records.end(ends), { changed: new Set([locked]), locked: new Set() });
});

t.test('a head that is locked at the start is taken over later, unless another process has it by then', async (t) => {
  const started = await start(t, 3);
  const { pool, records } = started;
  const [, taken, lost] = started.heads.map(({ concertId }) => concertId);
  const commit = await during(pool, 'SELECT FROM queue_heads WHERE concert_id >= $1 FOR UPDATE', [taken]);
  const heads = await records.takeOverAll();
  t.same(
    heads.toSorted((one, other) => one.concertId - other.concertId).map(({ isTaken }) => isTaken),
    [true, false, false],
  );
  await commit();
  await createQueueRecords({ pool, log: silentLog }).takeOver(lost ?? 0, null);
  const below = (concertId: number | undefined) =>
    heads.find((head) => head.concertId === concertId)?.generation ?? null;
  t.match(await records.takeOver(taken ?? 0, below(taken)), { concertId: taken, generation: below(taken) });
  t.equal(await records.takeOver(lost ?? 0, below(lost)), null);
});

t.test('a write that waited while the generation was raised is refused', async (t) => {
  const started = await start(t);
  const { pool, records } = started;
  const head = headOf(started);
  const [entered] = (await records.enter([entryOf(head)])).map(rowOf);
  const token = { ...head, tokenId: entered?.tokenId ?? '' };
  const client = await pool.connect();
  await client.query('BEGIN');
  await client.query('UPDATE queue_heads SET generation = generation + 1');
  const late = [
    records.enter([entryOf(head)]),
    records.admit([{ ...token, activatedAtMs: ISSUED_AT_MS, activeUntilMs: ISSUED_AT_MS + 1 }]),
    records.end([{ ...token, status: 'EXPIRED', endedAtMs: 1 }]),
  ] as const;
  await untilBlocked(pool, 3);
  await client.query('COMMIT');
  client.release();
  const refused = { changed: new Set(), locked: new Set(), kept: new Set(), fenced: new Set([head.concertId]) };
  t.same(await Promise.all(late), [[{ type: 'fenced' }], refused, refused]);
  t.match(await records.find([token.tokenId]), [{ status: 'WAITING' }]);
});

t.test('raising is repeatable by its holder, and impossible after a take-over', async (t) => {
  const started = await start(t);
  const { records } = started;
  const head = headOf(started);
  const raised = { ...head, generation: head.generation + 1 };
  t.same(await records.raise([head]), { raised: [raised], locked: [] });
  t.same(await records.raise([head]), { raised: [raised], locked: [] }, 'as after a lost answer');
  const [taken] = await records.takeOverAll();
  t.ok((taken?.generation ?? 0) > raised.generation + 1);
  t.same(await records.raise([head]), { raised: [], locked: [] });
  t.same(await records.raise([raised]), { raised: [], locked: [] });
});

t.test('a change tells what was refused by the status of its row', async (t) => {
  const started = await start(t);
  const { records } = started;
  const head = headOf(started);
  const [one, other] = (await records.enter([entryOf(head), entryOf(head)])).map(rowOf);
  const admissions = [one, other].map((row) => ({
    ...head,
    tokenId: row?.tokenId ?? '',
    activatedAtMs: 5,
    activeUntilMs: 6,
  }));
  await records.end([{ ...head, tokenId: one?.tokenId ?? '', status: 'CANCELLED', endedAtMs: 4 }]);
  t.match(await records.admit(admissions), { changed: new Set([other?.tokenId]), fenced: new Set() });
  t.match(await records.admit(admissions), { changed: new Set(), fenced: new Set() });
});

t.test('who takes a line over knows up to which number every entry is readable', async (t) => {
  const started = await start(t);
  const { records } = started;
  const head = headOf(started);
  const userId = randomUUID();
  const numbers = { first: 1, last: 3 };
  const outcomes = await records.enter([entryOf(head), entryOf(head, userId), entryOf(head)]);
  t.match(outcomes, [
    { type: 'entered', numbers },
    { type: 'entered', numbers },
    { type: 'entered', numbers },
  ]);
  const later = await records.enter([entryOf(head, userId), entryOf(head)]);
  t.match(later, [{ type: 'live' }, { type: 'entered', numbers: { first: 4, last: 4 } }]);
  t.equal((await records.takeOver(head.concertId, null))?.nextNo, 5);
  const numbered = await records.listNumbered(head.concertId, { first: 2, last: 3 });
  t.same(new Set(numbered.map(({ no }) => no)), new Set([2, 3]));
});

t.test('an end that asks for holds keeps the token of a user who has one, and says so', async (t) => {
  const started = await start(t);
  const { pool, records } = started;
  const head = headOf(started);
  const [holding, released, asked] = (await records.enter([entryOf(head), entryOf(head), entryOf(head)])).map(rowOf);
  await pool.query(
    `INSERT INTO reservations (reservation_id, schedule_id, concert_id, user_id, seat_number, price, status, created_at,
       expires_at, ended_at, epoch, seq)
     SELECT gen_random_uuid(), $1, $1, user_id, seat, 1, status, clock_timestamp(), clock_timestamp(), ended_at, 1, 1
     FROM unnest($2::uuid[], $3::int[], $4::text[], $5::timestamptz[]) AS r(user_id, seat, status, ended_at)`,
    [
      head.concertId,
      [holding, released, asked].map((row) => row?.userId),
      [1, 2, 3],
      ['HELD', 'CANCELLED', 'HELD'],
      [null, new Date(), null],
    ],
  );
  const ends = [holding, released, asked].map((row) => ({
    ...head,
    tokenId: row?.tokenId ?? '',
    status: 'EXPIRED' as const,
    endedAtMs: ISSUED_AT_MS + 1,
    unlessHolding: row !== asked,
  }));
  t.same(await records.end(ends), {
    changed: new Set([released?.tokenId, asked?.tokenId]),
    locked: new Set(),
    kept: new Set([holding?.tokenId]),
    fenced: new Set(),
  });
  t.match(await records.find([holding?.tokenId ?? '']), [{ status: 'WAITING' }]);
});

t.test('a connection that dies under a write leaves its outcome unknown, under a read nothing', async (t) => {
  const started = await start(t);
  const { pool, records } = started;
  const head = headOf(started);
  const client = await pool.connect();
  await client.query('BEGIN');
  await client.query('SELECT FROM queue_heads FOR UPDATE');
  const entering = records.enter([entryOf(head)]).catch((error: unknown) => error);
  await untilBlocked(pool);
  await pool.query(
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
  );
  t.match(await entering, { code: 'STORE_UNAVAILABLE', effect: 'unknown' });
  await client.query('COMMIT');
  client.release();
  t.match(await records.enter([entryOf(head)]), [{ type: 'entered' }], 'the next one has another connection');
});

t.test('a write that gave up on a lock, or never found a connection, has done nothing', async (t) => {
  const started = await start(t);
  const { pool, url, records } = started;
  const head = headOf(started);
  const client = await pool.connect();
  await client.query('BEGIN');
  await client.query('SELECT FROM queue_heads FOR UPDATE');
  const blocked = records.enter([entryOf(head)]).catch((error: unknown) => error);
  await untilBlocked(pool);
  const narrow = createPool({ databaseUrl: url, max: 1, log: silentLog });
  t.teardown(() => narrow.end());
  const only = await narrow.connect();
  const unconnected = createQueueRecords({ pool: narrow, log: silentLog })
    .enter([entryOf(head)])
    .catch((error: unknown) => error)
    .finally(() => only.release());
  t.match(await blocked, { code: 'QUEUE_UNAVAILABLE', effect: 'none' });
  t.match(await unconnected, { code: /STORE_UNAVAILABLE/, effect: 'none' });
  await client.query('COMMIT');
  client.release();
  t.equal((await pool.query('SELECT FROM queue_tokens')).rowCount, 0);
});

t.test('lines that are opened together share statements, and a locked one holds up none of them', async (t) => {
  const started = await start(t, 100);
  const { pool, records, heads } = started;
  const entries = heads.flatMap((head) => [entryOf(head), entryOf(head)]);
  const rows = (await records.enter(entries)).map(rowOf);
  const admitted = rows.filter((_, nth) => nth % 2 === 0);
  const generations = new Map(heads.map(({ concertId, generation }) => [concertId, generation]));
  await records.admit(
    admitted.map(({ concertId, tokenId }) => {
      const generation = generations.get(concertId) ?? 0;
      return { concertId, generation, tokenId, activatedAtMs: concertId, activeUntilMs: 100_000 };
    }),
  );
  const [locked, ...free] = heads.map(({ concertId }) => concertId);
  const commit = await during(pool, 'SELECT FROM queue_heads WHERE concert_id = $1 FOR UPDATE', [locked]);
  let statements = 0;
  pool.on('acquire', () => (statements += 1));
  const taking = records.takeOver(locked ?? 0, null);
  const taken = await Promise.all(free.map((concertId) => records.takeOver(concertId, null)));
  t.same(
    taken.map((head) => head?.generation),
    free.map((concertId) => 1_000_000 + (generations.get(concertId) ?? 0)),
  );
  const lists = await Promise.all(free.map((concertId) => records.listFirstLive(concertId)));
  t.same(
    lists.map((list) => ({ ...list, rows: list.rows.map(({ tokenId }) => tokenId).toSorted() })),
    free.map((concertId) => ({
      isAll: true,
      rows: rows
        .filter((row) => row.concertId === concertId)
        .map(({ tokenId }) => tokenId)
        .toSorted(),
    })),
  );
  const admissions = await Promise.all(free.map((concertId) => records.listAdmissions(concertId, 0, concertId)));
  t.same(
    admissions,
    free.map((concertId) => {
      const tokenId = admitted.find((row) => row.concertId === concertId)?.tokenId;
      return [{ tokenId, activatedAtMs: concertId }];
    }),
  );
  t.ok(statements < 10, `${statements} statements`);
  await commit();
  t.match(await taking, { concertId: locked });
});

t.test('reviews of the same time share statements, and each gets its own tokens', async (t) => {
  const started = await start(t, 100);
  const { pool, records, heads } = started;
  const rows = (await records.enter(heads.map((head) => entryOf(head)))).map(rowOf);
  const ends = rows.map(({ tokenId }, nth) => ({ ...(heads[nth] ?? headOf(started)), tokenId }));
  await records.end(ends.slice(10).map((end) => ({ ...end, status: 'CANCELLED', endedAtMs: ISSUED_AT_MS + 1 })));
  let statements = 0;
  pool.on('acquire', () => (statements += 1));
  const reviews = await Promise.all(rows.map(({ tokenId }) => records.review([tokenId])));
  t.same(
    reviews.map(({ ended }) => ended.map(({ tokenId }) => tokenId)),
    rows.map(({ tokenId }, nth) => (nth < 10 ? [] : [tokenId])),
  );
  t.ok(statements < 5, `${statements} statements`);
});

t.test('live tokens are listed page by page, each once', async (t) => {
  const started = await start(t);
  const { records } = started;
  const head = headOf(started);
  const tokens = (await records.enter(Array.from({ length: 25 }, () => entryOf(head)))).map(rowOf);
  await records.end([{ ...head, tokenId: tokens[7]?.tokenId ?? '', status: 'EXPIRED', endedAtMs: 1 }]);
  const listed: string[] = [];
  for (let after: string | null = null; ; ) {
    const page = await records.listLive(head.concertId, after, 10);
    listed.push(...page.map((row) => row.tokenId));
    const last = page.at(-1);
    if (last === undefined) break;
    after = last.userId;
  }
  t.equal(listed.length, 24);
  t.same(new Set(listed), new Set(tokens.filter((_, nth) => nth !== 7).map((row) => row.tokenId)));
});
