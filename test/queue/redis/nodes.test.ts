import { randomUUID } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import t from 'tap';
import { systemClock } from '../../../src/runtime/clock.ts';
import { Fault } from '../../../src/domain/errors.ts';
import type { QueueRecords } from '../../../src/domain/queue-token.ts';
import { createRedisLink } from '../../../src/queue/redis/redis-link.ts';
import type { QueueRoom } from '../../../src/queue/waiting-room.ts';
import { skipWithoutRedis } from '../../fixtures/redis.ts';
import { silentLog } from '../../fixtures/silent-log.ts';
import { waitFor } from '../../fixtures/wait-for.ts';
import { assertCapAndOrder, assertWindow } from '../admission-checks.ts';
import { defaultPolicy, openPolicy } from '../room-harness.ts';
import { createSharedNodes, enterMany } from './shared-nodes.ts';

const skip = skipWithoutRedis();

// Most of the time goes by in waiting for instants.
t.jobs = 3;

t.test('two nodes let in nobody past cap and window, and nobody out of order', { skip }, async (t) => {
  const nodes = await createSharedNodes(t);
  // One of them knows the database's clock much better than the other.
  const rooms = [await nodes.join(), await nodes.join({ boundsMs: { lower: 9, upper: 23 } })] as const;
  const policy = { ...defaultPolicy, maxActive: 9, batch: 7, intervalMs: 150 };
  const concertId = await nodes.newConcert(policy);
  const PEOPLE = 140;
  let gone = 0;

  /** Comes, waits for the turn, and leaves again, asking another node every time. */
  async function shop(nth: number): Promise<void> {
    let turn = nth;
    const room = (): QueueRoom => rooms[(turn += 1) % 2 === 0 ? 0 : 1];
    for (let pause = 0; pause < nth % 40; pause += 1) await nextTurn();
    const { token } = (await room().enter(randomUUID(), concertId)).token;
    await waitFor(async () => (await room().identify(token))?.status === 'ACTIVE', {
      what: 'a turn',
      deadlineMs: 60_000,
    });
    await room().leave(token);
    gone += 1;
  }

  await Promise.all(Array.from({ length: PEOPLE }, (_, nth) => shop(nth)));
  t.equal(gone, PEOPLE);
  const rows = await nodes.rows(concertId);
  t.same(
    rows.map((row) => row.no),
    Array.from({ length: PEOPLE }, (_, nth) => nth + 1),
  );
  t.ok(rows.every((row) => row.activated !== null && row.status === 'CANCELLED'));
  t.ok(
    rows.every((row) => (row.ended ?? 0) >= (row.activated ?? 0)),
    'nobody left before they came',
  );
  assertWindow(t, rows, policy);
  assertCapAndOrder(t, rows, policy);
  t.match(await rooms[0].counts(concertId), { waiting: 0, active: 0 });
  const admitted = rooms.map((room) => room.measure().find((one) => one.concertId === concertId)?.admissions ?? 0);
  // Whose turn it is to admit is nobody's promise: whoever looks first does it.
  t.comment(`admitted by the nodes: ${admitted.join(' and ')}`);
  t.equal(
    admitted.reduce((sum, count) => sum + count),
    PEOPLE,
    'and nobody twice',
  );
});

t.test('one user who enters at two nodes at once has one token', { skip }, async (t) => {
  const nodes = await createSharedNodes(t);
  const rooms = [await nodes.join(), await nodes.join()] as const;
  const concertId = await nodes.newConcert({ maxActive: 0 });
  const userId = randomUUID();
  const entries = await Promise.all(
    Array.from({ length: 40 }, (_, nth) => rooms[nth % 2 === 0 ? 0 : 1].enter(userId, concertId)),
  );
  t.equal(new Set(entries.map((entry) => entry.token.token)).size, 1);
  t.equal(entries.filter((entry) => entry.created).length, 1);
  t.match(await rooms[0].counts(concertId), { waiting: 1 });
});

t.test('those who ask for their places at once are told by few scripts', { skip }, async (t) => {
  const nodes = await createSharedNodes(t);
  const room = await nodes.join();
  const concertId = await nodes.newConcert({ maxActive: 10, batch: 10 });
  const entries = await Promise.all(Array.from({ length: 300 }, () => room.enter(randomUUID(), concertId)));
  const COUNT = `EVAL "return tonumber(string.match(redis.call('INFO', 'commandstats'), 'evalsha:calls=(%d+)'))" 0`;
  const countScripts = async (): Promise<number> => Number((await nodes.redis.command(COUNT)).slice(1));
  const before = await countScripts();
  t.ok(before > 0, `${before} scripts were run`);
  const shown = await Promise.all(entries.map(({ token }) => room.status(token.token)));
  const scripts = (await countScripts()) - before;
  t.ok(scripts <= 20, `${scripts} scripts`);
  t.same(
    shown.map((token) => token?.queuePosition),
    entries.map((_, nth) => Math.max(0, nth - 9)),
  );
});

