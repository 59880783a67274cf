import t from 'tap';
import { startFakeService } from './fake-service.ts';

const DAY_MS = 86_400_000;

t.test('a request is decided in the order of the contract: each fault hides those after it', async (t) => {
  const { call, shopper, room, catalogue, sales, register, enter } = await startFakeService(t);
  const rival = await shopper();
  await call('POST', '/reservations', { token: rival.queueToken, body: { scheduleId: 1, seatNumber: 1 } });
  const fan = await register();
  const token = await enter(fan);
  const code = async (path: string, request: Parameters<typeof call>[2]): Promise<string> =>
    (await call('POST', path, request)).json<{ code: string }>().code;
  const hold = (body: object, bearer: string = token) => code('/reservations', { token: bearer, key: 'k', body });
  const dispatched = sales.dispatched.length;

  t.equal(await hold({ scheduleId: 0, seatNumber: 1 }, 'forged'), 'VALIDATION_FAILED', 'syntax before identity');
  t.equal(await hold({ scheduleId: 99, seatNumber: 1 }, 'forged'), 'UNAUTHENTICATED', 'identity before existence');
  const waiting = room.places.get(token);
  if (waiting === undefined) throw new Error('the token is not there');
  waiting.status = 'WAITING';
  await catalogue.changeQueuePolicy(1, { maxActive: 0 });
  t.equal(await hold({ scheduleId: 99, seatNumber: 1 }), 'QUEUE_NOT_ACTIVE', 'queue before existence');
  waiting.status = 'ACTIVE';
  t.equal(await hold({ scheduleId: 99, seatNumber: 1 }), 'SCHEDULE_NOT_FOUND');
  t.equal(await hold({ scheduleId: 3, seatNumber: 11 }), 'SEAT_NOT_FOUND', 'existence of the seat before the concert');
  t.equal(
    await hold({ scheduleId: 4, seatNumber: 1 }),
    'QUEUE_WRONG_CONCERT',
    'concert before time: it opens tomorrow',
  );
  const concert = catalogue.concerts.get(1);
  if (concert === undefined) throw new Error('the concert is not there');
  catalogue.concerts.set(1, { ...concert, bookingClosesAtMs: 0 });
  t.equal(await hold({ scheduleId: 1, seatNumber: 1 }), 'BOOKING_CLOSED', 'time before seat');
  t.equal(sales.dispatched.length, dispatched, 'nothing of this reaches an owner');
  catalogue.concerts.set(1, concert);
  t.equal(await hold({ scheduleId: 1, seatNumbers: [1, 2, 3, 4, 5] }), 'SEAT_LIMIT_REACHED', 'limit before seat');
  t.equal(await hold({ scheduleId: 1, seatNumber: 1 }), 'SEAT_TAKEN');
  t.equal(
    (await call('POST', '/reservations', { token, key: 'k', body: { scheduleId: 1, seatNumber: 2 } })).statusCode,
    201,
  );
});

t.test('the booking window is open at both of its ends and not beyond', async (t) => {
  const { call, register, catalogue, time } = await startFakeService(t);
  const fan = await register();
  const concert = catalogue.concerts.get(1);
  if (concert === undefined) throw new Error('the concert is not there');
  const enter = async () => {
    const { statusCode, body } = await call('POST', '/queue/tokens', {
      token: fan.accessToken,
      body: { concertId: 1 },
    });
    return [statusCode, JSON.parse(body)] as const;
  };
  time.nowMs = concert.bookingOpensAtMs - 1;
  t.match(await enter(), [
    409,
    { code: 'BOOKING_NOT_OPEN', bookingOpensAt: new Date(concert.bookingOpensAtMs).toISOString() },
  ]);
  time.nowMs = concert.bookingOpensAtMs;
  t.match(await enter(), [201, {}]);
  time.nowMs = concert.bookingClosesAtMs;
  t.match(await enter(), [200, {}]);
  time.nowMs = concert.bookingClosesAtMs + 1;
  t.match(await enter(), [
    409,
    { code: 'BOOKING_CLOSED', bookingClosesAt: new Date(concert.bookingClosesAtMs).toISOString() },
  ]);
});

