import { createHash, randomUUID } from 'node:crypto';
import t from 'tap';
import { systemClock } from '../../../src/runtime/clock.ts';
import { createTestDatabase, type TestDatabase } from '../../fixtures/database.ts';
import {
  holdCommand,
  insertSchedule,
  insertUserWithBalance,
  startOwnerNode,
  valueOf,
} from '../../fixtures/owner-node.ts';
import { startTcpProxy } from '../../fixtures/tcp-proxy.ts';
import { waitFor } from '../../fixtures/wait-for.ts';

async function countOf(database: TestDatabase, text: string): Promise<number> {
  const { rows } = await database.pool.query<{ n: number }>(`SELECT count(*) AS n FROM ${text}`);
  return rows[0]?.n ?? -1;
}

async function raiseOn(database: TestDatabase, table: string, condition: string, sqlState: string): Promise<void> {
  await database.pool.query(`
    CREATE FUNCTION fail_on_purpose() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF ${condition} THEN RAISE EXCEPTION 'on purpose' USING ERRCODE = '${sqlState}'; END IF;
      RETURN NEW;
    END $$`);
  await database.pool.query(
    `CREATE TRIGGER fail_on_purpose BEFORE INSERT ON ${table} FOR EACH ROW EXECUTE FUNCTION fail_on_purpose()`,
  );
}

function claimOf(key: string) {
  return { key, fingerprint: createHash('sha256').update(key).digest('hex') };
}

t.test('a hold whose commit was not acknowledged is found committed, and granted once', async (t) => {
  const database = await createTestDatabase(t);
  const proxy = await startTcpProxy(t, database.url);
  let doubted = 0;
  const observer = { doubted: () => (doubted += 1) };
  const node = await startOwnerNode(t, database, { laneUrl: proxy.url, observer });
  const { scheduleId } = await insertSchedule(database);
  await node.dispatch(holdCommand(scheduleId, randomUUID(), 1));

  proxy.muteServer();
  const pending = node.dispatch(holdCommand(scheduleId, randomUUID(), 2));
  await waitFor(async () => (await countOf(database, 'reservations')) === 2, { what: 'the commit' });
  await waitFor(() => proxy.hasSwallowed, { what: 'the answer to be swallowed' });
  proxy.cut();
  const { value: reservations } = valueOf(await pending);
  t.match(reservations, [{ seatNumber: 2, epoch: 1, seq: 2 }]);
  t.ok(doubted > 0, 'it was in doubt');
  t.equal(await countOf(database, 'seat_log'), 2);
  const next = valueOf(await node.dispatch(holdCommand(scheduleId, randomUUID(), 3)));
  t.match(next.value, [{ epoch: 2, seq: 3 }], 'the owner went on under a raised epoch');
});

t.test('a hold that never reached the database is decided again, and granted once', async (t) => {
  const database = await createTestDatabase(t);
  const proxy = await startTcpProxy(t, database.url);
  const node = await startOwnerNode(t, database, { laneUrl: proxy.url });
  const { scheduleId } = await insertSchedule(database);
  await node.dispatch(holdCommand(scheduleId, randomUUID(), 1));

  proxy.muteClients();
  const pending = node.dispatch(holdCommand(scheduleId, randomUUID(), 2));
  await waitFor(() => proxy.hasSwallowed, { what: 'the statement to be swallowed' });
  proxy.cut();
  t.match(valueOf(await pending).value, [{ seatNumber: 2, epoch: 2, seq: 2 }]);
  t.equal(await countOf(database, 'reservations'), 2);
});

t.test('a payment whose commit was not acknowledged is found paid, and debited once', async (t) => {
  const database = await createTestDatabase(t);
  const proxy = await startTcpProxy(t, database.url);
  const node = await startOwnerNode(t, database, { laneUrl: proxy.url });
  const { scheduleId } = await insertSchedule(database);
  const userId = await insertUserWithBalance(database, 2_500);
  const { value: reservations } = valueOf(await node.dispatch(holdCommand(scheduleId, userId, 4, 5)));
  const reservationIds = reservations.map(({ reservationId }) => reservationId);

  proxy.muteServer();
  const paymentId = randomUUID();
  const pending = node.dispatch({
    type: 'PayReservations',
    scheduleId,
    userId,
    paymentId,
    reservationIds,
    claim: null,
  });
  await waitFor(async () => (await countOf(database, 'payments')) === 1, { what: 'the commit' });
  proxy.cut();
  const paid = valueOf(await pending);
  t.match(paid, { grant: { value: { remainingBalance: 500, paymentId, reservations: [{ seq: 3 }, { seq: 4 }] } } });
  const { rows } = await database.pool.query('SELECT balance, entries FROM wallets');
  t.strictSame(rows, [{ balance: 500, entries: 2 }]);
});

