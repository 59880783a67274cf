import t, { type Test } from 'tap';
import { ApiProblem, NetworkFailure } from '../../src/client/failures.ts';
import { type ClientOptions, createFrontrowClient } from '../../src/client/frontrow-client.ts';
import type { Attempt } from '../../src/client/requests.ts';
import { problem, type Step, startScriptedServer } from './scripted-server.ts';

const RECEIPT = { entryId: 1, previousBalance: 0, currentBalance: 5_000, createdAt: '2026-11-20T10:00:00.000Z' };
const DONE: Step = { status: 200, body: RECEIPT };

async function start(t: Test, steps: readonly Step[], options: ClientOptions = {}) {
  const server = await startScriptedServer(t, steps);
  const attempts: Attempt[] = [];
  const client = createFrontrowClient({
    baseUrl: server.url,
    limits: { firstRetryMs: 4, longestRetryMs: 8, deadlineMs: 20_000, answerMs: 700 },
    onAttempt: (attempt) => void attempts.push(attempt),
    ...options,
  });
  return { server, client, attempts };
}

const CUTS: readonly [string, Step][] = [
  ['the connection is cut', 'cut'],
  ['no answer comes', 'silence'],
  ['half an answer comes', { status: 200, headers: { 'content-length': '50' }, text: '{"entryId"' }],
  ['something between answers with a page', { status: 200, text: '<html>Sign in to this network</html>' }],
  ['a gateway finds nobody', { status: 502, text: 'Bad Gateway' }],
  ['a gateway waits in vain', { status: 504, text: '' }],
  ['the service does not know the outcome', problem(503, 'STORE_UNAVAILABLE', { outcome: 'unknown' })],
  ['the service has done nothing', problem(503, 'OVERLOADED', { outcome: 'none' })],
  ['the rate is limited', problem(429, 'RATE_LIMITED')],
  ['the request came too slowly', problem(408, 'REQUEST_TIMEOUT')],
  ['the first one is still being decided', problem(409, 'IDEMPOTENCY_IN_PROGRESS')],
];

for (const [what, step] of CUTS) {
  t.test(`a charge is asked for again with the same key when ${what}`, async (t) => {
    const { server, client } = await start(t, [step, step, DONE]);
    t.same(await client.as('token').charge(5_000), RECEIPT);
    t.equal(server.seen.length, 3);
    const [first] = server.seen;
    t.match(first, {
      method: 'POST',
      path: '/api/v1/me/balance/charge',
      body: '{"amount":5000}',
      key: /^[0-9a-f]{32}$/,
    });
    for (const { key, body, method, path } of server.seen) {
      t.same({ key, body, method, path }, { key: first?.key, body: first?.body, method: 'POST', path: first?.path });
    }
  });
}

t.test('every call has a key of its own, and the caller may name it', async (t) => {
  const { server, client } = await start(t, [DONE]);
  await client.as('token').charge(5_000);
  await client.as('token').charge(5_000);
  await client.as('token').charge(5_000, { idempotencyKey: 'mine' });
  t.equal(new Set(server.seen.map(({ key }) => key)).size, 3);
  t.equal(server.seen[2]?.key, 'mine');
});

t.test('every call that reserves, pays, refunds or charges carries a key, and no other one', async (t) => {
  const { server, client } = await start(t, [{ status: 200, body: {} }]);
  const fan = client.as('u');
  const shopper = client.inQueue('fq_q');
  await fan.charge(1);
  await fan.pay(['r']);
  await shopper.pay({ scheduleId: 1, seatNumber: 2 });
  await fan.refund('p');
  await shopper.hold(1, [1]);
  t.ok(
    server.seen.every(({ key }) => key !== undefined),
    'a key each',
  );
  const keyed = server.seen.length;
  await fan.enterQueue(1);
  await fan.release('r');
  await fan.renewToken();
  await fan.me();
  await shopper.leave();
  await shopper.activate();
  await shopper.seats(1);
  await client.register({ name: 'n', email: 'e@example.com' });
  await client.admin('a').changeQueue(1, { batch: 0 });
  t.ok(
    server.seen.slice(keyed).every(({ key }) => key === undefined),
    'no key',
  );
  t.same(
    server.seen.map(({ method, path }) => `${method} ${path}`),
    [
      'POST /api/v1/me/balance/charge',
      'POST /api/v1/payments',
      'POST /api/v1/payments',
      'POST /api/v1/payments/p/refund',
      'POST /api/v1/reservations',
      'POST /api/v1/queue/tokens',
      'DELETE /api/v1/reservations/r',
      'POST /api/v1/me/token',
      'GET /api/v1/me',
      'DELETE /api/v1/queue/tokens/fq_q',
      'PATCH /api/v1/queue/tokens/fq_q/activate',
      'GET /api/v1/schedules/1/seats',
      'POST /api/v1/users',
      'PATCH /api/v1/admin/concerts/1/queue',
    ],
  );
});

