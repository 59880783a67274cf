import t from 'tap';
import { createRedisBroadcast } from '../../../src/cluster/redis-bus/broadcast.ts';
import { createRedisSeatBus } from '../../../src/cluster/redis-seat-bus.ts';
import { systemClock } from '../../../src/runtime/clock.ts';
import { createManualClock } from '../../fixtures/manual-clock.ts';
import { skipWithoutRedis, startTestRedis } from '../../fixtures/redis.ts';
import { silentLog } from '../../fixtures/silent-log.ts';
import { startTcpProxy } from '../../fixtures/tcp-proxy.ts';
import { waitFor } from '../../fixtures/wait-for.ts';
import { changeOf, createRecordingListener, joinSeatBus, type SeatBusNode, untilWatched } from './seat-bus-nodes.ts';

const skip = skipWithoutRedis();
/** What the contract of the bus says, and what a busy machine may add. */
const INTEREST_ENDS_WITHIN_MS = 4_000 + 2_000;

function seqsOf(listener: ReturnType<typeof createRecordingListener>): readonly number[] {
  return listener.updates.map(({ seq }) => seq);
}

/** Publishes until the listener has heard of it: the way there may still be being made. */
async function untilHeard(node: SeatBusNode, listener: ReturnType<typeof createRecordingListener>, seq: number) {
  await waitFor(
    () => {
      node.bus.publish(changeOf(7, seq));
      return seqsOf(listener).includes(seq);
    },
    { what: `change ${seq}`, deadlineMs: 10_000 },
  );
}

// Nearly all of the time goes by in waiting for interests to end.
t.jobs = 4;

t.test('what only this node watches, and what nobody watches, is not sent to Redis', { skip }, async (t) => {
  const { url } = await startTestRedis(t);
  const [owner, other] = [await joinSeatBus(t, url), await joinSeatBus(t, url)];
  const listener = createRecordingListener();
  owner.bus.watch(7, listener);
  other.bus.watch(8, createRecordingListener());
  await untilWatched(owner, 8);
  await waitFor(() => other.interests.includes(7), { what: 'the other node to know' });
  const before = other.broadcast.counts().received;
  owner.bus.publish(changeOf(7, 1));
  owner.bus.publish(changeOf(9, 1));
  owner.bus.announce({ scheduleId: 9, epoch: 1, seq: 1 });
  t.strictSame(seqsOf(listener), [1], 'at once');
  owner.bus.publish(changeOf(8, 1));
  await waitFor(() => other.broadcast.counts().received > before, { what: 'the one that is watched' });
  other.bus.publish(changeOf(7, 2));
  await waitFor(() => seqsOf(listener).length > 1, { what: 'what comes from elsewhere' });
  t.strictSame(seqsOf(listener), [1, 2], 'and nothing of its own comes back');
  t.strictSame(owner.interests, [8]);
  t.equal(owner.broadcast.counts().dropped, 0);
});

t.test('an owner tells where it stands as soon as another node begins to watch', { skip }, async (t) => {
  const { url } = await startTestRedis(t);
  const watcher = await joinSeatBus(t, url);
  const owner: SeatBusNode = await joinSeatBus(t, url, {
    onNewInterest: (scheduleId) => owner.bus.announce({ scheduleId, epoch: 4, seq: 9 }),
  });
  const listener = createRecordingListener();
  watcher.bus.watch(7, listener);
  await waitFor(() => listener.heads.length > 0, { what: 'the head' });
  t.strictSame(listener.heads, [{ scheduleId: 7, epoch: 4, seq: 9 }]);
  await waitFor(() => owner.broadcast.counts().received >= 3, { what: 'two renewals' });
  t.strictSame(owner.interests, [7], 'who renews its interest is not told again');
  watcher.bus.watch(7, createRecordingListener());
  watcher.bus.watch(8, createRecordingListener());
  await waitFor(() => owner.interests.length > 1, { what: 'another schedule' });
  t.strictSame(owner.interests, [7, 8]);
});

