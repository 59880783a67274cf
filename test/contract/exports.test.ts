import { connect } from 'node:net';
import { parse } from 'csv-parse/sync';
import t from 'tap';
import { createTestDatabase, type TestDatabase } from '../fixtures/database.ts';
import { enter, type Hall, openSale, startTestService, type TestService } from '../fixtures/service.ts';
import { waitFor } from '../fixtures/wait-for.ts';

const ADMIN = 'an-admin-token-for-tests';

function download(api: TestService, file: string, token = ADMIN): Promise<Response> {
  return fetch(`${api.url}/api/v1/admin/exports/${file}`, { headers: { authorization: `Bearer ${token}` } });
}

/** A payment of the seats by a new fan, refunded if asked. */
async function buy(
  api: TestService,
  { concertId, scheduleId }: Hall,
  seatNumbers: readonly number[],
  { isRefunded = false } = {},
): Promise<string> {
  const fan = await enter(api, concertId);
  await api.call('POST', '/me/balance/charge', { token: fan.accessToken, body: { amount: 1_000_000 } });
  const held = await api.call('POST', '/reservations', { token: fan.queueToken, body: { scheduleId, seatNumbers } });
  const { reservations } = held.as<{ reservations: { reservationId: string }[] }>();
  const reservationIds = reservations.map(({ reservationId }) => reservationId);
  const paid = await api.call('POST', '/payments', { token: fan.queueToken, body: { reservationIds } });
  const { paymentId } = paid.as<{ paymentId: string }>();
  if (isRefunded) await api.call('POST', `/payments/${paymentId}/refund`, { token: fan.accessToken });
  return paymentId;
}

async function rowsOf<T>(api: TestService, file: string, token?: string): Promise<T[]> {
  const lines = (await (await download(api, `${file}`, token)).text()).split('\n').filter((line) => line !== '');
  return lines.map((line) => JSON.parse(line) as T);
}

async function limitedKey(api: TestService, concertId: number): Promise<string> {
  const key = await api.admin('POST', '/admin/keys', { name: 'x', role: 'MANAGER', concertIds: [concertId] });
  return key.as<{ secret: string }>().secret;
}

async function snapshots({ pool }: TestDatabase): Promise<number> {
  const { rows } = await pool.query<{ count: number }>(
    `SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in transaction%'`,
  );
  return rows[0]?.count ?? 0;
}

t.test('payments, reservations, ledger and queue leave as CSV and as NDJSON, with the same rows', async (t) => {
  const api = await startTestService(t, await createTestDatabase(t));
  const hall = await openSale(api);
  const evil = await api.call('POST', '/users', { body: { name: '=cmd|"a",1', email: '-x@example.com' } });
  const evilFan = await enter(api, hall.concertId, evil.as());
  await api.call('POST', '/reservations', {
    token: evilFan.queueToken,
    body: { scheduleId: hall.scheduleId, seatNumber: 9 },
  });
  const kept = await buy(api, hall, [1, 2]);
  const refunded = await buy(api, hall, [3], { isRefunded: true });

  const payments = await rowsOf<Record<string, unknown>>(api, 'payments.ndjson');
  t.match(payments, [
    { paymentId: kept, status: 'COMPLETED', ...hall, title: '밤의 노래', amount: 2_000, seatNumbers: [1, 2] },
    { paymentId: refunded, status: 'REFUNDED', amount: 1_000, seatNumbers: [3], refundedAt: /Z$/ },
  ]);
  t.match(await rowsOf(api, 'reservations.ndjson'), [
    { seatNumber: 9, status: 'HELD', name: '=cmd|"a",1', seatLabel: 'A열 9번', section: null, row: 'A' },
    { seatNumber: 1, status: 'CONFIRMED', paymentId: kept, expiresAt: null },
    { seatNumber: 2 },
    { seatNumber: 3, status: 'REFUNDED', paymentId: refunded },
  ]);
  const ledger = await rowsOf<{ type: string; amount: number }>(api, 'ledger.ndjson');
  t.same(
    ledger.map(({ type, amount }) => [type, amount]),
    [
      ['CHARGE', 1_000_000],
      ['PAYMENT', -2_000],
      ['CHARGE', 1_000_000],
      ['PAYMENT', -1_000],
      ['REFUND', 1_000],
    ],
  );
  t.match(await rowsOf(api, 'queue.ndjson'), [
    { number: 1, status: 'ACTIVE', userId: evilFan.userId },
    { number: 2, status: 'COMPLETED' },
    { number: 3, status: 'COMPLETED' },
  ]);
  for (const table of ['payments', 'reservations', 'ledger', 'queue']) {
    const answer = await download(api, `${table}.csv`);
    t.equal(answer.headers.get('content-type'), 'text/csv; charset=utf-8; header=present');
    t.match(
      answer.headers.get('content-disposition'),
      new RegExp(`^attachment; filename="frontrow-${table}-[0-9-]{10}.csv"$`),
    );
    t.equal(answer.headers.get('cache-control'), 'no-store');
    const bytes = Buffer.from(await answer.arrayBuffer());
    t.same([...bytes.subarray(0, 3)], [0xef, 0xbb, 0xbf], `${table} begins with a byte order mark`);
    const parsed = parse<Record<string, string>>(bytes, { bom: true, columns: true });
    const rows = await rowsOf<Record<string, unknown>>(api, `${table}.ndjson`);
    t.same(Object.keys(parsed[0] ?? {}), Object.keys(rows[0] ?? {}), `${table} has the same names in both`);
    t.equal(parsed.length, rows.length, table);
    for (const { name } of parsed) t.notMatch(name, /^=/, 'no name is a formula');
  }
  t.match(await (await download(api, 'reservations.csv')).text(), `"'=cmd|""a"",1",'-x@example.com`);
});

