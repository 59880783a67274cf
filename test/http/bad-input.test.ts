import t from 'tap';
import { type BadInput, badInputs, type Sender } from './bad-input.ts';
import { ADMIN_TOKEN, startFakeService } from './fake-service.ts';

t.test('no bad input is a fault of the service, and none changes anything', async (t) => {
  const { app, call, shopper, digest } = await startFakeService(t);
  const fan = await shopper();
  const held = await call('POST', '/reservations', { token: fan.queueToken, body: { scheduleId: 1, seatNumber: 40 } });
  const { reservationId } = held.json<{ reservationId: string }>();
  const tokens: Readonly<Record<Sender, string | null>> = {
    nobody: null,
    user: fan.accessToken,
    shopper: fan.queueToken,
    admin: ADMIN_TOKEN,
  };
  const table = badInputs({ concertId: 1, scheduleId: 1, reservationId, userId: fan.userId });
  t.ok(table.length >= 150, `${table.length} cases`);

  const before = digest();
  for (const input of table) {
    const answer = await app.inject({
      method: input.method,
      url: `/api/v1${input.path}`,
      headers: headersOf(input, tokens[input.as]),
      ...bodyOf(input),
    });
    const expected = input.expect ?? [400];
    if (!expected.includes(answer.statusCode)) t.fail(`${input.title}: ${answer.statusCode} ${answer.body}`);
    if (answer.headers['content-type'] !== 'application/problem+json') t.fail(`${input.title}: no problem document`);
    const problem = answer.json<{ status: number; instance: string; errors?: unknown[] }>();
    if (problem.status !== answer.statusCode) t.fail(`${input.title}: status ${problem.status} in the document`);
    if (problem.instance !== `urn:uuid:${String(answer.headers['x-request-id'])}`) t.fail(`${input.title}: instance`);
    if (digest() !== before) t.fail(`${input.title}: changed something`);
  }
  t.equal(digest(), before);
});

function headersOf(input: BadInput, token: string | null): Record<string, string> {
  return {
    ...(token === null ? {} : { authorization: `Bearer ${token}` }),
    ...('body' in input || 'raw' in input ? { 'content-type': 'application/json' } : {}),
    ...input.headers,
  };
}

function bodyOf(input: BadInput): { payload?: string | Buffer } {
  if (input.raw !== undefined) return { payload: input.raw };
  return 'body' in input ? { payload: JSON.stringify(input.body) } : {};
}