t.test('an interest is renewed while it lasts and ends by itself when its node is gone', { skip }, async (t) => {
  const { url } = await startTestRedis(t);
  const owner = await joinSeatBus(t, url);
  const staying = await joinSeatBus(t, url);
  const leaving = await joinSeatBus(t, url);
  staying.bus.watch(7, createRecordingListener());
  leaving.bus.watch(8, createRecordingListener());
  await untilWatched(owner, 7);
  await untilWatched(owner, 8);
  const beganAt = performance.now();
  await leaving.broadcast.close();
  await waitFor(() => !owner.bus.isWatched(8), { what: 'its end', deadlineMs: INTEREST_ENDS_WITHIN_MS });
  t.ok(performance.now() - beganAt >= 1_900, 'but not because one renewal is missing');
  t.ok(owner.bus.isWatched(7));
  t.strictSame([...owner.bus.watched()], [7]);
});

t.test('a lost interest is made good by the next renewal, a lost end by its absence', { skip }, async (t) => {
  const { url } = await startTestRedis(t);
  const [owner, watcher] = [await joinSeatBus(t, url), await joinSeatBus(t, url)];
  owner.lose((channel) => channel === 'watching');
  const before = owner.broadcast.counts().received;
  const stop = watcher.bus.watch(7, createRecordingListener());
  await waitFor(() => owner.broadcast.counts().received > before, { what: 'the message that is lost' });
  t.notOk(owner.bus.isWatched(7));
  owner.lose(() => false);
  await untilWatched(owner, 7);
  t.strictSame(owner.interests, [7], 'and so the owner tells where it stands');
  owner.lose((channel) => channel === 'watching');
  stop();
  await waitFor(() => !owner.bus.isWatched(7), { what: 'the end', deadlineMs: INTEREST_ENDS_WITHIN_MS });
});

t.test('garbage reaches no listener, ends nothing and is logged once', { skip }, async (t) => {
  const redis = await startTestRedis(t);
  const warned: object[] = [];
  const log = { ...silentLog, warn: (fields: object) => void warned.push(fields) };
  const [owner, watcher] = [await joinSeatBus(t, redis.url, { log }), await joinSeatBus(t, redis.url, { log })];
  const listener = createRecordingListener();
  watcher.bus.watch(7, listener);
  await untilWatched(owner, 7);
  const head = '"epoch":1,"seq":1';
  const change = '"fromSeq":1,"epoch":1,"seq":1';
  const seat = '"seatNumber":1,"status":"HELD","heldUntil":"2026-11-20T12:00:00.000Z"';
  const garbage = [
    '',
    'x',
    'x {',
    'x null',
    'x []',
    `{"type":"head","scheduleId":7,${head}}`,
    `a\\tb {"type":"head","scheduleId":7,${head}}`,
    `x {"type":"head","scheduleId":8,${head}}`,
    `x {"type":"head","scheduleId":7,"epoch":1,"seq":-1}`,
    `x {"type":"head","scheduleId":7,"epoch":1,"seq":1.5}`,
    `x {"type":"head","scheduleId":7,"epoch":1,"seq":"1"}`,
    `x {"type":"head","scheduleId":7,"__proto__":{},${head}}`,
    `x {"type":"updates","scheduleId":7,${change},"updates":[]}`,
    `x {"type":"updates","scheduleId":7,${change},"updates":[{${seat}},{${seat}}]}`,
    `x {"type":"updates","scheduleId":7,${change},"updates":[{${seat},"userId":"someone"}]}`,
    `x {"type":"updates","scheduleId":7,${change},"updates":[{${seat.replace('HELD', 'SOLD')}}]}`,
    `x {"type":"updates","scheduleId":7,${change},"updates":[{${seat.replace('2026', '<b>')}}]}`,
  ];
  for (const text of garbage) {
    const answer = await redis.command(`PUBLISH frontrow:0:seats:7 "${text.replaceAll('"', '\\"')}"`);
    t.equal(answer, ':1', `the watcher gets ${text}`);
  }
  for (const text of ['x {}', 'x {"type":"begun","scheduleIds":[0]}', 'x {"type":"begun","scheduleIds":7}']) {
    await redis.command(`PUBLISH frontrow:0:watching "${text.replaceAll('"', '\\"')}"`);
  }
  await redis.command(
    `PUBLISH frontrow:0:seats:7 "x {\\"type\\":\\"head\\",\\"scheduleId\\":7,\\"epoch\\":1,\\"seq\\":5}"`,
  );
  await waitFor(() => listener.heads.length > 0, { what: 'what is none' });
  t.strictSame(listener.heads, [{ scheduleId: 7, epoch: 1, seq: 5 }]);
  t.strictSame(listener.updates, []);
  t.strictSame([...owner.bus.watched()], [7]);
  t.equal(warned.length, 2, 'once by each node');
});

