import t from 'tap';
import type { Clock } from '../../src/runtime/clock.ts';
import type { Grant } from '../../src/domain/grant.ts';
import { fingerprintOf } from '../../src/booking/idempotency.ts';
import { createManualClock } from '../fixtures/manual-clock.ts';
import { waitFor } from '../fixtures/wait-for.ts';
import { failure, refuse } from '../http/fake-sales.ts';
import { startFakeService } from '../http/fake-service.ts';

const OF_THE_OTHER_NODE: Grant = {
  type: 'SeatsHeld',
  value: [
    {
      reservationId: 'of the other node',
      concertId: 1,
      scheduleId: 1,
      startsAt: '2030-01-01T00:00:00.000Z',
      seatNumber: 3,
      price: 1,
      status: 'HELD',
      createdAt: '2029-01-01T00:00:00.000Z',
      expiresAt: '2029-01-01T00:05:00.000Z',
      confirmedAt: null,
      paymentId: null,
      epoch: 1,
      seq: 1,
    },
  ],
};

t.test('a fingerprint follows from route, path and body, whatever the order of members', async (t) => {
  const print = fingerprintOf('POST /payments', {}, { a: 1, b: { c: [1, 2], d: 'x' } });
  t.match(print, /^[0-9a-f]{64}$/);
  t.equal(fingerprintOf('POST /payments', {}, { b: { d: 'x', c: [1, 2] }, a: 1 }), print);
  for (const other of [
    fingerprintOf('POST /refund', {}, { a: 1, b: { c: [1, 2], d: 'x' } }),
    fingerprintOf('POST /payments', { id: '1' }, { a: 1, b: { c: [1, 2], d: 'x' } }),
    fingerprintOf('POST /payments', {}, { a: 1, b: { c: [2, 1], d: 'x' } }),
    fingerprintOf('POST /payments', {}, { a: '1', b: { c: [1, 2], d: 'x' } }),
    fingerprintOf('POST /payments', {}, { a: 1, b: { c: [1, 2], d: 'x' }, e: null }),
  ]) {
    t.not(other, print);
  }
});

t.test('the same key and request get the first answer again, byte for byte', async (t) => {
  const { call, shopper, sales } = await startFakeService(t);
  const { queueToken: token, accessToken } = await shopper();
  const hold = { token, key: 'hold-1', body: { scheduleId: 1, seatNumber: 3 } };
  const first = await call('POST', '/reservations', hold);
  t.equal(first.statusCode, 201);
  t.notOk(first.headers['idempotency-replayed']);
  const again = await call('POST', '/reservations', { ...hold, body: { seatNumber: 3, scheduleId: 1 } });
  t.equal(again.statusCode, 201);
  t.equal(again.headers['idempotency-replayed'], 'true');
  t.match(again.headers['content-type'], /^application\/json/);
  t.equal(again.body, first.body);

  const many = { token, key: 'hold-2', body: { scheduleId: 1, seatNumbers: [5, 4] } };
  const both = await call('POST', '/reservations', many);
  t.match(both.json(), { reservations: [{ seatNumber: 5 }, { seatNumber: 4 }] });
  t.match(both.headers['content-type'], /^application\/json/);
  t.equal((await call('POST', '/reservations', many)).body, both.body);

  const charge = { token: accessToken, key: 'charge-1', body: { amount: 5 } };
  const charged = await call('POST', '/me/balance/charge', charge);
  t.equal((await call('POST', '/me/balance/charge', charge)).body, charged.body);
  t.equal(sales.rows.entries.size, 1);

  const payment = { token: accessToken, key: 'pay-1', body: { scheduleId: 1, seatNumber: 3 } };
  const paid = await call('POST', '/payments', payment);
  t.equal(paid.statusCode, 201);
  t.equal((await call('POST', '/payments', payment)).body, paid.body);

  const { paymentId } = paid.json<{ paymentId: string }>();
  const refund = { token: accessToken, key: 'refund-1' };
  const refunded = await call('POST', `/payments/${paymentId}/refund`, refund);
  const refundedAgain = await call('POST', `/payments/${paymentId}/refund`, { ...refund, body: {} });
  t.equal(refundedAgain.headers['idempotency-replayed'], 'true', 'no body and an empty one are the same request');
  t.equal(refundedAgain.body, refunded.body);

  const spelled = { token, key: 'hold-3', body: { scheduleId: 1 } };
  const reserved = await call('POST', '/concerts/1/seats/9/reserve', spelled);
  t.equal(reserved.statusCode, 201, reserved.body);
  t.equal((await call('POST', '/concerts/1/seats/9/reserve', spelled)).body, reserved.body);
  t.equal((await call('POST', '/concerts/1/seats/8/reserve', spelled)).statusCode, 422, 'the path is part of it');
});

