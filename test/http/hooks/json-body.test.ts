import t from 'tap';
import { startFakeService } from '../fake-service.ts';

t.test('numbers are written as integers, so that none is rounded into one that is valid', async (t) => {
  const { call, register } = await startFakeService(t);
  const { accessToken: token } = await register();
  const charge = (amount: string) => call('POST', '/me/balance/charge', { token, body: `{"amount":${amount}}` });
  for (const amount of ['1.0', '1e0', '1E2', '1.0000000000000000001', '10e-1', '0.5e1']) {
    const answer = await charge(amount);
    t.match(
      answer.json(),
      { status: 400, code: 'VALIDATION_FAILED', errors: [{ in: 'body', path: '/amount' }] },
      amount,
    );
  }
  t.equal((await charge('1')).statusCode, 200);
  t.match((await call('GET', '/me/balance', { token })).json(), { balance: 1 });
});

t.test('the place of a number in lists and members is named', async (t) => {
  const { call, shopper } = await startFakeService(t);
  const { queueToken: token } = await shopper();
  const answer = await call('POST', '/reservations', { token, body: '{"scheduleId":1,"seatNumbers":[3,4.0]}' });
  t.match(answer.json(), { status: 400, errors: [{ in: 'body', path: '/seatNumbers/1' }] });
});

t.test('text may look like a number with a fraction', async (t) => {
  const { call } = await startFakeService(t);
  const body = '{"name":"1.5e3 \\"2.0\\"","email":"a1.0e1@example.com"}';
  t.equal((await call('POST', '/users', { body })).statusCode, 201);
});