t.test('services in different databases of one Redis do not hear each other', { skip }, async (t) => {
  const { url } = await startTestRedis(t);
  const [here, there] = [await joinSeatBus(t, `${url}/1`), await joinSeatBus(t, `${url}/2`)];
  const witness = await joinSeatBus(t, `${url}/1`);
  there.bus.watch(7, createRecordingListener());
  here.bus.watch(8, createRecordingListener());
  await untilWatched(witness, 8);
  t.strictSame(witness.interests, [8]);
  t.equal(there.broadcast.counts().received, 0);
});

t.test('a killed Redis costs local listeners nothing, and others hear again once it is back', { skip }, async (t) => {
  const redis = await startTestRedis(t);
  const [owner, watcher] = [await joinSeatBus(t, redis.url), await joinSeatBus(t, redis.url)];
  const [near, far] = [createRecordingListener(), createRecordingListener()];
  owner.bus.watch(7, near);
  watcher.bus.watch(7, far);
  await untilWatched(owner, 7);
  await waitFor(() => owner.interests.includes(7), { what: 'the interest' });
  await redis.kill();
  owner.bus.publish(changeOf(7, 1));
  t.strictSame(seqsOf(near), [1]);
  await waitFor(() => owner.broadcast.counts().dropped > 0, { what: 'the loss to be counted' });
  watcher.bus.watch(9, createRecordingListener());
  const interestsBefore = owner.interests.length;
  await redis.start();
  await waitFor(() => owner.interests.slice(interestsBefore).includes(7), { what: 'the interest to be told again' });
  await waitFor(() => owner.interests.includes(9), { what: 'what began while Redis was away' });
  await untilHeard(owner, far, 2);
  t.notOk(seqsOf(far).includes(1), 'what was lost is not sent later');
});

t.test('a Redis that stands still makes nobody wait and fills no memory', { skip }, async (t) => {
  const redis = await startTestRedis(t);
  const [owner, watcher] = [await joinSeatBus(t, redis.url), await joinSeatBus(t, redis.url)];
  const far = createRecordingListener();
  watcher.bus.watch(7, far);
  await untilWatched(owner, 7);
  redis.pause();
  const updates = {
    ...changeOf(7, 1),
    seq: 2_000,
    updates: Array.from({ length: 2_000 }, () => changeOf(7, 1).updates).flat(),
  };
  const memoryBefore = process.memoryUsage();
  const beganAt = performance.now();
  // 120 MB in all.
  for (let nth = 0; nth < 1_000; nth += 1) owner.bus.publish(updates);
  t.ok(performance.now() - beganAt < 5_000);
  const memory = process.memoryUsage();
  const grownBytes = memory.external + memory.arrayBuffers - memoryBefore.external - memoryBefore.arrayBuffers;
  t.ok(grownBytes < 64 * 1_024 * 1_024, `${grownBytes} bytes`);
  t.ok(owner.broadcast.counts().dropped >= 900, `${owner.broadcast.counts().dropped} are dropped at once`);
  await waitFor(() => owner.broadcast.counts().dropped >= 1_000, { what: 'the rest to be given up' });
  redis.resume();
  await untilWatched(owner, 7);
  await untilHeard(owner, far, 3_000);
});