t.test('the same key with another request is 422, and with another user a key of its own', async (t) => {
  const { call, shopper } = await startFakeService(t);
  const one = await shopper();
  const other = await shopper();
  const hold = { token: one.queueToken, key: 'k', body: { scheduleId: 1, seatNumber: 3 } };
  t.equal((await call('POST', '/reservations', hold)).statusCode, 201);
  const reused = await call('POST', '/reservations', { ...hold, body: { scheduleId: 1, seatNumber: 4 } });
  t.match(reused.json(), { status: 422, code: 'IDEMPOTENCY_KEY_REUSED' });
  const elsewhere = await call('POST', '/me/balance/charge', { token: one.accessToken, key: 'k', body: { amount: 1 } });
  t.equal(elsewhere.statusCode, 422, 'one key space per user, over all routes');
  const theirs = { token: other.queueToken, key: 'k', body: { scheduleId: 1, seatNumber: 5 } };
  t.equal((await call('POST', '/reservations', theirs)).statusCode, 201);
});

t.test('a refusal leaves no trace, and the key may be used again', async (t) => {
  const { call, shopper, charge, register, enter } = await startFakeService(t);
  const fan = await register();
  const token = await enter(fan);
  const held = await call('POST', '/reservations', { token, body: { scheduleId: 1, seatNumber: 3 } });
  const payment = { token, key: 'pay', body: { reservationId: held.json<{ reservationId: string }>().reservationId } };
  t.match((await call('POST', '/payments', payment)).json(), { code: 'INSUFFICIENT_BALANCE' });
  await charge(fan, 200_000);
  t.equal((await call('POST', '/payments', payment)).statusCode, 201);
  const rival = await shopper();
  const hold = { token: rival.queueToken, key: 'h', body: { scheduleId: 1, seatNumber: 3 } };
  t.equal((await call('POST', '/reservations', hold)).statusCode, 409);
  t.equal((await call('POST', '/reservations', { ...hold, body: { scheduleId: 1, seatNumber: 4 } })).statusCode, 201);
});

t.test('a replay is decided before the status of the queue token', async (t) => {
  const { call, shopper, room } = await startFakeService(t);
  const { queueToken: token } = await shopper();
  const hold = { token, key: 'k', body: { scheduleId: 1, seatNumber: 3 } };
  const first = await call('POST', '/reservations', hold);
  room.end(token, 'EXPIRED');
  t.equal((await call('POST', '/reservations', hold)).body, first.body);
  t.equal((await call('POST', '/reservations', { ...hold, key: 'other' })).statusCode, 401);
  t.equal((await call('POST', '/reservations', { ...hold, token: `${token}x` })).statusCode, 401, 'but after identity');
});

t.test('of fifty at once one is decided and the others get its answer', async (t) => {
  const { call, shopper, sales } = await startFakeService(t);
  const { queueToken: token } = await shopper();
  let release = (): void => undefined;
  sales.before = () =>
    new Promise((resolve) => {
      release = () => resolve(null);
    });
  const hold = { token, key: 'k', body: { scheduleId: 1, seatNumber: 3 } };
  const all = Array.from({ length: 50 }, () => call('POST', '/reservations', hold));
  const different = call('POST', '/reservations', { ...hold, body: { scheduleId: 1, seatNumber: 4 } });
  await waitFor(() => sales.dispatched.length > 0, { what: 'the first to be dispatched' });
  release();
  const answers = await Promise.all(all);
  t.equal(sales.dispatched.length, 1);
  t.equal(new Set(answers.map(({ body }) => body)).size, 1);
  t.ok(answers.every(({ statusCode }) => statusCode === 201));
  t.equal(answers.filter(({ headers }) => headers['idempotency-replayed'] === 'true').length, 49);
  t.equal((await different).statusCode, 422, 'a different request racing under the key');
});

t.test('when the first is refused, the next in line is decided itself', async (t) => {
  const { call, shopper, sales } = await startFakeService(t);
  const { queueToken: token } = await shopper();
  const releases: (() => void)[] = [];
  sales.before = () =>
    new Promise((resolve) => {
      const isFirst = releases.length === 0;
      releases.push(() => resolve(isFirst ? refuse('SEAT_TAKEN') : null));
    });
  const first = call('POST', '/reservations', { token, key: 'k', body: { scheduleId: 1, seatNumber: 3 } });
  await waitFor(() => releases.length === 1, { what: 'the first to be dispatched' });
  const second = call('POST', '/reservations', { token, key: 'k', body: { scheduleId: 1, seatNumber: 4 } });
  releases[0]?.();
  t.equal((await first).statusCode, 409);
  await waitFor(() => releases.length === 2, { what: 'the second to be dispatched' });
  releases[1]?.();
  t.equal((await second).statusCode, 201);
  t.notOk((await second).headers['idempotency-replayed']);
});

