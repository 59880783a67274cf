import { randomUUID } from 'node:crypto';
import t, { type Test } from 'tap';
import type { QueueRecords, QueueToken } from '../../../src/domain/queue-token.ts';
import type { QueueRoom } from '../../../src/queue/waiting-room.ts';
import { createManualClock } from '../../fixtures/manual-clock.ts';
import { skipWithoutRedis } from '../../fixtures/redis.ts';
import { waitFor } from '../../fixtures/wait-for.ts';
import { assertCapAndOrder, assertWindow } from '../admission-checks.ts';
import { defaultPolicy, openPolicy } from '../room-harness.ts';
import { createSharedNodes, enterMany, type SharedNodes } from './shared-nodes.ts';

const skip = skipWithoutRedis();
/** Within which Redis's absence is told. */
const REFUSAL_LIMIT_MS = 500;
const WAY_OF_LEAVING = { status: 'CANCELLED' };

function textOf(token: QueueToken | undefined): string {
  return token?.token ?? '';
}

async function positions(room: QueueRoom, tokens: readonly QueueToken[]): Promise<(number | null)[]> {
  const places = await waitFor(
    async () => {
      try {
        return await Promise.all(tokens.map((token) => room.status(token.token)));
      } catch {
        // The line is being rebuilt.
        return null;
      }
    },
    { what: 'the line', deadlineMs: 20_000 },
  );
  return places.map((place) => place?.queuePosition ?? null);
}

/** Asserts that this is refused as Redis's absence, in time and with nothing done. */
async function assertRefused(t: Test, what: string, call: () => Promise<unknown>): Promise<void> {
  const beganAt = performance.now();
  await t.rejects(call(), { code: 'QUEUE_UNAVAILABLE' }, `${what} is refused`);
  const tookMs = performance.now() - beganAt;
  t.ok(tookMs <= REFUSAL_LIMIT_MS, `${what} is refused after ${Math.round(tookMs)} ms`);
}

async function assertOnlyRedisIsMissed(
  t: Test,
  nodes: SharedNodes,
  room: QueueRoom,
  concertId: number,
  [inside, leaving, waiting]: readonly QueueToken[],
): Promise<void> {
  await assertRefused(t, 'an entry', () => room.enter(randomUUID(), concertId));
  await assertRefused(t, 'a position', () => room.status(textOf(waiting)));
  await assertRefused(t, 'an activation', () => room.activate(textOf(waiting)));
  await assertRefused(t, 'a count', () => room.counts(concertId));
  t.equal(room.isDegraded, true);
  t.match(await room.identify(textOf(inside)), { status: 'ACTIVE', userId: inside?.userId });
  t.match(await room.identify(textOf(waiting)), { status: 'WAITING' });
  t.match(await room.status(textOf(inside)), { status: 'ACTIVE', activeUntil: inside?.activeUntil });
  t.match(await room.activate(textOf(inside)), { ok: true });
  t.equal(await room.identify('fq_forged'), null);
  t.match(await room.leave(textOf(leaving)), { left: true, identity: WAY_OF_LEAVING });
  t.match(await room.status(textOf(leaving)), WAY_OF_LEAVING);
  t.equal((await nodes.rows(concertId)).filter((row) => row.status === 'CANCELLED').length, 1, 'and that is recorded');
}

/** Waits until everybody whom the records have is in the line or inside, the house full. */
async function untilSettled(nodes: SharedNodes, room: QueueRoom, concertId: number, inside: number): Promise<void> {
  await waitFor(
    async () => {
      // An entry of which nobody could say whether it was one has its place too.
      const statuses = (await nodes.rows(concertId)).map((row) => row.status);
      const [active, waiting] = ['ACTIVE', 'WAITING'].map((status) => statuses.filter((one) => one === status).length);
      const counts = await room.counts(concertId).catch(() => null);
      return active === inside && counts?.active === active && counts.waiting === waiting;
    },
    { what: 'a full house and a whole line' },
  );
}

