import t from 'tap';
import { failure } from './fake-sales.ts';
import { type Fan, type FakeService, startFakeService } from './fake-service.ts';

type Shopper = Fan & { readonly queueToken: string };

async function hold({ call }: FakeService, fan: Shopper, scheduleId: number, seatNumber: number): Promise<string> {
  const answer = await call('POST', '/reservations', { token: fan.queueToken, body: { scheduleId, seatNumber } });
  return answer.json<{ reservationId: string }>().reservationId;
}

t.test('holds are paid by id, by ids or by seat', async (t) => {
  const service = await startFakeService(t);
  const { call, shopper } = service;
  const fan = await shopper();
  const [a, b, c] = [await hold(service, fan, 1, 1), await hold(service, fan, 1, 2), await hold(service, fan, 1, 3)];
  const pay = (body: object) => call('POST', '/payments', { token: fan.accessToken, body });
  t.match((await pay({ reservationId: a, seatNumber: 2 })).json(), { code: 'RESERVATION_NOT_FOUND' }, 'not its seat');
  t.match((await pay({ reservationIds: [c, b] })).json(), {
    amount: 220_000,
    remainingBalance: 780_000,
    reservations: [{ reservationId: c }, { reservationId: b }],
  });
  t.match((await pay({ reservationId: a, seatNumber: 1 })).json(), { reservations: [{ reservationId: a }] });
  const again = await shopper();
  await hold(service, again, 1, 4);
  const bySeat = await call('POST', '/payments', { token: again.queueToken, body: { scheduleId: 1, seatNumber: 4 } });
  t.match(bySeat.json(), { status: 'COMPLETED', reservations: [{ seatNumber: 4 }] });
  t.match((await pay({ scheduleId: 99, seatNumber: 1 })).json(), { code: 'SCHEDULE_NOT_FOUND' });
  t.match((await pay({ scheduleId: 1, seatNumber: 51 })).json(), { code: 'SEAT_NOT_FOUND' });
  t.match((await pay({ scheduleId: 1, seatNumber: 4 })).json(), { code: 'RESERVATION_NOT_FOUND' }, "somebody else's");
});

t.test('the queue token ends with the payment that leaves no hold, and the other holds stay payable', async (t) => {
  const service = await startFakeService(t);
  const { call, shopper, room } = service;
  const fan = await shopper();
  const [a, b] = [await hold(service, fan, 1, 1), await hold(service, fan, 1, 2)];
  const pay = (reservationId: string) => call('POST', '/payments', { token: fan.queueToken, body: { reservationId } });
  t.equal((await pay(a)).statusCode, 201);
  t.same(room.notes, []);
  t.equal((await pay(b)).statusCode, 201);
  t.same(room.notes, [`completed ${fan.userId} 1`]);
});

t.test('a completing payment is acknowledged once the owners of all dates refuse holds under the token', async (t) => {
  const service = await startFakeService(t);
  const { call, shopper, sales } = service;
  const fan = await shopper();
  const reservationId = await hold(service, fan, 1, 1);
  const headers = { 'idempotency-key': 'once' };
  const pay = () => call('POST', '/payments', { token: fan.accessToken, body: { reservationId }, headers });
  const announced: number[] = [];
  let isOwnerAway = true;
  sales.before = async (command) => {
    if (command.type !== 'EndToken') return null;
    t.match(command, { userId: fan.userId, end: 'COMPLETED', heldBeforeMs: null });
    announced.push(command.scheduleId);
    return isOwnerAway && command.scheduleId === 2 ? failure('OWNER_UNAVAILABLE', 'none') : null;
  };
  t.match((await pay()).json(), { status: 503, code: 'OWNER_UNAVAILABLE', outcome: 'unknown' });
  t.same(new Set(announced), new Set([1, 2]));
  t.match((await pay()).json(), { status: 503, code: 'OWNER_UNAVAILABLE', outcome: 'unknown' }, 'nor from the record');
  isOwnerAway = false;
  announced.length = 0;
  t.match((await pay()).json(), { status: 'COMPLETED', paidAt: String });
  t.same(new Set(announced), new Set([1, 2]), 'a replay announces a recent end again');
  announced.length = 0;
  const again = await call('POST', '/payments', { token: fan.accessToken, body: { reservationId } });
  t.equal(again.statusCode, 200);
  t.same(new Set(announced), new Set([1, 2]), 'so does an answer without the key');
  service.time.nowMs += 60_001;
  announced.length = 0;
  t.match((await pay()).json(), { status: 'COMPLETED' });
  t.same(announced, [], 'later, no hold under the token can be under way');
});

