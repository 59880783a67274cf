import t from 'tap';
import type { QueueFrame } from '../../../src/domain/live-frames.ts';
import { createTestDatabase } from '../../fixtures/database.ts';
import { type LiveSocket, openLiveSocket } from '../../fixtures/live-socket.ts';
import { enter, openSale, startTestService, type TestService } from '../../fixtures/service.ts';
import { waitFor } from '../../fixtures/wait-for.ts';

const ABANDON_MS = 1_500;
// Most of the time goes by in waiting for those who are absent.
t.jobs = 3;

const database = await createTestDatabase(t);
const service = await startTestService(t, database, { QUEUE_ABANDON_MS: String(ABANDON_MS) });
const patient = await startTestService(t, await createTestDatabase(t));

async function leave(api: TestService, { queueToken }: { readonly queueToken: string }): Promise<void> {
  await api.call('DELETE', `/queue/tokens/${queueToken}`);
}

function queueFramesOf(socket: LiveSocket): readonly QueueFrame[] {
  return socket.frames.filter((frame) => frame.type === 'queue');
}

t.test('an admission is told the moment it happens', async (t) => {
  const { concertId } = await openSale(patient, { queue: { maxActive: 1 } });
  const [inside, waiting] = [await enter(patient, concertId), await enter(patient, concertId)];
  const socket = await openLiveSocket(t, patient.url, { token: waiting.queueToken });
  t.strictSame(await socket.subscribeQueue(), {
    type: 'queue',
    status: 'WAITING',
    queuePosition: 1,
    estimatedWaitTime: 30,
    estimatedWaitRange: [4, 184],
  });
  await leave(patient, inside);
  const leftMs = performance.now();
  t.strictSame(await socket.next('queue'), {
    type: 'queue',
    status: 'ACTIVE',
    queuePosition: 0,
    estimatedWaitTime: 0,
    estimatedWaitRange: [0, 0],
  });
  t.ok(performance.now() - leftMs < 900, 'not by the next look at everybody');
  t.equal((await patient.call('GET', '/queue/status', { token: waiting.queueToken })).body['status'], 'ACTIVE');
});

t.test('places are told when they change, at most once a second', async (t) => {
  const { concertId } = await openSale(patient, { queue: { maxActive: 0 } });
  const ahead = [];
  for (let nth = 0; nth < 12; nth += 1) ahead.push(await enter(patient, concertId));
  const me = await enter(patient, concertId);
  const socket = await openLiveSocket(t, patient.url, { token: me.queueToken });
  const arrivals: number[] = [];
  socket.webSocket.on('message', () => arrivals.push(performance.now()));
  t.match(await socket.subscribeQueue(), { status: 'WAITING', queuePosition: 13, estimatedWaitTime: null });
  const beganMs = performance.now();
  for (const other of ahead) {
    await leave(patient, other);
    await waitFor(() => performance.now() - beganMs > arrivals.length * 150, { what: 'a while' });
  }
  await socket.next('queue', ({ queuePosition }) => queuePosition === 1);
  const positions = queueFramesOf(socket).map(({ queuePosition }) => queuePosition ?? 0);
  t.strictSame(
    positions,
    positions.toSorted((one, other) => other - one),
    positions.join(' '),
  );
  t.equal(new Set(positions).size, positions.length, 'nothing is told twice');
  for (const [nth, atMs] of arrivals.entries()) {
    if (nth > 0) t.ok(atMs - (arrivals[nth - 1] ?? 0) >= 900, `${Math.round(atMs - (arrivals[nth - 1] ?? 0))} ms`);
  }
  const count = queueFramesOf(socket).length;
  const quietMs = performance.now();
  await waitFor(() => performance.now() - quietMs > 2_500, { what: 'two more looks' });
  t.equal(queueFramesOf(socket).length, count, 'who does not move is told nothing');
  socket.send({ type: 'unsubscribe', channel: 'queue', id: 'q' });
  t.strictSame(await socket.next('unsubscribed'), { type: 'unsubscribed', channel: 'queue', id: 'q' });
});