t.test('an emptied Redis costs nobody the place, and lets nobody in twice', { skip }, async (t) => {
  const nodes = await createSharedNodes(t);
  const rooms = [await nodes.join(), await nodes.join()] as const;
  const policy = { ...defaultPolicy, maxActive: 5, batch: 5, intervalMs: 3_600_000 };
  const concertId = await nodes.newConcert(policy);
  const tokens = await enterMany(rooms, concertId, 40);
  await rooms[0].leave(textOf(tokens[0]));
  await rooms[1].leave(textOf(tokens[20]));
  const before = await positions(rooms[0], tokens);
  await nodes.redis.flush();
  t.same(await positions(rooms[1], tokens), before);
  t.same(await positions(rooms[0], tokens), before);
  const newcomer = await waitFor(async () => rooms[0].enter(randomUUID(), concertId), { what: 'an entry' });
  t.equal(newcomer.token.queuePosition, 35, 'newcomers go to the end');
  t.match(await rooms[1].enter(tokens[30]?.userId ?? '', concertId), {
    created: false,
    token: { token: textOf(tokens[30]) },
  });
  t.match(await rooms[1].counts(concertId), { active: 4, waiting: 35 }, 'the window remembers those who went in');
  const rows = await nodes.rows(concertId);
  t.equal(rows.filter((row) => row.activated !== null).length, 5);
  assertWindow(t, rows, policy);
});

t.test('nodes that meet an emptied Redis together rebuild it once', { skip }, async (t) => {
  const nodes = await createSharedNodes(t);
  let rebuilds = 0;
  const records = (real: QueueRecords): QueueRecords => ({
    ...real,
    async takeOver(concertId, below) {
      rebuilds += 1;
      // Long enough for all of them to be at it.
      const until = performance.now() + 300;
      await waitFor(() => performance.now() >= until, { what: 'the others' });
      return real.takeOver(concertId, below);
    },
  });
  const rooms = [await nodes.join({ records }), await nodes.join({ records }), await nodes.join({ records })] as const;
  const concertId = await nodes.newConcert({ maxActive: 0 });
  const tokens = await enterMany(rooms, concertId, 30);
  t.equal(rebuilds, 1, 'the line was opened');
  await nodes.redis.flush();
  const seen = await Promise.all(rooms.map((room) => positions(room, tokens)));
  for (const one of seen) {
    t.same(
      one,
      tokens.map((_, nth) => nth + 1),
    );
  }
  t.equal(rebuilds, 2);
});

t.test('who has ended is told so while the line is rebuilt, by a node that never met them', { skip }, async (t) => {
  const nodes = await createSharedNodes(t);
  const gate = Promise.withResolvers<void>();
  const first = await nodes.join();
  const second = await nodes.join({
    // The test decides how long the rebuilding takes, so no caller may lose patience meanwhile, however slow the machine is.
    clock: createManualClock(),
    commandLimitMs: 30_000,
    records: (real): QueueRecords => ({
      ...real,
      takeOver: async (concertId, below) => gate.promise.then(() => real.takeOver(concertId, below)),
    }),
  });
  const concertId = await nodes.newConcert({ maxActive: 0 });
  const [leaving, waiting] = await enterMany([first], concertId, 2);
  await first.leave(textOf(leaving));
  await first.close();
  await nodes.redis.flush();
  let isTold = false;
  const telling = second.status(textOf(waiting)).finally(() => (isTold = true));
  t.match(await second.status(textOf(leaving)), { status: 'CANCELLED', userId: leaving?.userId });
  t.equal(isTold, false, 'who waits is told when the line is there');
  gate.resolve();
  t.match(await telling, { status: 'WAITING', queuePosition: 1 });
});

t.test('Redis is emptied between an admission and its commit', { skip }, async (t) => {
  const nodes = await createSharedNodes(t);
  let flushes = 0;
  const room = await nodes.join({
    records: (real): QueueRecords => ({
      ...real,
      async admit(admissions) {
        if (flushes >= 3) return real.admit(admissions);
        flushes += 1;
        await nodes.redis.flush();
        // The line may be rebuilt by the other node before this commits, or after.
        if (flushes === 2) {
          await waitFor(async () => (await other.counts(concertId).catch(() => null)) !== null, {
            what: 'the rebuilding',
          });
        }
        return real.admit(admissions);
      },
    }),
  });
  const other = await nodes.join();
  const policy = { ...defaultPolicy, maxActive: 6, batch: 4, intervalMs: 200 };
  const concertId = await nodes.newConcert(policy);
  const tokens: QueueToken[] = [];
  for (let nth = 0; nth < 20; nth += 1) {
    const entry = await waitFor(async () => room.enter(randomUUID(), concertId).catch(() => null), {
      what: 'an entry',
    });
    tokens.push(entry.token);
  }
  await waitFor(async () => (await other.counts(concertId).catch(() => null))?.active === 6, { what: 'a full house' });
  t.ok(flushes > 0, `${flushes} times`);
  const rows = await nodes.rows(concertId);
  assertWindow(t, rows, policy);
  assertCapAndOrder(t, rows, policy);
  t.equal(rows.filter((row) => row.status === 'ACTIVE').length, 6);
  t.same(
    await positions(room, tokens),
    tokens.map((_, nth) => Math.max(0, nth - 5)),
  );
});