t.test('what happens on one node is known on the other', { skip }, async (t) => {
  const nodes = await createSharedNodes(t);
  const [here, there] = [await nodes.join(), await nodes.join()];
  const concertId = await nodes.newConcert({ ...openPolicy, maxActive: 1 });
  const [inside, waiting] = await enterMany([here], concertId, 2);
  const told: string[] = [];
  await there.status(waiting?.token ?? '');
  t.type(
    there.watch(waiting?.token ?? '', (status) => told.push(status)),
    'function',
  );
  t.match(await there.identify(inside?.token ?? ''), { status: 'ACTIVE' });
  await here.leave(inside?.token ?? '');
  await waitFor(() => told.includes('ACTIVE'), { what: 'word of the admission' });
  t.match(await there.identify(inside?.token ?? ''), { status: 'CANCELLED' }, 'though it was ACTIVE a moment ago');
  t.match(await there.status(waiting?.token ?? ''), { status: 'ACTIVE' });
  t.same(await there.look([waiting?.token ?? '', inside?.token ?? '', 'fq_forged']), [
    { status: 'ACTIVE', queuePosition: 0, estimatedWaitTime: 0, estimatedWaitRange: [0, 0] },
    null,
    null,
  ]);
  await there.leave(waiting?.token ?? '');
  t.same(told, ['ACTIVE', 'CANCELLED']);
});

t.test('deployments on two databases of one Redis do not hear of each other’s lines', { skip }, async (t) => {
  const zero = await createSharedNodes(t);
  const one = await createSharedNodes(t, { redis: zero.redis, database: 1 });
  const heard = { zero: [] as string[], one: [] as string[] };
  for (const [name, url] of [
    ['zero', zero.redis.url],
    ['one', `${zero.redis.url}/1`],
  ] as const) {
    const link = createRedisLink({
      url,
      clock: systemClock,
      log: silentLog,
      onUp: () => undefined,
      onDown: () => undefined,
      onHearing: () => undefined,
      onEvent: (_channel, message) => heard[name].push(message),
    });
    t.teardown(() => link.close());
    await link.start();
    await waitFor(() => link.isHearing, { what: 'the subscription' });
  }
  const [room, other] = [await zero.join(), await one.join()];
  const concertId = await zero.newConcert(openPolicy);
  t.equal(await one.newConcert(openPolicy), concertId, 'both count their concerts alike');
  const [first] = await enterMany([room], concertId, 1);
  const [second] = await enterMany([other], concertId, 1);
  await room.leave(first?.token ?? '');
  await other.leave(second?.token ?? '');
  // Redis tells what was published in that order, so nothing of the other's can still be on its way.
  await waitFor(() => heard.zero.length >= 2 && heard.one.length >= 2, { what: 'what was told' });
  for (const [messages, nodes] of [
    [heard.zero, zero],
    [heard.one, one],
  ] as const) {
    const [row] = await nodes.rows(concertId);
    const id = row?.token_id ?? '';
    t.same(
      messages.map((message) => message.replace(/ [\d.]+$/, '')),
      [`ACTIVE ${id}`, `CANCELLED ${id}`],
    );
  }
  t.match(await room.counts(concertId), { waiting: 0, active: 0 });
  t.match(await other.counts(concertId), { waiting: 0, active: 0 });
});

t.test('a policy that is changed through one node holds on all of them', { skip }, async (t) => {
  const nodes = await createSharedNodes(t);
  const [here, there] = [await nodes.join(), await nodes.join()];
  const concertId = await nodes.newConcert({ ...openPolicy, maxActive: 2 });
  const tokens = await enterMany([here, there], concertId, 5);
  await nodes.changePolicy(here, concertId, { maxActive: 3 });
  await waitFor(async () => (await there.status(tokens[2]?.token ?? ''))?.status === 'ACTIVE', { what: 'the third' });
  await nodes.changePolicy(there, concertId, { batch: 0 });
  await waitFor(async () => (await here.counts(concertId)).paused, { what: 'the pause' });
  await here.leave(tokens[0]?.token ?? '');
  t.match(await here.activate(tokens[3]?.token ?? ''), { rejection: { code: 'QUEUE_NOT_YOUR_TURN' } });
});

t.test('a policy whose node died before it could tell is found', { skip }, async (t) => {
  const nodes = await createSharedNodes(t);
  const room = await nodes.join();
  const concertId = await nodes.newConcert({ ...openPolicy, maxActive: 1 });
  const [, second] = await enterMany([room], concertId, 2);
  await nodes.pool.query('UPDATE concerts SET queue_max_active = 2 WHERE concert_id = $1', [concertId]);
  await waitFor(async () => (await room.status(second?.token ?? ''))?.status === 'ACTIVE', { what: 'the new policy' });
});

