import { Agent, request } from 'node:http';
import t from 'tap';
import { createTestDatabase } from '../fixtures/database.ts';
import { digestOf } from '../fixtures/database-digest.ts';
import { enter, openSale, startTestService } from '../fixtures/service.ts';
import { type BadInput, badInputs, type Sender } from '../http/bad-input.ts';

interface Refusal {
  readonly status: number;
  readonly type: string;
  readonly requestId: string;
  readonly text: string;
}

t.test('the whole service refuses bad input without a fault and without a changed row', async (t) => {
  const database = await createTestDatabase(t);
  const api = await startTestService(t, database);
  const agent = new Agent({ keepAlive: true });
  t.teardown(() => agent.destroy());
  const { concertId, scheduleId } = await openSale(api);
  const fan = await enter(api, concertId);
  const held = await api.call('POST', '/reservations', {
    token: fan.queueToken,
    body: { scheduleId, seatNumber: 40 },
  });
  const reservationId = String(held.body['reservationId']);
  await api.call('POST', '/me/balance/charge', { token: fan.accessToken, body: { amount: 10_000 } });
  const tokens: Readonly<Record<Sender, string | null>> = {
    nobody: null,
    user: fan.accessToken,
    shopper: fan.queueToken,
    admin: 'an-admin-token-for-tests',
  };

  /** Not by `fetch`, which would mend some of the paths. */
  function send({ method, path, as, headers, ...rest }: BadInput): Promise<Refusal> {
    const payload = rest.raw ?? ('body' in rest ? JSON.stringify(rest.body) : undefined);
    const token = tokens[as];
    const { hostname, port } = new URL(api.url);
    return new Promise((resolve, reject) => {
      const sent = request(
        {
          agent,
          hostname,
          port,
          method,
          path: `/api/v1${path}`,
          headers: {
            ...(token === null ? {} : { authorization: `Bearer ${token}` }),
            ...(payload === undefined ? {} : { 'content-type': 'application/json' }),
            ...headers,
          },
        },
        (response) => {
          let text = '';
          response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
          response.on('end', () => {
            const type = response.headers['content-type'] ?? '';
            const requestId = String(response.headers['x-request-id']);
            resolve({ status: response.statusCode ?? 0, type, requestId, text });
          });
        },
      );
      sent.on('error', reject);
      sent.end(payload);
    });
  }

  const before = await digestOf(database.pool);
  const table = badInputs({ concertId, scheduleId, reservationId, userId: fan.userId });
  for (const input of table) {
    const { status, type, requestId, text } = await send(input);
    if (!(input.expect ?? [400]).includes(status)) t.fail(`${input.title}: ${status} ${text}`);
    if (type !== 'application/problem+json') t.fail(`${input.title}: ${type}`);
    if (!text.includes(`"instance":"urn:uuid:${requestId}"`)) t.fail(`${input.title}: ${text}`);
  }
  t.strictSame(await digestOf(database.pool), before, `after ${table.length} requests`);
});