t.test('Redis is emptied while it is being rebuilt', { skip }, async (t) => {
  const nodes = await createSharedNodes(t);
  const flushesDue = { listLive: 0, listAdmissions: 0 };
  const room = await nodes.join({
    records: (real): QueueRecords => ({
      ...real,
      async listLive(concertId, after, limit) {
        const rows = await real.listLive(concertId, after, limit);
        if (after !== null && flushesDue.listLive > 0) {
          flushesDue.listLive -= 1;
          await nodes.redis.flush();
        }
        return rows;
      },
      async listAdmissions(concertId, afterMs, limit) {
        const admissions = await real.listAdmissions(concertId, afterMs, limit);
        if (flushesDue.listAdmissions > 0) {
          flushesDue.listAdmissions -= 1;
          await nodes.redis.flush();
        }
        return admissions;
      },
    }),
  });
  const concertId = await nodes.newConcert({ ...openPolicy, maxActive: 1 });
  const tokens = await enterMany([room], concertId, 3);
  const people = 2_500;
  await nodes.pool.query(
    `INSERT INTO queue_tokens (token_id, concert_id, user_id, no, generation, status, issued_at)
     SELECT gen_random_uuid(), $1, gen_random_uuid(), 100 + n, 1, 'WAITING', clock_timestamp() FROM generate_series(1, $2) n`,
    [concertId, people],
  );
  // Between two pages of the line, and when nothing but the opening is left.
  Object.assign(flushesDue, { listLive: 2, listAdmissions: 2 });
  await nodes.redis.flush();
  t.same(await positions(room, tokens), [0, 1, 2]);
  t.same(flushesDue, { listLive: 0, listAdmissions: 0 });
  t.match(await room.counts(concertId), { active: 1, waiting: 2 + people }, 'all of the line is there');
  t.match((await room.enter(randomUUID(), concertId)).token, { queuePosition: 3 }, 'behind whoever has a lower number');
});

t.test(
  'a server that took over from another one, and may lack its newest writes, counts as emptied',
  { skip },
  async (t) => {
    const nodes = await createSharedNodes(t);
    const room = await nodes.join();
    const concertId = await nodes.newConcert({ maxActive: 0 });
    const tokens = await enterMany([room], concertId, 3);
    await nodes.redis.command(`ZREM frontrow:{${concertId}}:line ${(await nodes.rows(concertId))[0]?.token_id}`);
    await nodes.redis.command('DEBUG CHANGE-REPL-ID');
    t.same(await positions(room, tokens), [1, 2, 3]);
  },
);

t.test('a token that Redis forgot is somebody, and gets its place back', { skip }, async (t) => {
  const nodes = await createSharedNodes(t);
  const room = await nodes.join();
  const concertId = await nodes.newConcert({ maxActive: 0 });
  const tokens = await enterMany([room], concertId, 3);
  const [first] = await nodes.rows(concertId);
  for (const key of ['line', 'seen'])
    await nodes.redis.command(`ZREM frontrow:{${concertId}}:${key} ${first?.token_id}`);
  await nodes.redis.command(`HDEL frontrow:{${concertId}}:tokens ${first?.token_id}`);
  t.match(await room.counts(concertId), { waiting: 2 });
  t.match(await room.identify(textOf(tokens[0])), { status: 'WAITING', userId: tokens[0]?.userId });
  await waitFor(async () => (await room.counts(concertId)).waiting === 3, { what: 'its return' });
  t.same(await positions(room, tokens), [1, 2, 3]);
});

t.test('who stands nowhere in the line is put back, and nobody is refused for it', { skip }, async (t) => {
  const nodes = await createSharedNodes(t);
  const room = await nodes.join();
  const concertId = await nodes.newConcert({ maxActive: 0 });
  const tokens = await enterMany([room], concertId, 3);
  await nodes.redis.command(`ZREM frontrow:{${concertId}}:line ${(await nodes.rows(concertId))[0]?.token_id}`);
  const places = await Promise.all(tokens.map((token) => room.status(textOf(token))));
  t.equal(places[0]?.queuePosition, 1, 'by its number');
  t.same(await positions(room, tokens), [1, 2, 3]);
});