t.test('an admission that its node could not complete is completed by another one', { skip }, async (t) => {
  const nodes = await createSharedNodes(t);
  let isDying = true;
  const lost: number[] = [];
  const dying = await nodes.join({
    records: (real): QueueRecords => ({
      ...real,
      async admit(admissions) {
        if (!isDying) return real.admit(admissions);
        lost.push(...admissions.map((admission) => admission.activatedAtMs));
        throw new Fault('STORE_UNAVAILABLE', 'unknown');
      },
    }),
  });
  const concertId = await nodes.newConcert({ ...openPolicy, maxActive: 2 });
  const tokens = await enterMany([dying], concertId, 3);
  t.same(
    tokens.map((token) => token.status),
    ['WAITING', 'WAITING', 'WAITING'],
    'what is not recorded is not shown',
  );
  await waitFor(() => lost.length > 0, { what: 'a proposal' });
  await dying.close();
  isDying = false;
  const other = await nodes.join();
  await waitFor(async () => (await other.counts(concertId).catch(() => null))?.active === 2, {
    what: 'its completion, and the next one',
  });
  const [first, second, third] = await nodes.rows(concertId);
  t.equal(first?.activated, lost[0], 'with the instant that it was proposed with');
  t.ok((second?.activated ?? 0) >= (first?.activated ?? 0), 'and nobody was let in ahead of it');
  t.equal(third?.activated, null);
  t.match(await other.activate(tokens[2]?.token ?? ''), { rejection: { code: 'QUEUE_NOT_YOUR_TURN' } });
});

t.test('an end whose node died before it could tell Redis takes effect', { skip }, async (t) => {
  const nodes = await createSharedNodes(t);
  const room = await nodes.join();
  const concertId = await nodes.newConcert({ ...openPolicy, maxActive: 2 });
  const tokens = await enterMany([room], concertId, 5);
  for (const nth of [1, 3]) {
    await nodes.pool.query(
      `UPDATE queue_tokens SET status = 'CANCELLED', ended_at = clock_timestamp() WHERE concert_id = $1 AND user_id = $2`,
      [concertId, tokens[nth]?.userId],
    );
  }
  await waitFor(async () => (await room.counts(concertId)).waiting === 1, { what: 'both ends' });
  t.match(await room.status(tokens[2]?.token ?? ''), { status: 'ACTIVE' }, 'the slot is used');
  t.match(await room.status(tokens[4]?.token ?? ''), { status: 'WAITING', queuePosition: 1 });
  t.match(await room.identify(tokens[1]?.token ?? ''), { status: 'CANCELLED' });
});

t.test(
  'an entry whose node died before it could tell Redis gets its place, ahead of who came later',
  { skip },
  async (t) => {
    const nodes = await createSharedNodes(t);
    const room = await nodes.join();
    const concertId = await nodes.newConcert({ ...openPolicy, maxActive: 2 });
    const before = await enterMany([room], concertId, 3);
    const head = await nodes.records.findHead(concertId);
    if (head === null) throw new Error('nobody has entered');
    const orphan = { ...head, tokenId: randomUUID(), userId: randomUUID(), issuedAtMs: Date.now() };
    const [outcome] = await nodes.records.enter([orphan]);
    t.match(outcome, { type: 'entered', row: { no: 4 } });
    const [late] = await enterMany([room], concertId, 1);
    await waitFor(async () => (await room.counts(concertId)).waiting === 3, { what: 'the entry to be noticed' });
    t.match(await room.status(late?.token ?? ''), { status: 'WAITING', queuePosition: 3 });
    t.match(await room.status(before[2]?.token ?? ''), { status: 'WAITING', queuePosition: 1 });
  },
);

t.test('somebody who is watched on one node is present for all of them', { skip }, async (t) => {
  const nodes = await createSharedNodes(t);
  const patience = { abandonMs: 900, noShowMs: 60_000 };
  const [here, there] = [await nodes.join(patience), await nodes.join(patience)];
  const concertId = await nodes.newConcert({ maxActive: 0 });
  const [watched, silent] = await enterMany([here, there], concertId, 2);
  await here.status(watched?.token ?? '');
  const stop = here.watch(watched?.token ?? '', () => undefined);
  await waitFor(async () => (await nodes.rows(concertId))[1]?.status === 'EXPIRED', { what: 'the silent one to go' });
  const until = performance.now() + 2_000;
  await waitFor(() => performance.now() > until, { what: 'more than twice the allowance' });
  t.same(await there.look([watched?.token ?? '', silent?.token ?? '']), [
    { status: 'WAITING', queuePosition: 1, estimatedWaitTime: null, estimatedWaitRange: null },
    null,
  ]);
  stop?.();
  await waitFor(async () => (await nodes.rows(concertId))[0]?.status === 'EXPIRED', { what: 'the other one to go' });
});

