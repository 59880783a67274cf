import t from 'tap';
import { createTestDatabase } from '../fixtures/database.ts';
import { fillWallet } from '../fixtures/full-wallet.ts';
import { addSchedule, enter, openSale, register, startTestService } from '../fixtures/service.ts';
import { waitFor } from '../fixtures/wait-for.ts';

const database = await createTestDatabase(t);
const api = await startTestService(t, database);
const PRICE = 1_000;

interface Cancellation {
  readonly state: 'RUNNING' | 'DONE';
  readonly payments: number;
  readonly refunded: number;
  readonly parked: readonly { readonly paymentId: string; readonly code: string }[];
  readonly finishedAt: string | null;
}

const cancelDate = (scheduleId: number, key?: string) =>
  api.admin('POST', `/admin/schedules/${scheduleId}/cancel`, { reason: 'The artist is ill.' }, keyed(key));
const cancelConcert = (concertId: number) =>
  api.admin('POST', `/admin/concerts/${concertId}/cancel`, { reason: 'The hall has burnt down.' });

function keyed(key: string | undefined): Record<string, string> {
  return key === undefined ? {} : { 'idempotency-key': key };
}

const read = async (cancellationId: unknown) =>
  (await api.admin('GET', `/admin/cancellations/${String(cancellationId)}`)).as<Cancellation>();

/** The cancellation once it is done. */
function done(cancellationId: unknown): Promise<Cancellation> {
  return waitFor(
    async () => {
      const found = await read(cancellationId);
      return found.state === 'DONE' ? found : null;
    },
    { what: 'the refunds' },
  );
}

const hold = (token: string, scheduleId: number, ...seatNumbers: number[]) =>
  api.call('POST', '/reservations', { token, body: { scheduleId, seatNumbers } });

/** A fan with a paid seat, and with money left for as many again. */
async function buy(concertId: number, scheduleId: number, ...seatNumbers: number[]) {
  const fan = await enter(api, concertId);
  const amount = 2 * seatNumbers.length * PRICE;
  await api.call('POST', '/me/balance/charge', { token: fan.accessToken, body: { amount } });
  return { ...fan, paymentId: await pay(fan, scheduleId, ...seatNumbers) };
}

async function pay(fan: { queueToken: string; accessToken: string }, scheduleId: number, ...seatNumbers: number[]) {
  const held = await hold(fan.queueToken, scheduleId, ...seatNumbers);
  const { reservations } = held.as<{ reservations: { reservationId: string }[] }>();
  const reservationIds = reservations.map(({ reservationId }) => reservationId);
  const paid = await api.call('POST', '/payments', { token: fan.accessToken, body: { reservationIds } });
  return String(paid.body['paymentId']);
}

const balanceOf = async ({ accessToken }: { accessToken: string }) =>
  (await api.call('GET', '/me/balance', { token: accessToken })).body['balance'];

async function countLive(scheduleId: number): Promise<number> {
  const { rows } = await database.pool.query<{ n: number }>(
    "SELECT count(*) AS n FROM reservations WHERE schedule_id = $1 AND status IN ('HELD', 'CONFIRMED')",
    [scheduleId],
  );
  return rows[0]?.n ?? -1;
}