t.test('a schedule is closed from its start on, and not open before its own opening', async (t) => {
  const { call, shopper, catalogue, time } = await startFakeService(t);
  const { queueToken: token } = await shopper();
  const schedule = catalogue.schedules.get(1);
  if (schedule === undefined) throw new Error('the schedule is not there');
  const hold = async () =>
    (await call('POST', '/reservations', { token, body: { scheduleId: 1, seatNumber: 1 } })).json<object>();
  const opensAtMs = time.nowMs + 1;
  catalogue.schedules.set(1, { ...schedule, reservationOpensAtMs: opensAtMs });
  t.match(await hold(), { code: 'RESERVATION_NOT_OPEN', reservationOpensAt: new Date(opensAtMs).toISOString() });
  time.nowMs = opensAtMs;
  t.match(await hold(), { status: 'HELD' });
  catalogue.schedules.set(1, { ...schedule, startsAtMs: time.nowMs });
  t.match(await hold(), { code: 'BOOKING_CLOSED', startsAt: new Date(time.nowMs).toISOString() });
});

t.test('the list of dates shows what can be reserved now, and with all=true what has not begun', async (t) => {
  const { call, shopper, catalogue, time } = await startFakeService(t);
  const { queueToken: token } = await shopper();
  const ids = async (query = ''): Promise<number[]> =>
    (await call('GET', `/concerts/1/schedules${query}`, { token }))
      .json<{ schedules: { scheduleId: number }[] }>()
      .schedules.map(({ scheduleId }) => scheduleId);
  const dates = { endsAtMs: null, reservationOpensAtMs: null };
  const startsAtMs = time.nowMs + 7 * DAY_MS;
  const later = await catalogue.createSchedule(1, {
    ...dates,
    startsAtMs,
    reservationOpensAtMs: time.nowMs + 1,
    prices: [1],
  });
  const tiny = await catalogue.createSchedule(1, { ...dates, startsAtMs, prices: [1] });
  await catalogue.createSchedule(1, { ...dates, startsAtMs: time.nowMs, prices: [1] });
  const [laterId, tinyId] = [later?.scheduleId ?? 0, tiny?.scheduleId ?? 0];
  t.same(await ids(), [1, 2, tinyId]);
  await call('POST', '/reservations', { token, body: { scheduleId: tinyId, seatNumber: 1 } });
  t.same(await ids(), [1, 2], 'sold out');
  t.same(await ids('?all=false'), [1, 2]);
  t.same(await ids('?all=true'), [1, 2, laterId, tinyId], 'all but the one that has begun');
  const undated = await shopper(4);
  t.match((await call('GET', '/concerts/4/schedules', { token: undated.queueToken })).json(), {
    code: 'SCHEDULE_NOT_FOUND',
  });
  t.match((await call('GET', '/concerts/2/schedules', { token })).json(), { status: 403, code: 'QUEUE_WRONG_CONCERT' });
  t.match((await call('GET', '/concerts/99/schedules', { token })).json(), { code: 'CONCERT_NOT_FOUND' });
});

t.test('a concert shows its queue', async (t) => {
  const { call, shopper, catalogue } = await startFakeService(t);
  await shopper();
  t.match((await call('GET', '/concerts/1')).json(), {
    concertId: 1,
    title: '봄의 콘서트',
    timeZone: 'Asia/Seoul',
    bookingOpensAt: /^2026-11-19T03:00:00\.000Z$/,
    queue: { waiting: 0, active: 1, maxActive: 100, paused: false },
  });
  await catalogue.changeQueuePolicy(1, { batch: 0 });
  t.match((await call('GET', '/concerts/1')).json(), { queue: { paused: true } });
  t.match((await call('GET', '/concerts/99')).json(), { status: 404, code: 'CONCERT_NOT_FOUND' });
});