t.test('an admission that may be recorded is not taken back for a database that went away', { skip }, async (t) => {
  const nodes = await createSharedNodes(t);
  let isAway = true;
  let attempts = 0;
  const room = await nodes.join({
    records: (real): QueueRecords => ({
      ...real,
      async admit(admissions) {
        attempts += 1;
        // It is recorded, and the word of it is lost; then the database is away for a while.
        if (attempts === 1) await real.admit(admissions);
        if (isAway) throw new Fault('STORE_UNAVAILABLE', attempts === 1 ? 'unknown' : 'none');
        return real.admit(admissions);
      },
    }),
  });
  const policy = { ...defaultPolicy, maxActive: 2, batch: 1, intervalMs: 60_000 };
  const concertId = await nodes.newConcert(policy);
  const [first, second] = await enterMany([room], concertId, 2);
  await waitFor(() => attempts >= 2, { what: 'another attempt' });
  t.match(await room.leave(first?.token ?? ''), { left: true });
  isAway = false;
  t.match(await room.activate(second?.token ?? ''), { rejection: { code: 'QUEUE_NOT_YOUR_TURN' } });
  const rows = await nodes.rows(concertId);
  t.equal(rows.filter((row) => row.activated !== null).length, 1);
  assertWindow(t, rows, policy);
});

t.test('a slot that one node freed is not used before, by the instants of another one', { skip }, async (t) => {
  const nodes = await createSharedNodes(t);
  const rooms = [await nodes.join(), await nodes.join({ boundsMs: { lower: 30, upper: 60 } })] as const;
  const policy = { ...openPolicy, maxActive: 3, intervalMs: 100 };
  const concertId = await nodes.newConcert(policy);
  const tokens = await enterMany(rooms, concertId, 40);
  await Promise.all(
    tokens.map(async ({ token }, nth) => {
      const room = rooms[nth % 2 === 0 ? 0 : 1];
      await waitFor(async () => (await room.identify(token))?.status === 'ACTIVE', {
        what: 'a turn',
        deadlineMs: 60_000,
      });
      await room.leave(token);
    }),
  );
  const rows = await nodes.rows(concertId);
  t.equal(rows.filter((row) => row.status === 'CANCELLED').length, tokens.length);
  assertCapAndOrder(t, rows, policy);
});

t.test('nobody is let in ahead of somebody whose admission is being recorded on another node', { skip }, async (t) => {
  const nodes = await createSharedNodes(t);
  const gate = Promise.withResolvers<void>();
  let isHeld = false;
  const slow = await nodes.join({
    records: (real): QueueRecords => ({
      ...real,
      async admit(admissions) {
        isHeld = true;
        await gate.promise;
        return real.admit(admissions);
      },
    }),
  });
  const quick = await nodes.join();
  const concertId = await nodes.newConcert(openPolicy);
  const first = slow.enter(randomUUID(), concertId);
  await waitFor(() => isHeld, { what: 'the first proposal' });
  const { token: second } = await quick.enter(randomUUID(), concertId);
  t.equal(second.status, 'WAITING', 'though there is room');
  t.match(await quick.activate(second.token), { rejection: { code: 'QUEUE_NOT_YOUR_TURN' } });
  gate.resolve();
  t.equal((await first).token.status, 'ACTIVE');
  await waitFor(async () => (await quick.identify(second.token))?.status === 'ACTIVE', {
    what: 'the second one to go in',
  });
});

t.test('a row that was read before its end does not bring the token back', { skip }, async (t) => {
  const nodes = await createSharedNodes(t);
  const gate = Promise.withResolvers<void>();
  let isRecorded = false;
  const slow = await nodes.join({
    records: (real): QueueRecords => ({
      ...real,
      async enter(entries) {
        const outcomes = await real.enter(entries);
        isRecorded = true;
        await gate.promise;
        return outcomes;
      },
    }),
  });
  const quick = await nodes.join();
  const concertId = await nodes.newConcert({ maxActive: 0 });
  const userId = randomUUID();
  const entering = slow.enter(userId, concertId);
  await waitFor(() => isRecorded, { what: 'the record' });
  const { created, token } = await quick.enter(userId, concertId);
  t.equal(created, false);
  t.match(await quick.leave(token.token), { left: true });
  gate.resolve();
  t.match((await entering).token, { token: token.token, status: 'CANCELLED' });
  t.match(await quick.counts(concertId), { waiting: 0 });
});