t.test('a cancelled date closes, its holds end in one flush, and its payments are refunded', async (t) => {
  const { concertId, scheduleId } = await openSale(api, { price: PRICE });
  const buyers = [await buy(concertId, scheduleId, 1), await buy(concertId, scheduleId, 2, 3)];
  const shopper = await enter(api, concertId);
  const other = await enter(api, concertId);
  const held = await hold(shopper.queueToken, scheduleId, 5, 6);
  await hold(other.queueToken, scheduleId, 7);
  const mapBefore = await api.call('GET', `/schedules/${scheduleId}/seats`, { token: shopper.queueToken });

  const ordered = await cancelDate(scheduleId);
  t.equal(ordered.status, 202);
  t.match(await hold(shopper.queueToken, scheduleId, 9), { status: 409, body: { code: 'SCHEDULE_CANCELLED' } });
  const own = await api.call('GET', '/me/reservations', { token: shopper.accessToken });
  t.match(
    own.body,
    { reservations: [{ status: 'CANCELLED' }, { status: 'CANCELLED' }] },
    'as soon as that is answered',
  );
  const [first] = held.as<{ reservations: { reservationId: string }[] }>().reservations;
  const late = await api.call('POST', '/payments', {
    token: shopper.accessToken,
    body: { reservationId: first?.reservationId },
  });
  t.match(late, { status: 409, body: { code: 'RESERVATION_CANCELLED' } });

  const found = await done(ordered.body['cancellationId']);
  t.match(found, { scheduleId, concertId, reason: 'The artist is ill.', payments: 2, refunded: 2, finishedAt: /Z$/ });
  t.strictSame(found.parked, []);
  for (const [nth, fan] of buyers.entries()) {
    t.equal(await balanceOf(fan), 2 * (nth + 1) * PRICE);
    const paid = await api.call('GET', `/payments/${fan.paymentId}`, { token: fan.accessToken });
    t.match(paid.body, { status: 'REFUNDED', refundedAt: /Z$/ });
  }
  t.equal(await countLive(scheduleId), 0);
  const { rows } = await database.pool.query<{ events: string[] }>(
    `SELECT array_agg(event->>'type') AS events FROM seat_log, jsonb_array_elements(events) event
     WHERE schedule_id = $1 GROUP BY first_seq HAVING 'CANCELLED' = ANY(array_agg(event->>'type'))`,
    [scheduleId],
  );
  t.strictSame(rows, [{ events: ['CANCELLED', 'CANCELLED', 'CANCELLED'] }]);

  const map = await api.call('GET', `/schedules/${scheduleId}/seats`, {
    token: shopper.queueToken,
    headers: { 'if-none-match': String(mapBefore.headers.get('etag')) },
  });
  t.match(map, { status: 200, body: { cancelled: true } });
  t.notOk('cancelled' in mapBefore.body);
});

t.test('a cancelled date is listed nowhere as on sale, and shown as cancelled', async (t) => {
  const { concertId, scheduleId } = await openSale(api);
  const other = await addSchedule(api, concertId);
  const { queueToken } = await enter(api, concertId);
  await cancelDate(scheduleId);
  const open = await api.call('GET', `/concerts/${concertId}/schedules`, { token: queueToken });
  t.match(open.body, { schedules: [{ scheduleId: other, cancelled: false }] });
  t.equal(open.as<{ schedules: object[] }>().schedules.length, 1);
  const cancelled = { scheduleId, cancelled: true, availableSeats: 0 };
  const all = await api.call('GET', `/concerts/${concertId}/schedules?all=true`, { token: queueToken });
  t.match(all.body, { schedules: [cancelled, { scheduleId: other }] });
  t.match((await api.call('GET', `/concerts/${concertId}`)).body, { schedules: [cancelled, { scheduleId: other }] });
  const listed = (await api.call('GET', '/concerts/available?limit=1')).as<{ concerts: { schedules: object[] }[] }>();
  t.match(listed.concerts, [{ concertId, schedules: [{ scheduleId: other }] }]);
  t.equal(listed.concerts[0]?.schedules.length, 1);
  const shown = await api.admin('GET', `/admin/concerts/${concertId}`);
  t.match(shown.body, { cancelled: false, schedules: [{ ...cancelled, cancellationId: String }, {}] });
  const edit = await api.admin('PATCH', `/admin/schedules/${scheduleId}`, { closed: false });
  t.match(edit, { status: 409, body: { code: 'SCHEDULE_CANCELLED' } });
});

t.test(
  'a date is cancelled once: asked again, the same cancellation is named and nothing is refunded twice',
  async (t) => {
    const { concertId, scheduleId } = await openSale(api, { price: PRICE });
    const fan = await buy(concertId, scheduleId, 1);
    const ids = new Set<unknown>();
    for (const answer of await Promise.all([1, 2, 3].map(() => cancelDate(scheduleId)))) {
      t.equal(answer.status, 202);
      ids.add(answer.body['cancellationId']);
    }
    t.equal(ids.size, 1);
    const [cancellationId] = ids;
    await done(cancellationId);
    const again = await cancelDate(scheduleId);
    t.match(again, { status: 202, body: { cancellationId } });
    t.equal(await balanceOf(fan), 2 * PRICE);
    const log = (await api.admin('GET', '/admin/log?limit=1')).body;
    t.match(log, {
      entries: [
        { action: 'schedule.cancel', target: `schedule:${scheduleId}`, after: { cancellationId, payments: 1 } },
      ],
    });
  },
);