t.test('a wait that nobody can estimate any more is told', async (t) => {
  const { concertId } = await openSale(patient, { queue: { maxActive: 1 } });
  await enter(patient, concertId);
  const me = await enter(patient, concertId);
  const socket = await openLiveSocket(t, patient.url, { token: me.queueToken });
  t.match(await socket.subscribeQueue(), { estimatedWaitTime: 30 });
  await patient.admin('PATCH', `/admin/concerts/${concertId}/queue`, { maxActive: 0 });
  t.match(await socket.next('queue'), { status: 'WAITING', queuePosition: 1, estimatedWaitTime: null });
});

t.test('who watches is present, and who stops watching is not', async (t) => {
  const { concertId } = await openSale(service, { queue: { maxActive: 0 } });
  const [watching, silent] = [await enter(service, concertId), await enter(service, concertId)];
  const socket = await openLiveSocket(t, service.url, { token: watching.queueToken });
  await socket.subscribeQueue();
  const idle = await openLiveSocket(t, service.url, { token: silent.queueToken });
  t.equal(await idle.closed(), 4401, 'a socket alone is no sign of life, and ends after its token');
  const statusOf = async (fan: { readonly userId: string }) => {
    const { rows } = await database.pool.query<{ status: string }>(
      'SELECT status FROM queue_tokens WHERE user_id = $1',
      [fan.userId],
    );
    return rows[0]?.status;
  };
  t.equal(await statusOf(silent), 'EXPIRED');
  t.equal(await statusOf(watching), 'WAITING', 'although it has asked for nothing for four times as long');
  t.equal(socket.closeCode, null);
  await socket.close();
  const closedMs = performance.now();
  await waitFor(async () => (await statusOf(watching)) === 'EXPIRED', { what: 'the place to be given up' });
  t.ok(performance.now() - closedMs >= ABANDON_MS - 200, 'counted from then on');
});

t.test('the end of a token that waits is told with its status', async (t) => {
  const { concertId } = await openSale(patient, { queue: { maxActive: 0 } });
  const me = await enter(patient, concertId);
  const socket = await openLiveSocket(t, patient.url, { token: me.queueToken, headers: { 'accept-language': 'en' } });
  await socket.subscribeQueue();
  await leave(patient, me);
  t.strictSame(await socket.next('queue'), {
    type: 'queue',
    status: 'CANCELLED',
    queuePosition: null,
    estimatedWaitTime: null,
    estimatedWaitRange: null,
  });
  t.match(await socket.refused({ type: 'subscribe', channel: 'queue', id: 'z' }), {
    code: 'QUEUE_TOKEN_CANCELLED',
    channel: 'queue',
    id: 'z',
  });
});

t.test('an access token has no place in a queue', async (t) => {
  const { concertId } = await openSale(patient);
  const fan = await enter(patient, concertId);
  const socket = await openLiveSocket(t, patient.url, { token: fan.accessToken });
  t.match(await socket.refused({ type: 'subscribe', channel: 'queue' }), { code: 'UNAUTHENTICATED', channel: 'queue' });
  socket.send({ type: 'ping' });
  await socket.next('pong');
});

t.test('two sockets of one token are told the same', async (t) => {
  const { concertId } = await openSale(patient, { queue: { maxActive: 1 } });
  const [inside, waiting] = [await enter(patient, concertId), await enter(patient, concertId)];
  const sockets = [
    await openLiveSocket(t, patient.url, { token: waiting.queueToken }),
    await openLiveSocket(t, patient.url, { token: waiting.queueToken }),
  ];
  for (const socket of sockets) await socket.subscribeQueue();
  await leave(patient, inside);
  for (const socket of sockets) t.match(await socket.next('queue'), { status: 'ACTIVE' });
});