t.test('while the database is away commands are refused within two seconds, and served again within two', async (t) => {
  const database = await createTestDatabase(t);
  const proxy = await startTcpProxy(t, database.url);
  const node = await startOwnerNode(t, database, { laneUrl: proxy.url });
  const { scheduleId } = await insertSchedule(database);
  await node.dispatch(holdCommand(scheduleId, randomUUID(), 1));

  proxy.muteClients();
  const started = performance.now();
  const replies = await Promise.all([
    node.dispatch(holdCommand(scheduleId, randomUUID(), 2)),
    node.dispatch(holdCommand(scheduleId, randomUUID(), 3)),
  ]);
  for (const reply of replies) t.match(reply, { outcome: 'failed' });
  t.ok(performance.now() - started < 2_000);
  t.match(await node.dispatch(holdCommand(scheduleId, randomUUID(), 4)), { outcome: 'failed', effect: 'none' });
  proxy.cut();
  await waitFor(async () => (await node.dispatch(holdCommand(scheduleId, randomUUID(), 5))).outcome === 'granted', {
    deadlineMs: 2_000,
    what: 'a hold after the database is back',
  });
});

t.test('an owner that lost its schedule cannot write to it, and its command is not answered as done', async (t) => {
  const database = await createTestDatabase(t);
  let fenced = 0;
  const zombie = await startOwnerNode(t, database, {
    nodeId: 'zombie',
    // A beat would tell it that it is dead, and then its commands meet no fence.
    heartbeat: { beat: async () => ({ isAlive: true, sentAt: systemClock.monotonicMs() }) },
    observer: { fenced: () => (fenced += 1) },
  });
  const { scheduleId } = await insertSchedule(database);
  await zombie.dispatch(holdCommand(scheduleId, randomUUID(), 1));

  await database.pool.query('UPDATE nodes SET dead_at = now() WHERE node = $1', [zombie.membership.node]);
  const heir = await startOwnerNode(t, database, { nodeId: 'heir' });
  // The heir has only looked, so that the numbers still agree: nothing but the epoch keeps the zombie out.
  t.match(valueOf(await heir.dispatch({ type: 'ReadSeatMap', scheduleId })), { epoch: 2, seq: 1 });
  const late = await zombie.dispatch(holdCommand(scheduleId, randomUUID(), 2));
  t.match(late, { outcome: 'failed', code: 'OWNER_UNAVAILABLE', effect: 'none' });
  t.equal(fenced, 1);
  const [taken] = valueOf(await heir.dispatch(holdCommand(scheduleId, randomUUID(), 2))).value;
  t.match(taken, { epoch: 2, seq: 2 });
  t.equal(await countOf(database, `reservations WHERE status = 'HELD'`), 2);
});

t.test('an owner whose beats are not answered stops refusing, because refusals meet no fence', async (t) => {
  const database = await createTestDatabase(t);
  const proxy = await startTcpProxy(t, database.url);
  const node = await startOwnerNode(t, database, { laneUrl: proxy.url });
  const { scheduleId } = await insertSchedule(database, { seats: 1 });
  await node.dispatch(holdCommand(scheduleId, randomUUID(), 1));
  const ask = () => node.dispatch(holdCommand(scheduleId, randomUUID(), 1));
  t.match(await ask(), { outcome: 'refused', rejection: { code: 'SEAT_TAKEN' } });
  proxy.muteServer();
  await waitFor(async () => (await ask()).outcome === 'failed', { what: 'the lease to end' });
  t.match(await ask(), { outcome: 'failed', code: 'OWNER_UNAVAILABLE', effect: 'none' });
  t.match(await node.dispatch({ type: 'ReadSeatMap', scheduleId }), { outcome: 'failed', code: 'OWNER_UNAVAILABLE' });
  proxy.cut();
  await waitFor(async () => (await ask()).outcome === 'refused', { what: 'the lease to be renewed' });
});

for (const [state, reply] of [
  ['22021', { outcome: 'refused', rejection: { code: 'VALIDATION_FAILED' } }],
  ['P0001', { outcome: 'failed', code: 'STORE_UNAVAILABLE', effect: 'none' }],
  ['XX000', { outcome: 'failed', code: 'STORE_UNAVAILABLE', effect: 'none' }],
] as const) {
  t.test(`one row in a hundred that the database refuses with ${state} stops none of the others`, async (t) => {
    const database = await createTestDatabase(t);
    const node = await startOwnerNode(t, database);
    const schedules: number[] = [];
    for (let count = 0; count < 20; count += 1) schedules.push((await insertSchedule(database)).scheduleId);
    const cursed = randomUUID();
    await raiseOn(database, 'reservations', `NEW.user_id = '${cursed}'`, state);
    const commands = Array.from({ length: 100 }, (_, index) =>
      holdCommand(schedules[index % 20] ?? 0, index === 47 ? cursed : randomUUID(), 1 + Math.floor(index / 20)),
    );
    const outcomes = await Promise.allSettled(commands.map((command) => node.dispatch(command)));
    for (const [index, outcome] of outcomes.entries()) {
      if (index === 47) t.match(outcome, { status: 'fulfilled', value: reply }, 'the bad one');
      else t.match(outcome, { status: 'fulfilled', value: { outcome: 'granted' } }, `command ${index}`);
    }
    t.equal(await countOf(database, `reservations WHERE status = 'HELD'`), 99);
  });
}

