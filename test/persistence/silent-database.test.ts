import { createHash, randomUUID } from 'node:crypto';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { setImmediate as nextTurn, setTimeout as pause } from 'node:timers/promises';
import t from 'tap';
import { systemClock } from '../../src/runtime/clock.ts';
import { createDatabaseClock } from '../../src/runtime/database-clock.ts';
import { Fault } from '../../src/domain/errors.ts';
import { createDoubtResolution } from '../../src/persistence/journal/doubt-resolution.ts';
import { createLane } from '../../src/persistence/journal/lane.ts';
import { readOverview } from '../../src/persistence/records/overview.ts';
import { createPool } from '../../src/persistence/pool.ts';
import { createWallets } from '../../src/persistence/records/wallets.ts';
import { createTestDatabase } from '../fixtures/database.ts';
import { holdCommand, insertSchedule, insertUserWithBalance, startOwnerNode, valueOf } from '../fixtures/owner-node.ts';
import { silentLog } from '../fixtures/silent-log.ts';
import { measureOwnTime } from '../fixtures/own-time.ts';
import { startTcpProxy } from '../fixtures/tcp-proxy.ts';
import { waitFor } from '../fixtures/wait-for.ts';

// All of the time goes by in waiting for answers that do not come.
t.jobs = 4;

t.test('a schedule whose turn never comes because all lanes wait in vain is refused within two seconds', async (t) => {
  const database = await createTestDatabase(t);
  const proxy = await startTcpProxy(t, database.url);
  const node = await startOwnerNode(t, database, { laneUrl: proxy.url });
  const schedules: number[] = [];
  for (let count = 0; count < 4; count += 1) schedules.push((await insertSchedule(database)).scheduleId);
  for (const scheduleId of schedules) await node.dispatch(holdCommand(scheduleId, randomUUID(), 1));

  proxy.muteServer();
  const replies = schedules.map(async (scheduleId, index) => {
    const ownTime = measureOwnTime();
    for (let turn = 0; turn < index * 3; turn += 1) await nextTurn();
    const reply = await node.dispatch(holdCommand(scheduleId, randomUUID(), 2));
    return { reply, afterMs: ownTime() };
  });
  for (const { reply, afterMs } of await Promise.all(replies)) {
    t.match(reply, { outcome: 'failed', code: 'STORE_UNAVAILABLE' });
    t.ok(afterMs < 2_000, `answered after ${Math.round(afterMs)} ms`);
  }
  proxy.cut();
});

t.test('the first command of a schedule is refused within two seconds while the database says nothing', async (t) => {
  const database = await createTestDatabase(t);
  const proxy = await startTcpProxy(t, database.url);
  const node = await startOwnerNode(t, database, { poolUrl: proxy.url });
  const { scheduleId } = await insertSchedule(database);
  proxy.muteServer();
  const ownTime = measureOwnTime();
  t.match(await node.dispatch(holdCommand(scheduleId, randomUUID(), 1)), {
    outcome: 'failed',
    code: 'STORE_UNAVAILABLE',
    effect: 'none',
  });
  t.ok(ownTime() < 2_000);
  const laterTime = measureOwnTime();
  t.match(await node.dispatch(holdCommand(scheduleId, randomUUID(), 1)), { outcome: 'failed', effect: 'none' });
  t.ok(laterTime() < 500, 'whoever comes after need not wait as long');
  t.equal(node.registry.counts().waiting, 0);
  proxy.cut();
  await waitFor(async () => (await node.dispatch(holdCommand(scheduleId, randomUUID(), 1))).outcome === 'granted', {
    deadlineMs: 2_000,
    what: 'a hold after the database is back',
  });
});

t.test('a node stops waiting for a database that keeps its connections and says nothing', async (t) => {
  const database = await createTestDatabase(t);
  const proxy = await startTcpProxy(t, database.url);
  const node = await startOwnerNode(t, database, { poolUrl: proxy.url });
  const { scheduleId } = await insertSchedule(database);
  proxy.muteServer();
  await node.dispatch(holdCommand(scheduleId, randomUUID(), 1));
  await waitFor(() => proxy.hasSwallowed, { what: 'an answer to be swallowed' });
  proxy.passOn();
  await waitFor(async () => (await node.dispatch(holdCommand(scheduleId, randomUUID(), 1))).outcome === 'granted', {
    deadlineMs: 8_000,
    what: 'a hold on new connections, though the old ones never broke',
  });
});

t.test('an overview is given up, and its connections are, when the database says nothing', async (t) => {
  const database = await createTestDatabase(t);
  const proxy = await startTcpProxy(t, database.url);
  const pool = createPool({ databaseUrl: proxy.url, max: 4, log: silentLog });
  t.teardown(() => pool.end());
  await Promise.all([1, 2, 3, 4].map(() => pool.query('SELECT pg_sleep(0.1)')));
  t.equal(pool.totalCount, 4);
  proxy.muteServer();
  const outcome = readOverview(pool, 'n:1').then(
    () => 'told',
    (error: unknown) => (error instanceof Fault ? error.code : error),
  );
  t.equal(await Promise.race([outcome, pause(9_000, 'silence', { ref: false })]), 'STORE_UNAVAILABLE');
  proxy.cut();
  t.match(await readOverview(pool, 'n:1'), { ownedSchedules: [] });
});