t.test(
  'what an earlier payment has paid is answered with that payment, whatever has become of the token',
  async (t) => {
    const service = await startFakeService(t);
    const { call, shopper, sales, charge } = service;
    const fan = await shopper();
    const [a, b, c] = [await hold(service, fan, 1, 1), await hold(service, fan, 1, 2), await hold(service, fan, 1, 3)];
    const pay = (reservationIds: string[]) =>
      call('POST', '/payments', { token: fan.queueToken, body: { reservationIds } });
    const first = await pay([a, b]);
    t.equal(first.statusCode, 201);
    const dispatched = sales.dispatched.length;
    await charge(fan, 7);
    const second = await pay([b, a]);
    t.equal(second.statusCode, 200);
    t.same(second.json(), { ...first.json<object>(), remainingBalance: 780_007 }, 'with the balance of now');
    t.match((await pay([a])).json(), { status: 409, code: 'RESERVATION_NOT_HELD', reservationStatus: 'CONFIRMED' });
    t.match((await pay([a, c])).json(), { code: 'RESERVATION_NOT_HELD' }, 'mixed');
    t.equal(sales.dispatched.length, dispatched);
    t.equal((await pay([c])).statusCode, 201);
    t.equal((await pay([a, b])).statusCode, 200, 'the token is completed now');

    const { paymentId } = first.json<{ paymentId: string }>();
    await call('POST', `/payments/${paymentId}/refund`, { token: fan.accessToken });
    t.match((await pay([a, b])).json(), { code: 'RESERVATION_NOT_HELD', reservationStatus: 'REFUNDED' });
  },
);

t.test('two payments of one hold at once are one payment', async (t) => {
  const service = await startFakeService(t);
  const { call, shopper } = service;
  const fan = await shopper();
  const reservationId = await hold(service, fan, 1, 1);
  const both = await Promise.all(
    [1, 2].map(() => call('POST', '/payments', { token: fan.accessToken, body: { reservationId } })),
  );
  t.same(
    both.map(({ statusCode }) => statusCode).toSorted((one, other) => one - other),
    [200, 201],
  );
  t.equal(new Set(both.map((answer) => answer.json<{ paymentId: string }>().paymentId)).size, 1);
  t.ok(both.every((answer) => answer.json<{ remainingBalance: number }>().remainingBalance === 890_000));
});

t.test('ended holds are refused by how they ended', async (t) => {
  const service = await startFakeService(t);
  const { call, shopper, time } = service;
  const fan = await shopper();
  const pay = async (reservationIds: string[]) =>
    (await call('POST', '/payments', { token: fan.accessToken, body: { reservationIds } })).json<object>();
  const a = await hold(service, fan, 1, 1);
  await call('DELETE', `/reservations/${a}`, { token: fan.accessToken });
  t.match(await pay([a]), { status: 409, code: 'RESERVATION_CANCELLED' });
  const b = await hold(service, fan, 1, 2);
  time.nowMs += 300_000;
  t.match(
    await pay([b]),
    { status: 410, code: 'RESERVATION_EXPIRED', detail: '예약 시간이 만료되었습니다' },
    'by the owner',
  );
  t.match(await pay([b]), { status: 410 }, 'from the record');
  t.match(await pay([a, b]), { status: 409, code: 'RESERVATION_NOT_HELD' }, 'mixed');
  const [c, d] = [await hold(service, fan, 1, 3), await hold(service, fan, 2, 3)];
  t.match(await pay([c, d]), { status: 400, code: 'PAYMENT_SPANS_SCHEDULES' });
});