t.test('a serialization failure is sent again; a full disk is refused with nothing done', async (t) => {
  const database = await createTestDatabase(t);
  const node = await startOwnerNode(t, database);
  const { scheduleId } = await insertSchedule(database);
  await database.pool.query('CREATE SEQUENCE tries');
  await raiseOn(database, 'seat_log_flushes', `nextval('tries') < 3`, '40001');
  t.match(await node.dispatch(holdCommand(scheduleId, randomUUID(), 1)), { outcome: 'granted' });
  await database.pool.query('DROP TRIGGER fail_on_purpose ON seat_log_flushes; DROP FUNCTION fail_on_purpose');
  await raiseOn(database, 'seat_log_flushes', 'true', '53100');
  t.match(await node.dispatch(holdCommand(scheduleId, randomUUID(), 2)), {
    outcome: 'failed',
    code: 'STORE_UNAVAILABLE',
    effect: 'none',
  });
  await database.pool.query('DROP TRIGGER fail_on_purpose ON seat_log_flushes');
  t.match(valueOf(await node.dispatch(holdCommand(scheduleId, randomUUID(), 2))).value, [{ seq: 2 }]);
});

t.test(
  'of two holds under one key on two schedules one is done and recorded, the other learns that the key is taken',
  async (t) => {
    const database = await createTestDatabase(t);
    const node = await startOwnerNode(t, database);
    const [one, other] = [await insertSchedule(database), await insertSchedule(database)];
    const userId = randomUUID();
    const claim = claimOf('k');
    const replies = await Promise.all(
      [one, other].map(({ scheduleId }) => node.dispatch({ ...holdCommand(scheduleId, userId, 1), claim })),
    );
    t.strictSame(replies.map(({ outcome }) => outcome).sort(), ['granted', 'key-taken']);
    const granted = replies
      .map((reply) => (reply.outcome === 'granted' ? reply.value : null))
      .find((value) => value !== null);
    const { rows } = await database.pool.query('SELECT type, body, fingerprint FROM idempotency_keys');
    t.strictSame(rows, [{ type: 'SeatsHeld', body: granted?.value, fingerprint: claim.fingerprint }]);
    t.equal(await countOf(database, 'reservations'), 1);
  },
);

t.test('payment and expiry at one instant: whichever comes first, seat and money agree', async (t) => {
  const database = await createTestDatabase(t);
  const node = await startOwnerNode(t, database, { holdTtlMs: 1_000 });
  const { scheduleId } = await insertSchedule(database, { seats: 60, price: 10 });
  const fans = await Promise.all(Array.from({ length: 60 }, () => insertUserWithBalance(database, 10)));
  const holds = await Promise.all(
    fans.map((userId, index) => node.dispatch(holdCommand(scheduleId, userId, index + 1))),
  );
  const deadline = Math.min(...holds.map((reply) => Date.parse(valueOf(reply).value[0]?.expiresAt ?? '')));
  const replies = await Promise.all(
    holds.map(async (reply, index) => {
      // From forty milliseconds before the end to twenty after it, so that both sides win some.
      await waitFor(() => node.databaseClock.upperMs() >= deadline - 40 + index, { what: 'the moment to pay' });
      return node.dispatch({
        type: 'PayReservations',
        scheduleId,
        userId: fans[index] ?? '',
        paymentId: randomUUID(),
        reservationIds: valueOf(reply).value.map(({ reservationId }) => reservationId),
        claim: null,
      });
    }),
  );
  const paid = replies.filter(({ outcome }) => outcome === 'granted').length;
  for (const reply of replies) {
    if (reply.outcome === 'refused') t.equal(reply.rejection.code, 'RESERVATION_EXPIRED');
    else t.equal(reply.outcome, 'granted');
  }
  await waitFor(async () => (await countOf(database, `reservations WHERE status = 'HELD'`)) === 0, {
    what: 'every hold to end',
  });
  t.equal(await countOf(database, `reservations WHERE status = 'CONFIRMED'`), paid);
  t.equal(await countOf(database, 'wallets WHERE balance = 0'), paid);
  t.equal(await countOf(database, 'wallets WHERE balance = 10'), 60 - paid);
  t.comment(`${paid} of 60 were paid in time`);
});