for (const [status, code] of [
  [400, 'INSUFFICIENT_BALANCE'],
  [401, 'QUEUE_TOKEN_EXPIRED'],
  [403, 'QUEUE_NOT_ACTIVE'],
  [404, 'RESERVATION_NOT_FOUND'],
  [409, 'SEAT_TAKEN'],
  [410, 'RESERVATION_EXPIRED'],
  [422, 'IDEMPOTENCY_KEY_REUSED'],
  [500, 'INTERNAL_ERROR'],
] as const) {
  t.test(`${status} ${code} is a decision and is not asked for again`, async (t) => {
    const { server, client } = await start(t, [problem(status, code, { amount: 2 }), DONE]);
    const error: unknown = await client
      .as('token')
      .pay(['r'])
      .catch((error: unknown) => error);
    t.ok(error instanceof ApiProblem);
    t.match(error, { status, code, title: 'T', detail: 'D', members: { amount: 2 }, retryAfterMs: null });
    t.match(error, { requestId: '00000000-0000-4000-8000-000000000000' });
    t.equal(server.seen.length, 1);
  });
}

t.test('what is neither idempotent nor keyed is not sent twice when it may have been done', async (t) => {
  for (const step of ['cut', problem(503, 'STORE_UNAVAILABLE', { outcome: 'unknown' })] as const) {
    const { server, client } = await start(t, [step, { status: 201, body: {} }]);
    const error: unknown = await client
      .register({ name: 'n', email: 'e@example.com' })
      .catch((error: unknown) => error);
    t.match(error, { outcome: 'unknown' });
    t.equal(server.seen.length, 1);
  }
  const { server, client } = await start(t, [
    problem(503, 'OVERLOADED', { outcome: 'none' }),
    { status: 201, body: {} },
  ]);
  await client.register({ name: 'n', email: 'e@example.com' });
  t.equal(server.seen.length, 2, 'but is when nothing was done');
});

t.test('Retry-After is waited for, however short the own wait would be', async (t) => {
  const limited: Step = { status: 429, headers: { 'retry-after': '1' }, body: { code: 'RATE_LIMITED' } };
  const { client, attempts } = await start(t, [limited, DONE]);
  const startMs = performance.now();
  await client.as('token').charge(1);
  t.ok(performance.now() - startMs >= 1_000, 'a second');
  t.match(attempts, [
    { operation: 'charge', attempt: 1, status: 429, code: 'RATE_LIMITED' },
    { operation: 'charge', attempt: 2, status: 200, code: null, retryInMs: null },
  ]);
  const waitMs = attempts[0]?.retryInMs ?? 0;
  t.ok(waitMs >= 1_000 && waitMs <= 1_004, `and some jitter: ${waitMs}`);
});

t.test('a wait that the deadline does not leave time for is not begun', async (t) => {
  const { server, client } = await start(t, [{ status: 503, headers: { 'retry-after': '60' }, body: {} }]);
  const startMs = performance.now();
  const error: unknown = await client
    .as('token')
    .balance()
    .catch((error: unknown) => error);
  t.ok(performance.now() - startMs < 15_000, 'at once');
  t.match(error, { status: 503, code: 'HTTP_503', retryAfterMs: 60_000, outcome: 'none' });
  t.equal(server.seen.length, 1);
});

t.test('a service that stays away is given up at the deadline, and what is unknown is said to be', async (t) => {
  const { server, client } = await start(t, ['cut']);
  const startMs = performance.now();
  const charging: unknown = await client
    .as('token')
    .charge(1, { deadlineMs: 600 })
    .catch((error: unknown) => error);
  const tookMs = performance.now() - startMs;
  t.ok(charging instanceof NetworkFailure);
  t.match(charging, { outcome: 'unknown' });
  t.ok(tookMs < 5_000, `${tookMs} ms`);
  t.ok(server.seen.length > 2, `${server.seen.length} attempts`);
  const reading: unknown = await client
    .as('token')
    .balance({ deadlineMs: 50 })
    .catch((error: unknown) => error);
  t.match(reading, { outcome: 'none' }, 'a read leaves nothing behind');
});