t.test('a lane gives up a server that greets and then says nothing', async (t) => {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    // AuthenticationOk and ReadyForQuery.
    socket.once('data', () => socket.write(Buffer.from([0x52, 0, 0, 0, 8, 0, 0, 0, 0, 0x5a, 0, 0, 0, 5, 0x49])));
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  t.teardown(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  const { port } = server.address() as AddressInfo;
  const lane = createLane({
    databaseUrl: `postgres://nobody:secret@127.0.0.1:${port}/none`,
    clock: systemClock,
    databaseClock: createDatabaseClock(systemClock),
    log: silentLog,
    onFree: () => undefined,
  });
  const ownTime = measureOwnTime();
  await t.rejects(lane.start());
  t.ok(ownTime() < 2_000);
  t.equal(lane.isConnected, false);
  await lane.close();
});

t.test('of two holds under one key in one statement one is done, and nobody else is disturbed', async (t) => {
  const database = await createTestDatabase(t);
  const node = await startOwnerNode(t, database);
  const schedules: number[] = [];
  for (let count = 0; count < 3; count += 1) schedules.push((await insertSchedule(database)).scheduleId);
  for (const scheduleId of schedules) await node.dispatch(holdCommand(scheduleId, randomUUID(), 1));
  const claim = { key: 'k', fingerprint: createHash('sha256').update('k').digest('hex') };
  const fan = randomUUID();
  const replies = await Promise.all(
    schedules.map((scheduleId, index) =>
      node.dispatch({ ...holdCommand(scheduleId, fan, 2), claim: index < 2 ? claim : null }),
    ),
  );
  t.strictSame(
    replies
      .slice(0, 2)
      .map(({ outcome }) => outcome)
      .sort(),
    ['granted', 'key-taken'],
  );
  t.match(replies[2], { outcome: 'granted' });
});

t.test(
  'a doubt is resolved under the name that the statement was sent under, whatever the node is called now',
  async (t) => {
    const database = await createTestDatabase(t);
    const { scheduleId } = await insertSchedule(database);
    await database.pool.query(`UPDATE schedule_heads SET owner = 'n:1', epoch = 4, seq = 9 WHERE schedule_id = $1`, [
      scheduleId,
    ]);
    const resolution = createDoubtResolution({ pool: database.pool, clock: systemClock, log: silentLog });
    const part = { scheduleId, epoch: 4, batchId: randomUUID() };
    t.strictSame(
      await resolution.resolve([{ ...part, firstSeq: 9 }], 'n:1', null),
      new Map([[scheduleId, { isCommitted: true, isOwner: true, epoch: 5 }]]),
    );
    t.strictSame(
      await resolution.resolve([{ ...part, firstSeq: 10 }], 'n:1', null),
      new Map([[scheduleId, { isCommitted: false, isOwner: false, epoch: 4 }]]),
      'an epoch that has passed is not raised again',
    );
  },
);

t.test('of payments whose answer was lost, the one that was not covered is told the true balance', async (t) => {
  const database = await createTestDatabase(t);
  const proxy = await startTcpProxy(t, database.url);
  const node = await startOwnerNode(t, database, { laneUrl: proxy.url });
  const { scheduleId } = await insertSchedule(database, { price: 1_000 });
  const users = [await insertUserWithBalance(database, 1_500), await insertUserWithBalance(database, 700)];
  const payments = await Promise.all(
    users.map(async (userId, index) => {
      const { value: reservations } = valueOf(await node.dispatch(holdCommand(scheduleId, userId, index + 1)));
      const reservationIds = reservations.map(({ reservationId }) => reservationId);
      const paymentId = randomUUID();
      return { type: 'PayReservations', scheduleId, userId, paymentId, reservationIds, claim: null } as const;
    }),
  );
  proxy.muteServer();
  const replies = payments.map((payment) => node.dispatch(payment));
  await waitFor(async () => (await database.pool.query('SELECT FROM payments')).rows.length === 1, {
    what: 'the commit',
  });
  proxy.cut();
  const [paid, declined] = await Promise.all(replies);
  t.match(paid, {
    outcome: 'granted',
    value: { grant: { value: { remainingBalance: 500, reservations: [{ seq: 3 }] } } },
  });
  t.strictSame(declined, {
    outcome: 'refused',
    rejection: { code: 'INSUFFICIENT_BALANCE', members: { amount: 1_000, balance: 700 } },
  });
});

t.test('whoever waits behind a charge whose answer is missing is refused with it', async (t) => {
  const database = await createTestDatabase(t);
  const proxy = await startTcpProxy(t, database.url);
  const pool = createPool({ databaseUrl: proxy.url, max: 2, log: silentLog });
  t.teardown(() => pool.end());
  const wallets = createWallets({ pool });
  const users: string[] = [];
  for (let count = 0; count < 3; count += 1) users.push(await insertUserWithBalance(database, 0));
  const [first = '', ...others] = users;
  await wallets.charge(first, 1_000, null);

  proxy.muteServer();
  const ownTime = measureOwnTime();
  const doubtful = wallets.charge(first, 1_000, null);
  await pause(200);
  const behind = others.map((userId) => wallets.charge(userId, 1_000, null));
  await t.rejects(doubtful, { code: 'STORE_UNAVAILABLE', effect: 'unknown' });
  for (const refused of behind) await t.rejects(refused, { code: 'STORE_UNAVAILABLE', effect: 'none' });
  t.ok(ownTime() < 2_000);
  proxy.cut();
  for (const userId of others) t.match(await wallets.charge(userId, 1_000, null), { value: { currentBalance: 1_000 } });
});
