import t from 'tap';
import { createTestDatabase } from '../fixtures/database.ts';
import { addSchedule, enter, openSale, register, startTestService } from '../fixtures/service.ts';

const database = await createTestDatabase(t);
const api = await startTestService(t, database);

interface Activity {
  readonly queueTokens: readonly { readonly concertId: number; readonly status: string; readonly endedAt: string }[];
  readonly holds: readonly { readonly seatNumber: number; readonly status: string; readonly endedAt: string | null }[];
  readonly payments: readonly { readonly paymentId: string; readonly status: string; readonly amount: number }[];
  readonly ledger: readonly { readonly type: string; readonly amount: number }[] | null;
  readonly balance: number | null;
  readonly next: Readonly<Record<string, string | null>>;
}

async function keyOf(concertIds: readonly number[]): Promise<string> {
  const key = await api.admin('POST', '/admin/keys', { name: 'desk', role: 'BOX_OFFICE', concertIds });
  return String(key.body['secret']);
}

const activityOf = (userId: string, query = '', token = 'an-admin-token-for-tests') =>
  api.call('GET', `/admin/users/${userId}/activity${query}`, { token });

t.test('a buyer is found by the address as registration stores it', async (t) => {
  const email = 'Mina.Straße@Example.com';
  const { body } = await api.call('POST', '/users', { body: { name: 'Mina', email } });
  const find = (text: string) => api.admin('GET', `/admin/users?email=${encodeURIComponent(text)}`);
  for (const text of [email, ' mina.STRASSE@example.COM ', 'MINA.straſſe@example.com']) {
    t.match((await find(text)).body, { users: [{ userId: body['userId'], name: 'Mina', createdAt: /Z$/ }] }, text);
  }
  t.strictSame((await find('mina@example.com')).body, { users: [] });
  t.match(await find('mina'), { status: 400, body: { errors: [{ in: 'query', path: '/email' }] } });
  t.match(await api.admin('GET', '/admin/users'), { status: 400 });
});

t.test('the activity has tokens, holds and how they ended, payments and the ledger, newest first', async (t) => {
  const { concertId, scheduleId } = await openSale(api);
  const fan = await enter(api, concertId);
  await api.call('POST', '/me/balance/charge', { token: fan.accessToken, body: { amount: 5_000 } });
  const held = await api.call('POST', '/reservations', {
    token: fan.queueToken,
    body: { scheduleId, seatNumbers: [1, 2] },
  });
  const [first, second] = held.as<{ reservations: { reservationId: string }[] }>().reservations;
  await api.call('DELETE', `/reservations/${first?.reservationId}`, { token: fan.accessToken });
  const paid = await api.call('POST', '/payments', {
    token: fan.accessToken,
    body: { reservationId: second?.reservationId },
  });
  const activity = (await activityOf(fan.userId)).as<Activity>();
  t.match(activity, {
    user: { userId: fan.userId },
    balance: 4_000,
    queueTokens: [{ concertId, status: 'COMPLETED', endedAt: /Z$/ }],
    holds: [
      { seatNumber: 2, status: 'CONFIRMED', endedAt: null, seatLabel: 'A열 2번' },
      { seatNumber: 1, status: 'CANCELLED', endedAt: /Z$/ },
    ],
    payments: [{ paymentId: paid.body['paymentId'], status: 'COMPLETED', amount: 1_000 }],
    ledger: [
      { type: 'PAYMENT', amount: -1_000 },
      { type: 'CHARGE', amount: 5_000 },
    ],
    next: { queueTokens: null, holds: null, payments: null, ledger: null },
  });
  t.equal(activity.holds.length, 2);
  const queue = fan.queueToken.slice('fq_'.length).split('.');
  t.notMatch(JSON.stringify(activity), queue[1] ?? fan.queueToken, 'no token that can be used is shown');
});

t.test('each list goes on after its own cursor, and refuses the cursor of another', async (t) => {
  const { concertId, scheduleId } = await openSale(api);
  const fan = await enter(api, concertId);
  await api.call('POST', '/reservations', { token: fan.queueToken, body: { scheduleId, seatNumbers: [1, 2, 3] } });
  const seatsOf = (activity: Activity) => activity.holds.map(({ seatNumber }) => seatNumber);
  const newest = (await activityOf(fan.userId, '?limit=2')).as<Activity>();
  t.strictSame(seatsOf(newest), [3, 2]);
  const cursor = newest.next['holds'];
  const rest = (await activityOf(fan.userId, `?limit=2&holds=${cursor}`)).as<Activity>();
  t.strictSame(seatsOf(rest), [1]);
  t.equal(rest.next['holds'], null);
  t.equal(rest.queueTokens.length, 1, 'the other lists begin with their newest');
  const errors = [{ in: 'query', path: '/payments' }];
  t.match(await activityOf(fan.userId, `?payments=${cursor}`), { status: 400, body: { errors } });
});

t.test('a key that is limited to concerts sees the parts of those, and no ledger', async (t) => {
  const [ours, theirs] = [await openSale(api), await openSale(api)];
  const other = await addSchedule(api, ours.concertId);
  const fan = await enter(api, ours.concertId);
  await api.call('POST', '/reservations', { token: fan.queueToken, body: { scheduleId: other, seatNumber: 7 } });
  const both = await enter(api, theirs.concertId, fan);
  await api.call('POST', '/reservations', {
    token: both.queueToken,
    body: { scheduleId: theirs.scheduleId, seatNumber: 9 },
  });
  const key = await keyOf([ours.concertId]);
  const activity = (await activityOf(fan.userId, '', key)).as<Activity>();
  t.match(activity, { holds: [{ seatNumber: 7 }], queueTokens: [{ concertId: ours.concertId }] });
  t.equal(activity.holds.length, 1);
  t.strictSame([activity.ledger, activity.balance], [null, null]);
  const everything = (await activityOf(fan.userId)).as<Activity>();
  t.strictSame([everything.holds.length, everything.queueTokens.length], [2, 2]);
});

t.test('a key that is limited to concerts finds nobody who did nothing there', async (t) => {
  const [ours, theirs] = [await openSale(api), await openSale(api)];
  const key = await keyOf([ours.concertId]);
  const stranger = await enter(api, theirs.concertId);
  t.match(await activityOf(stranger.userId, '', key), { status: 404, body: { code: 'USER_NOT_FOUND' } });
  const { email } = (await api.call('GET', '/me', { token: stranger.accessToken })).body;
  const find = (token: string) => api.call('GET', `/admin/users?email=${String(email)}`, { token });
  t.strictSame((await find(key)).body, { users: [] });
  t.match((await find('an-admin-token-for-tests')).body, { users: [{ userId: stranger.userId }] });
  await enter(api, ours.concertId, stranger);
  t.match((await find(key)).body, { users: [{ userId: stranger.userId }] }, 'who queues there is known there');
  t.match(await activityOf(stranger.userId, '', key), { status: 200, body: { holds: [] } });
});

t.test('an unknown user has no activity', async (t) => {
  const unknown = '01990000-0000-7000-8000-000000000000';
  t.match(await activityOf(unknown), { status: 404, body: { code: 'USER_NOT_FOUND' } });
  const newcomer = await register(api);
  t.match(await activityOf(newcomer.userId), { status: 200, body: { balance: 0, ledger: [], holds: [] } });
});