t.test(
  'while Redis is dead only what it alone can tell is missed, and it comes back as it was',
  { skip },
  async (t) => {
    const nodes = await createSharedNodes(t);
    const rooms = [await nodes.join(), await nodes.join()] as const;
    const concertId = await nodes.newConcert({ ...openPolicy, maxActive: 2 });
    const tokens = await enterMany(rooms, concertId, 6);
    await nodes.redis.kill();
    await assertOnlyRedisIsMissed(t, nodes, rooms[0], concertId, tokens);
    await nodes.redis.start();
    await untilSettled(nodes, rooms[1], concertId, 2);
    t.same(await positions(rooms[0], tokens), [0, null, 0, 1, 2, 3]);
    t.same(await positions(rooms[1], tokens), [0, null, 0, 1, 2, 3]);
    t.equal(rooms[0].isDegraded, false);
    assertCapAndOrder(t, await nodes.rows(concertId), { ...openPolicy, maxActive: 2 });
  },
);

t.test('a Redis that stands still is told from one that is slow, and goes on where it stood', { skip }, async (t) => {
  const nodes = await createSharedNodes(t);
  const rooms = [await nodes.join(), await nodes.join()] as const;
  const concertId = await nodes.newConcert({ ...openPolicy, maxActive: 2 });
  const tokens = await enterMany(rooms, concertId, 6);
  nodes.redis.pause();
  await assertOnlyRedisIsMissed(t, nodes, rooms[0], concertId, tokens);
  nodes.redis.resume();
  await waitFor(() => !rooms[0].isDegraded && !rooms[1].isDegraded, { what: 'both nodes to notice' });
  await untilSettled(nodes, rooms[1], concertId, 2);
  t.same(await positions(rooms[0], tokens), [0, null, 0, 1, 2, 3]);
  t.same(await positions(rooms[1], tokens), [0, null, 0, 1, 2, 3]);
});

t.test('a node may start while Redis is away', { skip }, async (t) => {
  const nodes = await createSharedNodes(t);
  const first = await nodes.join();
  const concertId = await nodes.newConcert({ ...openPolicy, maxActive: 1 });
  const tokens = await enterMany([first], concertId, 3);
  await nodes.redis.kill();
  const second = await nodes.join();
  t.match(await second.identify(textOf(tokens[0])), { status: 'ACTIVE' });
  await assertRefused(t, 'an entry', () => second.enter(randomUUID(), concertId));
  await nodes.redis.start();
  t.same(await positions(second, tokens), [0, 1, 2]);
});

t.test('nobody is missing for what they could not do while Redis was away', { skip }, async (t) => {
  const nodes = await createSharedNodes(t);
  const room = await nodes.join({ abandonMs: 1_500, noShowMs: 60_000 });
  const concertId = await nodes.newConcert({ maxActive: 0 });
  const tokens = await enterMany([room], concertId, 2);
  nodes.redis.pause();
  const awayUntil = performance.now() + 1_700;
  await waitFor(() => performance.now() > awayUntil, { what: 'longer than the allowance' });
  nodes.redis.resume();
  await waitFor(() => !room.isDegraded, { what: 'Redis' });
  // Whatever is due is looked at with the next entry.
  await room.enter(randomUUID(), concertId);
  t.same(await positions(room, tokens), [1, 2]);
  await waitFor(async () => (await room.counts(concertId)).waiting === 0, { what: 'the allowance, from then on' });
});

t.test(
  'a node without Redis took the line over in between: it is rebuilt from what that one recorded',
  { skip },
  async (t) => {
    const nodes = await createSharedNodes(t);
    const room = await nodes.join();
    const concertId = await nodes.newConcert({ maxActive: 0 });
    const tokens = await enterMany([room], concertId, 2);
    await nodes.pool.query('UPDATE queue_heads SET generation = generation + 1000000, next_no = next_no + 1');
    await nodes.pool.query(
      `INSERT INTO queue_tokens (token_id, concert_id, user_id, no, generation, status, issued_at)
     VALUES (gen_random_uuid(), $1, gen_random_uuid(), 3, 1, 'WAITING', clock_timestamp())`,
      [concertId],
    );
    const { token } = await room.enter(randomUUID(), concertId);
    t.equal(token.queuePosition, 4);
    t.same(await positions(room, tokens), [1, 2]);
  },
);