t.test('a repeated order under its key is answered as before', async (t) => {
  const { scheduleId } = await openSale(api);
  const first = await cancelDate(scheduleId, 'once');
  const again = await cancelDate(scheduleId, 'once');
  t.strictSame([again.status, again.body], [202, first.body]);
  t.equal(again.headers.get('idempotency-replayed'), 'true');
});

t.test('a refund beyond the limit of a balance is parked, and tried again when it is asked for again', async (t) => {
  const { concertId, scheduleId } = await openSale(api, { price: PRICE });
  const elsewhere = await openSale(api, { price: PRICE });
  const rich = await enter(api, concertId);
  await fillWallet(database, rich.userId);
  const paymentId = await pay(rich, scheduleId, 1);
  await api.call('POST', '/me/balance/charge', { token: rich.accessToken, body: { amount: PRICE } });
  const fan = await buy(concertId, scheduleId, 2);

  const { cancellationId } = (await cancelDate(scheduleId)).body;
  t.match(await done(cancellationId), {
    payments: 2,
    refunded: 1,
    parked: [{ paymentId, userId: rich.userId, amount: PRICE, code: 'BALANCE_LIMIT' }],
  });
  t.equal(await balanceOf(fan), 2 * PRICE, 'the others are refunded');

  await cancelDate(scheduleId);
  t.match(await done(cancellationId), { refunded: 1, parked: [{ paymentId }] }, 'there is still no room');
  await pay(await enter(api, elsewhere.concertId, rich), elsewhere.scheduleId, 1);
  t.match((await cancelDate(scheduleId)).body, { cancellationId });
  const settled = await waitFor(
    async () => {
      const found = await read(cancellationId);
      return found.state === 'DONE' && found.parked.length === 0 ? found : null;
    },
    { what: 'the parked refund' },
  );
  t.equal(settled.refunded, 2);
});

t.test('a cancelled concert closes all its dates and its queue', async (t) => {
  const { concertId, scheduleId } = await openSale(api, { price: PRICE, queue: { maxActive: 2 } });
  const dates = [scheduleId, await addSchedule(api, concertId, { price: PRICE })];
  const early = await addSchedule(api, concertId, { price: PRICE });
  const fans = [await buy(concertId, dates[0] ?? 0, 1), await buy(concertId, dates[1] ?? 0, 1)];
  const earlier = (await cancelDate(early)).body['cancellationId'];
  const [inside, , waiting] = [await enter(api, concertId), await enter(api, concertId), await enter(api, concertId)];
  const status = () => api.call('GET', '/queue/status', { token: waiting.queueToken });
  t.match((await status()).body, { status: 'WAITING' });

  const ordered = await cancelConcert(concertId);
  t.equal(ordered.status, 202);
  for (const date of [...dates, early]) {
    t.match(await hold(inside.queueToken, date, 2), { status: 409, body: { code: 'SCHEDULE_CANCELLED' } });
  }
  await waitFor(async () => (await status()).body['status'] === 'EXPIRED', { what: 'the end of the line' });
  const newcomer = await register(api);
  const entry = { token: newcomer.accessToken, body: { concertId } };
  t.match(await api.call('POST', '/queue/tokens', entry), { status: 409, body: { code: 'CONCERT_CANCELLED' } });
  t.match(await done(ordered.body['cancellationId']), {
    scheduleId: null,
    scheduleIds: dates,
    payments: 2,
    refunded: 2,
  });
  for (const fan of fans) t.equal(await balanceOf(fan), 2 * PRICE);
  t.match((await api.call('GET', `/concerts/${concertId}`)).body, { cancelled: true });
  const listed = (await api.call('GET', '/concerts/available?limit=100')).as<{ concerts: { concertId: number }[] }>();
  t.notOk(listed.concerts.some((concert) => concert.concertId === concertId));
  const body = { startsAt: '2030-01-01T00:00:00Z', price: 1, seatCount: 1 };
  const added = await api.admin('POST', `/admin/concerts/${concertId}/schedules`, body);
  t.match(added, { status: 409, body: { code: 'CONCERT_CANCELLED' } });
  t.match((await cancelConcert(concertId)).body, ordered.body);
  t.match((await cancelDate(dates[0] ?? 0)).body, ordered.body, 'a date names the cancellation of its concert');
  t.match((await cancelDate(early)).body, { cancellationId: earlier }, 'a date keeps its earlier one');
});