t.test('a duplicate waits two seconds and no longer; the key stays taken until the first is settled', async (t) => {
  const clock = createManualClock();
  const { call, shopper, sales } = await startFakeService(t, { clock });
  const { queueToken: token } = await shopper();
  const others = clock.pending();
  let release = (): void => undefined;
  sales.before = () =>
    new Promise((resolve) => {
      release = () => resolve(null);
    });
  const hold = { token, key: 'k', body: { scheduleId: 1, seatNumber: 3 } };
  const first = call('POST', '/reservations', hold);
  await waitFor(() => sales.dispatched.length === 1, { what: 'the first to be dispatched' });
  for (let duplicate = 0; duplicate < 2; duplicate += 1) {
    const second = call('POST', '/reservations', hold);
    await waitFor(() => clock.pending() === others + 1, { what: 'the duplicate to wait' });
    clock.advance(1_999);
    t.equal(clock.pending(), others + 1, 'it still waits');
    clock.advance(1);
    t.match((await second).json(), { status: 409, code: 'IDEMPOTENCY_IN_PROGRESS' });
  }
  t.equal(sales.dispatched.length, 1);
  release();
  t.equal((await first).statusCode, 201);
  t.equal(clock.pending(), others, 'no timer is left behind');
});

t.test('after a fault of unknown outcome the key is free, and the record decides', async (t) => {
  const { call, shopper, sales } = await startFakeService(t);
  const { queueToken: token } = await shopper();
  const hold = { token, key: 'k', body: { scheduleId: 1, seatNumber: 3 } };
  sales.before = async () => failure('STORE_UNAVAILABLE', 'unknown');
  t.match((await call('POST', '/reservations', hold)).json(), { status: 503, outcome: 'unknown' });
  sales.before = null;
  t.equal((await call('POST', '/reservations', hold)).statusCode, 201);
});

t.test('a key that another node recorded meanwhile is answered from the record', async (t) => {
  const clock: Clock = {
    monotonicMs: () => performance.now(),
    // Unlike the system's, it keeps the process alive: no socket does so here.
    after(delayMs, run) {
      const timer = setTimeout(run, delayMs);
      return () => clearTimeout(timer);
    },
  };
  const { call, shopper, sales } = await startFakeService(t, { clock });
  const { queueToken: token, userId } = await shopper();
  const hold = { token, key: 'k', body: { scheduleId: 1, seatNumber: 3 } };
  sales.before = async (command) => {
    const claim = 'claim' in command ? command.claim : null;
    if (claim !== null) {
      const { fingerprint } = claim;
      sales.rows.keys.set(`${userId} k`, { fingerprint, grant: OF_THE_OTHER_NODE });
    }
    return { outcome: 'key-taken' };
  };
  const replayed = await call('POST', '/reservations', hold);
  t.equal(replayed.statusCode, 201);
  t.match(replayed.json(), { reservationId: 'of the other node' });
  t.equal(replayed.headers['idempotency-replayed'], 'true');

  sales.before = async () => {
    sales.rows.keys.set(`${userId} j`, { fingerprint: 'another', grant: OF_THE_OTHER_NODE });
    return { outcome: 'key-taken' };
  };
  t.equal((await call('POST', '/reservations', { ...hold, key: 'j' })).statusCode, 422);

  sales.before = async () => ({ outcome: 'key-taken' });
  const before = sales.dispatched.length;
  const lost = await call('POST', '/reservations', { ...hold, key: 'i' });
  t.match(lost.json(), { status: 409, code: 'IDEMPOTENCY_IN_PROGRESS' });
  t.ok(sales.dispatched.length - before <= 4, 'it does not ask for ever');
});

t.test('a refusal under a key that another node answered meanwhile is not given', async (t) => {
  const { call, shopper, sales } = await startFakeService(t);
  const { queueToken: token, userId } = await shopper();
  const hold = { token, key: 'k', body: { scheduleId: 1, seatNumber: 3 } };
  sales.before = async (command) => {
    const fingerprint = 'claim' in command ? (command.claim?.fingerprint ?? '') : '';
    sales.rows.keys.set(`${userId} k`, { fingerprint, grant: OF_THE_OTHER_NODE });
    return refuse('SEAT_LIMIT_REACHED');
  };
  const replayed = await call('POST', '/reservations', hold);
  t.equal(replayed.statusCode, 201);
  t.match(replayed.json(), { reservationId: 'of the other node' });
  t.equal(replayed.headers['idempotency-replayed'], 'true');

  sales.before = async () => {
    sales.rows.keys.set(`${userId} j`, { fingerprint: 'another', grant: OF_THE_OTHER_NODE });
    return refuse('SEAT_LIMIT_REACHED');
  };
  t.match((await call('POST', '/reservations', { ...hold, key: 'j' })).json(), { code: 'IDEMPOTENCY_KEY_REUSED' });

  sales.before = async () => refuse('SEAT_LIMIT_REACHED');
  t.equal((await call('POST', '/reservations', { ...hold, key: 'i' })).statusCode, 409, 'without a record it is');
});