t.test('an attempt without an answer makes the outcome unknown, whatever the last one says', async (t) => {
  const { client } = await start(t, [
    'cut',
    { status: 503, headers: { 'retry-after': '60' }, body: { code: 'OVERLOADED', outcome: 'none' } },
  ]);
  const error: unknown = await client
    .as('token')
    .charge(1)
    .catch((error: unknown) => error);
  t.match(error, { status: 503, outcome: 'unknown' });
});

t.test('what is no decision says whether anything may have been done', async (t) => {
  for (const [step, outcome] of [
    [problem(429, 'RATE_LIMITED'), 'none'],
    [problem(408, 'REQUEST_TIMEOUT'), 'none'],
    [problem(409, 'IDEMPOTENCY_IN_PROGRESS'), 'unknown'],
    [problem(500, 'INTERNAL_ERROR'), 'unknown'],
    [problem(503, 'STORE_UNAVAILABLE', { outcome: 'unknown' }), 'unknown'],
    [problem(503, 'OVERLOADED', { outcome: 'none' }), 'none'],
    [problem(409, 'SEAT_TAKEN'), null],
  ] as const) {
    const { client } = await start(t, [{ ...step, headers: { 'retry-after': '60' } }]);
    const error: unknown = await client
      .as('token')
      .charge(1)
      .catch((error: unknown) => error);
    t.ok(error instanceof ApiProblem);
    t.match(error, { outcome });
  }
});

t.test('an aborted call ends at once, with the reason that was given', async (t) => {
  const reason = new Error('the fan has left');
  for (const step of ['silence', 'cut'] as const) {
    const { client } = await start(t, [step], {
      limits: { answerMs: 60_000, deadlineMs: 60_000, firstRetryMs: 50_000, longestRetryMs: 50_000 },
      random: () => 0.9,
    });
    const controller = new AbortController();
    const call = client.as('token').charge(1, { signal: controller.signal });
    setTimeout(() => controller.abort(reason), 20);
    const error: unknown = await call.catch((error: unknown) => error);
    t.equal(error, reason);
  }
  const { server, client } = await start(t, [DONE]);
  const error: unknown = await client
    .as('token')
    .charge(1, { signal: AbortSignal.abort(reason) })
    .catch((error: unknown) => error);
  t.equal(error, reason);
  t.equal(server.seen.length, 0, 'before anything was sent');
});

t.test('waits grow, are spread over all of their range, and are bounded', async (t) => {
  const dice = [0, 0.999, 0.5, 0.999, 0.999];
  const away = problem(503, 'OVERLOADED', { outcome: 'none' });
  const { client, attempts } = await start(t, [away, away, away, away, away, DONE], {
    random: () => dice.shift() ?? 0,
    limits: { firstRetryMs: 4, longestRetryMs: 12 },
  });
  await client.as('token').balance();
  t.same(
    attempts.map(({ retryInMs }) => (retryInMs === null ? null : Math.round(retryInMs))),
    [0, 8, 6, 12, 12, null],
  );
});

t.test('a release whose answer was lost is a success when the hold is found cancelled', async (t) => {
  const cancelled = { reservationId: 'r', status: 'CANCELLED', seq: 7 };
  const { server, client } = await start(t, [
    'cut',
    problem(409, 'RESERVATION_NOT_HELD', { reservationStatus: 'CANCELLED' }),
    { status: 200, body: cancelled },
  ]);
  t.same(await client.as('token').release('r'), cancelled);
  t.same(
    server.seen.map(({ method }) => method),
    ['DELETE', 'DELETE', 'GET'],
  );
  const paid = await start(t, [
    problem(409, 'RESERVATION_NOT_HELD', { reservationStatus: 'CONFIRMED' }),
    { status: 200, body: cancelled },
  ]);
  await t.rejects(paid.client.as('token').release('r'), { code: 'RESERVATION_NOT_HELD' });
});

t.test('problems are asked for in the language of the moment', async (t) => {
  let language: 'ko' | 'en' = 'ko';
  const { server, client } = await start(t, [{ status: 200, body: { concerts: [] } }], { language: () => language });
  await client.concerts.available();
  language = 'en';
  await client.concerts.available();
  t.same(
    server.seen.map(({ headers }) => headers['accept-language']),
    ['ko', 'en'],
  );
});

t.test('the time of the service is known from its Date, to a second', async (t) => {
  const date = new Date(Date.parse('2030-01-01T00:00:00Z'));
  const { client } = await start(t, [{ status: 200, headers: { date: date.toUTCString() }, body: { concerts: [] } }]);
  t.ok(Math.abs(client.serverNow() - Date.now()) < 1_000, "this machine's until then");
  await client.concerts.available();
  t.ok(Math.abs(client.serverNow() - date.getTime()) <= 1_000);
});