t.test(
  'a payment or refund at the moment of the cancellation happens once, and what was paid comes back',
  async (t) => {
    for (let round = 1; round <= 10; round += 1) {
      const { concertId, scheduleId } = await openSale(api, { price: PRICE });
      const paid = await buy(concertId, scheduleId, 1);
      const fan = await enter(api, concertId);
      await api.call('POST', '/me/balance/charge', { token: fan.accessToken, body: { amount: PRICE } });
      const held = await hold(fan.queueToken, scheduleId, 2);
      const [seat] = held.as<{ reservations: { reservationId: string }[] }>().reservations;
      const [ordered, payment, refund] = await Promise.all([
        cancelDate(scheduleId),
        api.call('POST', '/payments', { token: fan.accessToken, body: { reservationId: seat?.reservationId } }),
        api.call('POST', `/payments/${paid.paymentId}/refund`, { token: paid.accessToken }),
      ]);
      t.equal(refund.status, 200, 'the buyer is told of the refund, whoever was first');
      t.ok(payment.status === 201 || payment.body['code'] === 'RESERVATION_CANCELLED', `${payment.status}`);
      await done(ordered.body['cancellationId']);
      t.strictSame([await balanceOf(fan), await balanceOf(paid)], [PRICE, 2 * PRICE], `round ${round}`);
      t.equal(await countLive(scheduleId), 0);
    }
  },
);

t.test('a key that is limited to concerts cancels and sees those alone', async (t) => {
  const [ours, theirs] = [await openSale(api), await openSale(api)];
  const key = (role: string) =>
    api.admin('POST', '/admin/keys', { name: 'k', role, concertIds: [ours.concertId] }).then((made) => {
      const token = String(made.body['secret']);
      return (method: string, path: string, body?: object) =>
        api.call(method, path, { token, ...(body === undefined ? {} : { body }) });
    });
  const manager = await key('MANAGER');
  const reason = { reason: 'x' };
  const { scheduleId, concertId } = theirs;
  const unseen = await manager('POST', `/admin/schedules/${scheduleId}/cancel`, reason);
  t.match(unseen, { status: 404, body: { code: 'SCHEDULE_NOT_FOUND' } });
  const unknown = await manager('POST', `/admin/concerts/${concertId}/cancel`, reason);
  t.match(unknown, { status: 404, body: { code: 'CONCERT_NOT_FOUND' } });
  const { cancellationId } = (await cancelDate(scheduleId)).body;
  const viewer = await key('VIEWER');
  const foreign = await viewer('GET', `/admin/cancellations/${String(cancellationId)}`);
  t.match(foreign, { status: 404, body: { code: 'CANCELLATION_NOT_FOUND' } });
  const own = await manager('POST', `/admin/schedules/${ours.scheduleId}/cancel`, reason);
  t.match(await viewer('GET', `/admin/cancellations/${String(own.body['cancellationId'])}`), { status: 200 });
});

t.test('a cancellation needs a reason, and a date that exists', async (t) => {
  const { scheduleId } = await openSale(api);
  const path = `/admin/schedules/${scheduleId}/cancel`;
  t.match(await api.admin('POST', path, {}), { status: 400, body: { errors: [{ path: '/reason' }] } });
  t.match(await api.admin('POST', path, { reason: ' ' }), { status: 400 });
  t.match(await cancelDate(99_999), { status: 404, body: { code: 'SCHEDULE_NOT_FOUND' } });
  t.match(await cancelConcert(99_999), { status: 404, body: { code: 'CONCERT_NOT_FOUND' } });
});
