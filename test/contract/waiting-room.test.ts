import { randomUUID } from 'node:crypto';
import t from 'tap';
import type { ApiClient } from '../fixtures/api-client.ts';
import { createTestDatabase } from '../fixtures/database.ts';
import { addSchedule, enter, openSale, register, startTestService } from '../fixtures/service.ts';
import { waitFor } from '../fixtures/wait-for.ts';

const database = await createTestDatabase(t);
const api = await startTestService(t, database);
const impatient = await startTestService(t, await createTestDatabase(t), {
  QUEUE_ABANDON_MS: '600',
  QUEUE_NO_SHOW_MS: '600',
});

const status = (token: string, client: ApiClient = api) => client.call('GET', '/queue/status', { token });
const statusOf = async (token: string, client: ApiClient = api) => (await status(token, client)).body['status'];
const position = (token: string) => api.call('GET', `/queue/tokens/${token}/position`);
const becomes = (token: string, wanted: string, client: ApiClient = api) =>
  waitFor(async () => (await client.call('GET', `/queue/tokens/${token}/position`)).body['status'] === wanted, {
    what: `the token to become ${wanted}`,
  });
const change = (concertId: number, queue: object) => api.admin('PATCH', `/admin/concerts/${concertId}/queue`, queue);

t.test('an entry is answered with a whole QueueToken, ACTIVE at once where slot and rate allow', async (t) => {
  const { concertId } = await openSale(api, { queue: { maxActive: 1, activeTtlMs: 60_000 } });
  const fan = await register(api);
  const answer = await api.call('POST', '/queue/tokens', { token: fan.accessToken, body: { concertId } });
  t.equal(answer.status, 201);
  t.strictSame(Object.keys(answer.body), [
    'token',
    'userId',
    'concertId',
    'status',
    'queuePosition',
    'estimatedWaitTime',
    'estimatedWaitRange',
    'activeUntil',
    'issuedAt',
    'activatedAt',
    'endedAt',
    'pollAfterMs',
  ]);
  t.match(answer.body, { userId: fan.userId, concertId, status: 'ACTIVE', queuePosition: 0, endedAt: null });
  t.match(answer.body['token'], /^fq_[A-Za-z0-9._~-]+$/);
  const { activatedAt, activeUntil, issuedAt } = answer.as<Record<string, string>>();
  t.equal(Date.parse(activeUntil ?? '') - Date.parse(activatedAt ?? ''), 60_000);
  t.match(issuedAt, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  const token = String(answer.body['token']);
  t.strictSame((await status(token)).body, answer.body);
  t.strictSame((await position(token)).body, answer.body);
  const waiting = await enter(api, concertId);
  const behind = await enter(api, concertId);
  t.match((await status(waiting.queueToken)).body, {
    status: 'WAITING',
    queuePosition: 1,
    estimatedWaitTime: 30,
    activatedAt: null,
    activeUntil: null,
    endedAt: null,
  });
  t.match((await status(behind.queueToken)).body, { queuePosition: 2, estimatedWaitTime: 60 });
  t.ok(Number((await status(behind.queueToken)).body['pollAfterMs']) <= 30_000);
  const { queue } = (await api.call('GET', `/concerts/${concertId}`)).as<{ queue: object }>();
  t.strictSame(queue, { waiting: 2, active: 1, maxActive: 1, paused: false });
});

t.test('a user has one live token per concert, however often and wherever they ask', async (t) => {
  const { concertId } = await openSale(api);
  const { accessToken: token, userId } = await register(api);
  const answers = await Promise.all(
    Array.from({ length: 40 }, (_, index) =>
      api.call('POST', index % 2 === 0 ? '/queue/tokens' : '/queue/token', { token, body: { concertId, userId } }),
    ),
  );
  t.equal(new Set(answers.map(({ body }) => body['token'])).size, 1);
  t.strictSame(
    answers.map((answer) => answer.status).toSorted((a, b) => a - b),
    [...Array<number>(39).fill(200), 201],
  );
  const elsewhere = await openSale(api);
  const other = await api.call('POST', '/queue/tokens', { token, body: { concertId: elsewhere.concertId } });
  t.equal(other.status, 201, 'another concert has another line');
  t.match(await api.call('POST', '/queue/tokens', { token, body: { concertId, userId: randomUUID() } }), {
    status: 403,
    body: { code: 'FORBIDDEN' },
  });
});

t.test('who leaves frees the slot and the seats at once; leaving twice is as good as once', async (t) => {
  const { concertId, scheduleId } = await openSale(api, { queue: { maxActive: 1, intervalMs: 100 } });
  const second = await addSchedule(api, concertId, { inDays: 12 });
  const fan = await enter(api, concertId);
  const next = await enter(api, concertId);
  const held: string[] = [];
  for (const schedule of [scheduleId, second]) {
    const body = { scheduleId: schedule, seatNumber: 1 };
    held.push(String((await api.call('POST', '/reservations', { token: fan.queueToken, body })).body['reservationId']));
  }
  const leaving = await api.call('DELETE', `/queue/tokens/${fan.queueToken}`);
  t.equal(leaving.status, 204);
  t.strictSame(leaving.body, {});
  for (const id of held) {
    const { body } = await api.call('GET', `/reservations/${id}`, { token: fan.accessToken });
    t.equal(body['status'], 'CANCELLED');
  }
  await becomes(next.queueToken, 'ACTIVE');
  const map = await api.call('GET', `/schedules/${second}/seats`, { token: next.queueToken });
  t.equal(map.body['availableSeats'], 50);
  t.equal((await api.call('DELETE', `/queue/tokens/${fan.queueToken}`)).status, 204);
  const ended = await status(fan.queueToken);
  t.match(ended, { status: 200, body: { status: 'CANCELLED', queuePosition: null, estimatedWaitTime: null } });
  t.match(ended.body['endedAt'], /Z$/);
  t.match(await api.call('GET', `/concerts/${concertId}/schedules`, { token: fan.queueToken }), {
    status: 401,
    body: { code: 'QUEUE_TOKEN_CANCELLED' },
  });
  t.equal((await api.call('GET', '/me', { token: fan.queueToken })).status, 200, 'it still says who they are');
  const paid = await api.call('POST', '/payments', { token: fan.queueToken, body: { reservationId: held[0] } });
  t.match(paid, { status: 409, body: { code: 'RESERVATION_CANCELLED' } });
});

t.test('leaving does not take back what was paid, nor seats of another concert', async (t) => {
  const [one, other] = [await openSale(api), await openSale(api)];
  const fan = await enter(api, one.concertId);
  const there = await enter(api, other.concertId, fan);
  await api.call('POST', '/me/balance/charge', { token: fan.accessToken, body: { amount: 1_000 } });
  const hold = (token: string, scheduleId: number, seatNumber: number) =>
    api.call('POST', '/reservations', { token, body: { scheduleId, seatNumber } });
  await hold(fan.queueToken, one.scheduleId, 1);
  await hold(fan.queueToken, one.scheduleId, 2);
  await hold(there.queueToken, other.scheduleId, 1);
  await api.call('POST', '/payments', { token: fan.accessToken, body: { scheduleId: one.scheduleId, seatNumber: 1 } });
  t.equal(await statusOf(fan.queueToken), 'ACTIVE', 'another hold is live');
  t.equal((await api.call('DELETE', `/queue/tokens/${fan.queueToken}`)).status, 204);
  const mine = await api.call('GET', '/me/reservations', { token: fan.accessToken });
  t.match(
    (mine.body['reservations'] as { status: string }[]).map((reservation) => reservation.status),
    ['HELD', 'CANCELLED', 'CONFIRMED'],
  );
});

t.test('a pause lets nobody in and ejects nobody; who waits learns that the wait is unknown', async (t) => {
  const { concertId } = await openSale(api, { queue: { intervalMs: 100 } });
  const inside = await enter(api, concertId);
  for (const pause of [{ batch: 0 }, { maxActive: 0 }]) {
    t.match(await change(concertId, pause), { status: 200, body: { queue: pause } });
    const fan = await enter(api, concertId);
    t.match((await status(fan.queueToken)).body, { status: 'WAITING', queuePosition: 1, estimatedWaitTime: null });
    t.match((await api.call('GET', `/concerts/${concertId}`)).body['queue'], { paused: true, waiting: 1 });
    const activation = await api.call('PATCH', `/queue/tokens/${fan.queueToken}/activate`);
    t.match(activation, {
      status: 409,
      body: { code: 'QUEUE_NOT_YOUR_TURN', queuePosition: 1, estimatedWaitTime: null },
    });
    t.equal(await statusOf(inside.queueToken), 'ACTIVE');
    t.equal((await change(concertId, { batch: 10, maxActive: 100 })).status, 200);
    await becomes(fan.queueToken, 'ACTIVE');
  }
});

t.test('a pause by the flag keeps the policy, and its end resumes at the former pace', async (t) => {
  const policy = { maxActive: 2, batch: 7, intervalMs: 100, activeTtlMs: 60_000 };
  const { concertId } = await openSale(api, { queue: policy });
  const found = (await api.admin('GET', `/admin/concerts/${concertId}`)).body;
  t.match(found['queue'], { ...policy, paused: false });
  const inside = await enter(api, concertId);

  t.match(await change(concertId, { paused: true }), { status: 200, body: { queue: { ...policy, paused: true } } });
  t.match((await api.admin('GET', `/admin/concerts/${concertId}`)).body['queue'], { ...policy, paused: true });
  const fan = await enter(api, concertId);
  const waiting = { status: 'WAITING', queuePosition: 1, estimatedWaitTime: null, estimatedWaitRange: null };
  t.match((await status(fan.queueToken)).body, waiting);
  t.match((await api.call('GET', `/concerts/${concertId}`)).body, {
    queue: { waiting: 1, active: 1, maxActive: 2, paused: true },
  });
  const activation = await api.call('PATCH', `/queue/tokens/${fan.queueToken}/activate`);
  t.match(activation, {
    status: 409,
    body: { code: 'QUEUE_NOT_YOUR_TURN', queuePosition: 1, estimatedWaitTime: null },
  });
  t.equal(await statusOf(inside.queueToken), 'ACTIVE', 'nobody is ejected');

  t.match((await change(concertId, { maxActive: 3 })).body, { queue: { ...policy, maxActive: 3, paused: true } });
  t.match((await status(fan.queueToken)).body, waiting, 'another policy does not resume');
  t.match((await change(concertId, { paused: false })).body, { queue: { ...policy, maxActive: 3, paused: false } });
  await becomes(fan.queueToken, 'ACTIVE');

  const { version } = (await api.admin('GET', `/admin/concerts/${concertId}`)).body;
  t.equal(version, Number(found['version']) + 3, 'each change raises the version');
  t.match(await change(concertId, { paused: 'yes' }), { status: 400, body: { code: 'VALIDATION_FAILED' } });
});

t.test('a concert is created with a paused queue, and an edit of the concert resumes it', async (t) => {
  const { concertId } = await openSale(api, { queue: { paused: true } });
  const fan = await enter(api, concertId);
  t.match((await status(fan.queueToken)).body, { status: 'WAITING', estimatedWaitTime: null });
  const { version } = (await api.admin('GET', `/admin/concerts/${concertId}`)).as<{ version: number }>();
  const matching = { 'if-match': `"${version}"` };
  const edited = await api.admin('PATCH', `/admin/concerts/${concertId}`, { queue: { paused: false } }, matching);
  t.match(edited, { status: 200, body: { queue: { paused: false, batch: 1_000 } } });
  await becomes(fan.queueToken, 'ACTIVE');
});

t.test('a change of policy applies to a running queue at once', async (t) => {
  const { concertId } = await openSale(api, { queue: { maxActive: 1, intervalMs: 3_600_000 } });
  const fans = [await enter(api, concertId), await enter(api, concertId), await enter(api, concertId)];
  t.equal(await statusOf(fans[1]?.queueToken ?? ''), 'WAITING');
  const changed = await change(concertId, { maxActive: 2 });
  t.match(changed.body, { concertId, queue: { maxActive: 2, batch: 1_000, intervalMs: 3_600_000 } });
  await becomes(fans[1]?.queueToken ?? '', 'ACTIVE');
  t.equal(await statusOf(fans[2]?.queueToken ?? ''), 'WAITING');
  t.equal((await change(concertId, { maxActive: 1, activeTtlMs: 1_000 })).status, 200);
  t.equal(await statusOf(fans[1]?.queueToken ?? ''), 'ACTIVE', 'nobody is ejected');
  t.match(await change(999_999, { maxActive: 1 }), { status: 404, body: { code: 'CONCERT_NOT_FOUND' } });
});

t.test('admissions keep to batch in any window, in order of entry', async (t) => {
  const intervalMs = 400;
  const { concertId } = await openSale(api, { queue: { batch: 3, intervalMs, maxActive: 100 } });
  const tokens: string[] = [];
  for (let count = 0; count < 11; count += 1) tokens.push((await enter(api, concertId)).queueToken);
  await becomes(tokens.at(-1) ?? '', 'ACTIVE');
  const admitted = await Promise.all(
    tokens.map(async (token) => Date.parse(String((await status(token)).body['activatedAt']))),
  );
  t.strictSame(
    admitted,
    admitted.toSorted((a, b) => a - b),
    'in order',
  );
  for (let index = 3; index < admitted.length; index += 1) {
    const distanceMs = (admitted[index] ?? 0) - (admitted[index - 3] ?? 0);
    if (distanceMs < intervalMs) t.fail(`${distanceMs} ms between admissions ${index - 3} and ${index}`);
  }
  t.ok((admitted[10] ?? 0) - (admitted[0] ?? 0) < 3 * intervalMs + 1_000, 'nobody waits without a reason');
});

t.test('a guarded request of who waits first tries the admission, else tells the place', async (t) => {
  const { concertId, scheduleId } = await openSale(api, { queue: { maxActive: 1, intervalMs: 100 } });
  const [inside, next] = [await enter(api, concertId), await enter(api, concertId)];
  for (const [method, path, body] of [
    ['GET', `/concerts/${concertId}/schedules`, undefined],
    ['GET', `/schedules/${scheduleId}/seats`, undefined],
    ['GET', `/concerts/${concertId}/seats`, undefined],
    ['POST', '/reservations', { scheduleId, seatNumber: 1 }],
    ['POST', `/concerts/${concertId}/seats/1/reserve`, undefined],
  ] as const) {
    const answer = await api.call(method, path, { token: next.queueToken, ...(body === undefined ? {} : { body }) });
    const expected = { code: 'QUEUE_NOT_ACTIVE', queuePosition: 1, estimatedWaitTime: 30 };
    t.match(answer, { status: 403, body: expected }, path);
  }
  t.equal((await api.call('GET', '/me/balance', { token: next.queueToken })).status, 200, 'the wallet needs no turn');
  await change(concertId, { maxActive: 2 });
  const held = await api.call('POST', '/reservations', { token: next.queueToken, body: { scheduleId, seatNumber: 1 } });
  t.equal(held.status, 201, 'admitted by its own request');
  t.equal(await statusOf(inside.queueToken), 'ACTIVE');
});

t.test('a payment ends the token when no other hold in the concert is live, on whatever date', async (t) => {
  const { concertId, scheduleId } = await openSale(api);
  const second = await addSchedule(api, concertId, { inDays: 12 });
  const fan = await enter(api, concertId);
  const { queueToken: token } = fan;
  await api.call('POST', '/me/balance/charge', { token, body: { amount: 10_000 } });
  const hold = (schedule: number, seatNumber: number) =>
    api.call('POST', '/reservations', { token, body: { scheduleId: schedule, seatNumber } });
  const pay = (schedule: number, seatNumber: number) =>
    api.call('POST', '/payments', { token, body: { scheduleId: schedule, seatNumber } });
  await hold(scheduleId, 1);
  await hold(second, 1);
  await hold(second, 2);
  t.equal((await pay(scheduleId, 1)).status, 201);
  t.equal(await statusOf(token), 'ACTIVE');
  t.equal((await pay(second, 1)).status, 201);
  t.equal(await statusOf(token), 'ACTIVE');
  t.equal((await pay(second, 2)).status, 201);
  t.equal(await statusOf(token), 'COMPLETED');
  t.match(await hold(scheduleId, 5), { status: 401, body: { code: 'QUEUE_TOKEN_COMPLETED' } });
  for (const path of ['/me', '/me/balance', '/me/balance/history', '/me/reservations', '/me/payments']) {
    t.equal((await api.call('GET', path, { token })).status, 200, path);
  }
  const anew = await api.call('POST', '/queue/tokens', { token: fan.accessToken, body: { concertId } });
  t.equal(anew.status, 201);
  t.not(anew.body['token'], token);
});

t.test('two last payments of two dates at once end the token within two seconds', async (t) => {
  for (let round = 0; round < 3; round += 1) {
    const { concertId, scheduleId } = await openSale(api);
    const second = await addSchedule(api, concertId, { inDays: 12 });
    const { queueToken: token } = await enter(api, concertId);
    await api.call('POST', '/me/balance/charge', { token, body: { amount: 10_000 } });
    const schedules = [scheduleId, second];
    for (const schedule of schedules) {
      await api.call('POST', '/reservations', { token, body: { scheduleId: schedule, seatNumber: 1 } });
    }
    const paid = await Promise.all(
      schedules.map((schedule) =>
        api.call('POST', '/payments', { token, body: { scheduleId: schedule, seatNumber: 1 } }),
      ),
    );
    t.strictSame(
      paid.map((answer) => answer.status),
      [201, 201],
    );
    await waitFor(async () => (await statusOf(token)) === 'COMPLETED', { what: 'COMPLETED', deadlineMs: 2_000 });
  }
});

t.test('who stays away loses the place, who polls keeps it', async (t) => {
  const { concertId } = await openSale(impatient, { queue: { maxActive: 1, intervalMs: 100 } });
  const [inside, away, polling] = [
    await enter(impatient, concertId),
    await enter(impatient, concertId),
    await enter(impatient, concertId),
  ];
  // The last in line polls, and the first shops, until the one between them has been away for too long.
  await waitFor(
    async () => {
      await impatient.call('GET', `/concerts/${concertId}/schedules`, { token: inside.queueToken });
      return (await status(polling.queueToken, impatient)).body['queuePosition'] === 1;
    },
    { what: 'the absent one to be passed' },
  );
  t.equal(await statusOf(away.queueToken, impatient), 'EXPIRED');
  t.equal(await statusOf(inside.queueToken, impatient), 'ACTIVE');
  t.equal(await statusOf(polling.queueToken, impatient), 'WAITING');
  t.match(await impatient.call('GET', `/concerts/${concertId}/schedules`, { token: away.queueToken }), {
    status: 401,
    body: { code: 'QUEUE_TOKEN_EXPIRED' },
  });
});

t.test('who is let in and does nothing loses the slot, and who made one request keeps it', async (t) => {
  const { concertId } = await openSale(impatient, { queue: { maxActive: 2, intervalMs: 100 } });
  const absent = await enter(impatient, concertId);
  const present = await enter(impatient, concertId);
  await impatient.call('GET', `/concerts/${concertId}/schedules`, { token: present.queueToken });
  const next = await enter(impatient, concertId);
  await waitFor(async () => (await statusOf(next.queueToken, impatient)) === 'ACTIVE', { what: 'the slot' });
  t.equal(await statusOf(present.queueToken, impatient), 'ACTIVE');
  t.equal(await statusOf(absent.queueToken, impatient), 'EXPIRED');
});

t.test('waiting tokens expire when booking closes', async (t) => {
  const answer = await api.admin('POST', '/admin/concerts', {
    title: 'a',
    artist: 'b',
    venue: 'c',
    bookingOpensAt: '2020-01-01T00:00:00Z',
    bookingClosesAt: new Date(Date.now() + 500).toISOString(),
    queue: { maxActive: 1, batch: 10, intervalMs: 100 },
  });
  const concertId = Number(answer.body['concertId']);
  const [inside, waiting] = [await enter(api, concertId), await enter(api, concertId)];
  await becomes(waiting.queueToken, 'EXPIRED');
  t.equal(await statusOf(inside.queueToken), 'ACTIVE');
});

t.test('a token in a path that is none is not found, and none of its kind is ever shown', async (t) => {
  const { concertId } = await openSale(api);
  const { queueToken } = await enter(api, concertId);
  for (const token of [
    'x',
    'fq_',
    `${queueToken}x`,
    queueToken.slice(0, -1),
    queueToken.toUpperCase(),
    '%00',
    '%EF%BF%BD',
  ]) {
    for (const [method, path] of [
      ['GET', `/queue/tokens/${token}/position`],
      ['PATCH', `/queue/tokens/${token}/activate`],
      ['DELETE', `/queue/tokens/${token}`],
    ] as const) {
      const answer = await api.call(method, path);
      t.match(answer, { status: 404, body: { code: 'QUEUE_TOKEN_NOT_FOUND' } }, `${method} ${token}`);
      t.notOk(JSON.stringify(answer.body).includes('fq_'));
    }
  }
  const metrics = await (await fetch(`${api.url}/metrics`)).text();
  t.notOk(metrics.includes('fq_'), 'metrics name the route');
  t.ok(metrics.includes('/queue/tokens/:token'));
  t.equal(await statusOf(queueToken), 'ACTIVE');
});

t.test('activation of who is in already is as good as once, and ended tokens are refused by their end', async (t) => {
  const { concertId } = await openSale(api, { queue: { activeTtlMs: 1_000 } });
  const { queueToken: token } = await enter(api, concertId);
  const activate = () => api.call('PATCH', `/queue/tokens/${token}/activate`, { body: {} });
  const [first, again] = [await activate(), await activate()];
  t.strictSame([first.status, again.status], [200, 200]);
  t.equal(again.body['activatedAt'], first.body['activatedAt']);
  await becomes(token, 'EXPIRED');
  t.match(await activate(), { status: 401, body: { code: 'QUEUE_TOKEN_EXPIRED' } });
  const ended = (await status(token)).body;
  t.ok(Date.parse(String(ended['endedAt'])) >= Date.parse(String(ended['activeUntil'])), 'not early');
});
