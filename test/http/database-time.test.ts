import t from 'tap';
import { startFakeService } from './fake-service.ts';

/** The millisecond in a UUID of version 7. */
function instantOf(id: string): number {
  return Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16);
}

t.test('ids of users and payments carry the time of the database, whatever the clock of the node shows', async (t) => {
  const { call, shopper, time } = await startFakeService(t);
  const registeredAtMs = time.nowMs;
  const fan = await shopper();
  t.equal(instantOf(fan.userId), registeredAtMs);
  const held = await call('POST', '/reservations', { token: fan.queueToken, body: { scheduleId: 1, seatNumber: 1 } });
  time.nowMs += 60_000;
  const { reservationId } = held.json<{ reservationId: string }>();
  const paid = await call('POST', '/payments', { token: fan.accessToken, body: { reservationId } });
  t.equal(instantOf(paid.json<{ paymentId: string }>().paymentId), registeredAtMs + 60_000);
});

t.test("an answer's Date is the time of the database, in whole seconds", async (t) => {
  const { call, time } = await startFakeService(t);
  const dateOf = async (path: string) => Date.parse(String((await call('GET', path)).headers.date));
  const beginMs = Math.floor(time.nowMs / 1_000) * 1_000;
  t.equal(await dateOf('//healthz'), beginMs);
  time.nowMs = beginMs + 90_999;
  t.equal(await dateOf('/concerts/1'), beginMs + 90_000);
  t.equal(await dateOf('/unknown'), beginMs + 90_000, 'on a refusal too');
});

t.test('while the time of the database is not known, the Date is of this machine', async (t) => {
  const unknown = { lowerMs: () => Number.NEGATIVE_INFINITY, upperMs: () => Number.POSITIVE_INFINITY };
  const { call } = await startFakeService(t, { dependencies: { databaseClock: unknown } });
  const { headers } = await call('GET', '//healthz');
  t.ok(Math.abs(Date.parse(String(headers.date)) - Date.now()) < 60_000);
});