t.test('a hold whose time is over reads EXPIRED wherever it is read', async (t) => {
  const service = await startFakeService(t);
  const { call, shopper, time, sales } = service;
  const fan = await shopper();
  const [a, b] = [await hold(service, fan, 1, 1), await hold(service, fan, 2, 1)];
  const statuses = async (query = '') =>
    (await call('GET', `/me/reservations${query}`, { token: fan.accessToken }))
      .json<{ reservations: { status: string }[] }>()
      .reservations.map(({ status }) => status);
  t.same(await statuses(), ['HELD', 'HELD']);
  time.nowMs += 300_000;
  const one = await call('GET', `/reservations/${a}`, { token: fan.accessToken });
  t.match(one.json(), { status: 'EXPIRED' });
  t.match(sales.dispatched.at(-1), { type: 'WakeSchedule', scheduleId: 1, cause: 'demand' });
  t.same(await statuses('?status=HELD'), []);
  t.match(sales.dispatched.at(-1), { type: 'WakeSchedule', scheduleId: 2 });
  t.same(await statuses(), ['EXPIRED', 'EXPIRED']);
  const released = await call('DELETE', `/reservations/${b}`, { token: fan.accessToken });
  t.match(released.json(), { status: 409, code: 'RESERVATION_NOT_HELD', reservationStatus: 'EXPIRED' });
});

t.test('a refund closes when the performance begins', async (t) => {
  const service = await startFakeService(t);
  const { call, shopper, time, catalogue } = service;
  const fan = await shopper();
  const reservationId = await hold(service, fan, 1, 1);
  const paid = await call('POST', '/payments', { token: fan.accessToken, body: { reservationId } });
  const { paymentId } = paid.json<{ paymentId: string }>();
  const refund = () => call('POST', `/payments/${paymentId}/refund`, { token: fan.accessToken });
  time.nowMs = catalogue.schedules.get(1)?.startsAtMs ?? 0;
  t.match((await refund()).json(), { status: 409, code: 'REFUND_CLOSED' });
  time.nowMs -= 1;
  t.match((await refund()).json(), { status: 'REFUNDED' });
  time.nowMs += 1;
  t.match((await refund()).json(), { status: 'REFUNDED' }, 'a refund that was made stays made');
});

t.test('pages are newest first, end with a null cursor and belong to their list', async (t) => {
  const { call, shopper, charge, register } = await startFakeService(t);
  const fan = await shopper();
  const token = fan.accessToken;
  for (let amount = 1; amount <= 6; amount += 1) await charge(fan, amount);
  interface HistoryPage {
    entries: { amount: number }[];
    nextCursor: string | null;
  }
  const page = async (query: string) =>
    (await call('GET', `/me/balance/history${query}`, { token })).json<HistoryPage>();
  const first = await page('?limit=3');
  t.same(
    first.entries.map(({ amount }) => amount),
    [6, 5, 4],
  );
  await charge(fan, 7);
  const second = await page(`?limit=3&cursor=${String(first.nextCursor)}`);
  t.same(
    second.entries.map(({ amount }) => amount),
    [3, 2, 1],
    'stable under inserts',
  );
  const third = await page(`?limit=100&cursor=${String(second.nextCursor)}`);
  t.same(third, { entries: third.entries.slice(0, 1), nextCursor: null });

  const cursor = String(first.nextCursor);
  const foreign = await register();
  const refused: readonly (readonly [string, string])[] = [
    [`/me/balance/history?cursor=${cursor}`, foreign.accessToken],
    [`/me/payments?cursor=${cursor}`, token],
    [`/me/reservations?cursor=${cursor}`, token],
    [`/me/balance/history?cursor=${cursor.slice(0, -1)}`, token],
    [`/me/balance/history?cursor=A${cursor.slice(1)}`, token],
    [`/me/balance/history?cursor=${cursor}A`, token],
  ];
  for (const [path, bearer] of refused) t.equal((await call('GET', path, { token: bearer })).statusCode, 400, path);
});

t.test('a page of reservations keeps to its filter', async (t) => {
  const service = await startFakeService(t);
  const { call, shopper } = service;
  const fan = await shopper();
  for (const seatNumber of [1, 2, 3]) await hold(service, fan, 1, seatNumber);
  const list = await call('GET', '/me/reservations?limit=2&status=HELD', { token: fan.accessToken });
  const { nextCursor } = list.json<{ nextCursor: string }>();
  const rest = await call('GET', `/me/reservations?status=HELD&cursor=${nextCursor}`, { token: fan.accessToken });
  t.match(rest.json(), { reservations: [{ seatNumber: 1 }], nextCursor: null });
  const other = await call('GET', `/me/reservations?cursor=${nextCursor}`, { token: fan.accessToken });
  t.equal(other.statusCode, 400, 'a cursor of another filter');
});
