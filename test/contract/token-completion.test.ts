import t from 'tap';
import { createTestDatabase } from '../fixtures/database.ts';
import { enter, openSale, startTestService } from '../fixtures/service.ts';

for (const [setting, status, says] of [
  ['payment', 'COMPLETED', 'any payment ends the token, and the other hold stays payable'],
  ['last-hold', 'ACTIVE', 'a payment that leaves a hold leaves the token, and the last one ends it'],
] as const) {
  t.test(`with QUEUE_TOKEN_ENDS=${setting} ${says}`, async (t) => {
    const api = await startTestService(t, await createTestDatabase(t), { QUEUE_TOKEN_ENDS: setting });
    const { concertId, scheduleId } = await openSale(api);
    const { accessToken, queueToken: token } = await enter(api, concertId);
    await api.call('POST', '/me/balance/charge', { token: accessToken, body: { amount: 10_000 } });
    const [one, two] = await Promise.all(
      [1, 2].map((seatNumber) => api.call('POST', '/reservations', { token, body: { scheduleId, seatNumber } })),
    );
    const pay = (held: typeof one) =>
      api.call('POST', '/payments', { token: accessToken, body: { reservationId: held?.body['reservationId'] } });
    t.equal((await pay(one)).status, 201);
    t.match(await api.call('GET', '/queue/status', { token }), { body: { status } });
    const further = await api.call('POST', '/reservations', { token, body: { scheduleId, seatNumber: 3 } });
    t.equal(further.status, setting === 'payment' ? 401 : 201);
    t.equal((await pay(two)).status, 201);
    if (setting === 'last-hold') t.equal((await pay(further)).status, 201);
    t.match(await api.call('GET', '/queue/status', { token }), { body: { status: 'COMPLETED' } });
  });
}