t.test('an emptied Redis is not noticed', { skip }, async (t) => {
  const redis = await startTestRedis(t);
  const [owner, watcher] = [await joinSeatBus(t, redis.url), await joinSeatBus(t, redis.url)];
  const far = createRecordingListener();
  watcher.bus.watch(7, far);
  await untilWatched(owner, 7);
  await redis.flush();
  owner.bus.publish(changeOf(7, 1));
  await waitFor(() => far.updates.length === 1, { what: 'the change' });
  t.equal(owner.broadcast.counts().dropped, 0);
});

t.test(
  'a node that could not tell for a while tells again what it watches and where its schedules stand',
  { skip },
  async (t) => {
    const redis = await startTestRedis(t);
    // It stands still, so that nothing is told again for its time.
    const clock = createManualClock();
    const [owner, watcher] = [await joinSeatBus(t, redis.url, { clock }), await joinSeatBus(t, redis.url, { clock })];
    watcher.bus.watch(7, createRecordingListener());
    await untilWatched(owner, 7);
    t.strictSame(owner.interests, [7]);
    // Connections that subscribe are not of this type.
    await redis.command('CLIENT KILL TYPE normal SKIPME yes');
    await waitFor(() => owner.interests.length >= 3, { what: 'its own return, and that of the other' });
  },
);

t.test('a connection on which nothing arrives any more is noticed and made again', { skip }, async (t) => {
  const redis = await startTestRedis(t);
  const proxy = await startTcpProxy(t, redis.url);
  const warned: object[] = [];
  const log = { ...silentLog, warn: (fields: object) => void warned.push(fields) };
  const broadcast = createRedisBroadcast({ url: proxy.url, nodeName: 'hearer', clock: systemClock, log });
  t.teardown(() => broadcast.close());
  let listened = 0;
  broadcast.listen('news', { heard: () => true, listening: () => void (listened += 1) });
  await broadcast.start();
  await waitFor(() => listened === 1, { what: 'the subscription' });
  proxy.muteServer();
  await waitFor(() => warned.length > 0, { what: 'the silence to be noticed', deadlineMs: 10_000 });
  proxy.passOn();
  await waitFor(() => listened === 2, { what: 'the subscription to be made again', deadlineMs: 10_000 });
});

t.test('a bus starts without Redis and serves its own node', { skip }, async (t) => {
  const redis = await startTestRedis(t);
  await redis.kill();
  const node = await joinSeatBus(t, redis.url);
  const near = createRecordingListener();
  const stop = node.bus.watch(7, near);
  node.bus.publish(changeOf(7, 1));
  node.bus.announce({ scheduleId: 7, epoch: 1, seq: 1 });
  t.equal(near.updates.length + near.heads.length, 2);
  stop();
  t.notOk(node.bus.isWatched(7));
  await redis.start();
  const other = await joinSeatBus(t, redis.url);
  other.bus.watch(8, createRecordingListener());
  await untilWatched(node, 8);
});

t.test('starting and closing again change nothing, and what is closed hears and tells nothing', { skip }, async (t) => {
  const { url } = await startTestRedis(t);
  const owner = await joinSeatBus(t, url);
  const broadcast = createRedisBroadcast({ url, nodeName: 'closing', clock: systemClock, log: silentLog });
  const bus = createRedisSeatBus({ broadcast, clock: systemClock, log: silentLog, onNewInterest: () => undefined });
  bus.start();
  bus.start();
  await broadcast.start();
  await broadcast.start();
  const listener = createRecordingListener();
  bus.watch(7, listener);
  await untilWatched(owner, 7);
  const closedAt = performance.now();
  bus.close();
  bus.close();
  await broadcast.close();
  await broadcast.close();
  owner.bus.publish(changeOf(7, 1));
  await waitFor(() => !owner.bus.isWatched(7), { what: 'its interest to end' });
  t.ok(performance.now() - closedAt < 1_900, 'with its word');
  t.strictSame(listener.updates, []);
  t.doesNotThrow(() => bus.publish(changeOf(7, 2)));
});