t.test('an export without rows has its row of names', async (t) => {
  const api = await startTestService(t, await createTestDatabase(t));
  const text = await (await download(api, 'queue.csv')).text();
  t.match(text, /^concertId,title,number,status,userId,name,email,.*\r\n$/);
  t.equal(await (await download(api, 'queue.ndjson')).text(), '');
  const head = await fetch(`${api.url}/api/v1/admin/exports/queue.csv`, {
    method: 'HEAD',
    headers: { authorization: `Bearer ${ADMIN}` },
  });
  t.match(head.headers.get('content-disposition'), /queue/);
  t.equal((await download(api, 'users.csv')).status, 400);
});

t.test('an export of a concert has its rows only; a limited key exports nothing else', async (t) => {
  const api = await startTestService(t, await createTestDatabase(t));
  const [one, two] = [await openSale(api), await openSale(api)];
  const [first, second] = [await buy(api, one, [1]), await buy(api, two, [1])];
  const idsOf = async (query: string, token?: string) =>
    (await rowsOf<{ paymentId: string }>(api, `payments.ndjson${query}`, token)).map(({ paymentId }) => paymentId);
  t.same(await idsOf(''), [first, second]);
  t.same(await idsOf(`?concertId=${two.concertId}`), [second]);
  const key = await limitedKey(api, one.concertId);
  t.same(await idsOf('', key), [first]);
  t.same(await idsOf(`?concertId=${one.concertId}`, key), [first]);
  for (const [concertId, token] of [
    [two.concertId, key],
    [999, ADMIN],
  ] as const) {
    const answer = await download(api, `payments.csv?concertId=${concertId}`, token);
    t.match([answer.status, await answer.json()], [404, { code: 'CONCERT_NOT_FOUND' }]);
    t.equal(answer.headers.get('content-disposition'), null, 'a problem is no file');
  }
  t.match(
    (await rowsOf<{ type: string }>(api, 'ledger.ndjson', key)).map(({ type }) => type),
    ['PAYMENT'],
    'charges belong to no concert',
  );
});

t.test('a third export at a time is refused in words, and a caller that goes away makes room', async (t) => {
  const database = await createTestDatabase(t);
  const api = await startTestService(t, database);
  // More than the buffers of a connection can take.
  await database.pool.query(
    `INSERT INTO payments (payment_id, user_id, concert_id, schedule_id, amount, status, paid_at)
     SELECT gen_random_uuid(), gen_random_uuid(), 1, 1, n, 'COMPLETED', now() FROM generate_series(1, 60000) n`,
  );
  const { port, hostname } = new URL(api.url);
  const callers = [1, 2].map(() => {
    const socket = connect(Number(port), hostname);
    socket.pause();
    socket.write(
      `GET /api/v1/admin/exports/payments.ndjson HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${ADMIN}\r\n\r\n`,
    );
    return socket;
  });
  await waitFor(async () => (await snapshots(database)) === 2 || null, { what: 'two exports under way' });
  const refused = await api.admin('GET', '/admin/exports/queue.csv', undefined, { 'accept-language': 'en' });
  t.match(refused, { status: 429, body: { code: 'EXPORT_LIMIT_REACHED', detail: /ask again/ } });
  t.equal(refused.headers.get('retry-after'), '1');
  for (const caller of callers) caller.destroy();
  await waitFor(async () => (await snapshots(database)) === 0 || null, { what: 'the end of both snapshots' });
  t.equal((await download(api, 'queue.csv')).status, 200);
  await database.pool.query('DELETE FROM payments');
});
