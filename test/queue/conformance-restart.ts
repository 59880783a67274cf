import { randomUUID } from 'node:crypto';
import type { Test } from 'tap';
import {
  ABANDON_MS,
  createRoomHarness,
  defaultPolicy,
  NO_SHOW_MS,
  openPolicy,
  type RoomFactory,
} from './room-harness.ts';

/** What a restart keeps, and what it begins anew. */
export async function testRestart(t: Test, factory: RoomFactory): Promise<void> {
  t.test('a restart keeps everybody in their place', async (t) => {
    const harness = await createRoomHarness(t, factory);
    const concertId = await harness.newConcert();
    const tokens = await harness.enterMany(concertId, 40);
    await harness.room().leave(tokens[3]?.token ?? '');
    await harness.room().leave(tokens[20]?.token ?? '');
    await harness.settle();
    const before = await Promise.all(tokens.map((token) => harness.status(token)));
    await harness.restart();
    const after = await Promise.all(tokens.map((token) => harness.status(token)));
    t.same(after, before);
    t.match(await harness.room().enter(tokens[30]?.userId ?? '', concertId), {
      created: false,
      token: { token: tokens[30]?.token },
    });
    t.equal(
      (await harness.enter(concertId)).queuePosition,
      (before[39]?.queuePosition ?? 0) + 1,
      'newcomers go to the end',
    );
  });

  t.test('the window remembers the admissions before a restart', async (t) => {
    const harness = await createRoomHarness(t, factory);
    const concertId = await harness.newConcert();
    const tokens = await harness.enterMany(concertId, 15);
    await harness.pass(4_000);
    await harness.restart();
    await harness.pass(5_990);
    t.equal((await harness.status(tokens[10])).status, 'WAITING');
    await harness.pass(20);
    t.equal((await harness.status(tokens[10])).status, 'ACTIVE');
    const instants = (await harness.rows(concertId)).map((row) => row.activated ?? 0);
    t.ok((instants[10] ?? 0) - (instants[0] ?? 0) >= defaultPolicy.intervalMs);
  });

  t.test('tokens whose time ended while nobody ran are ended, and their slots are used', async (t) => {
    const harness = await createRoomHarness(t, factory);
    const concertId = await harness.newConcert({ ...openPolicy, maxActive: 1, activeTtlMs: 1_000 });
    const [inside, waiting] = await harness.enterMany(concertId, 2);
    await harness.restartAfter(() =>
      harness.pool.query(
        `UPDATE queue_tokens SET active_until = active_until - interval '1 hour', activated_at = activated_at - interval '1 hour'
        WHERE status = 'ACTIVE' AND concert_id = $1`,
        [concertId],
      ),
    );
    await harness.settle();
    await harness.pass(1);
    t.same(await harness.statuses([inside, waiting].flatMap((token) => token ?? [])), ['EXPIRED', 'ACTIVE']);
  });

  t.test('everybody starts afresh with showing signs of life', async (t) => {
    const harness = await createRoomHarness(t, factory);
    const concertId = await harness.newConcert({ maxActive: 1 });
    await harness.enterMany(concertId, 3);
    await harness.pass(NO_SHOW_MS - 1_000);
    await harness.restart();
    await harness.pass(NO_SHOW_MS - 1);
    t.match(await harness.room().counts(concertId), { active: 1, waiting: 2 });
    await harness.pass(1);
    t.match(await harness.room().counts(concertId), { active: 1, waiting: 1 }, 'the no-show made room');
    await harness.pass(ABANDON_MS - NO_SHOW_MS);
    t.match(await harness.room().counts(concertId), { waiting: 0 });
  });

  t.test('an ended token is known after a restart, with its status and end', async (t) => {
    const harness = await createRoomHarness(t, factory);
    const concertId = await harness.newConcert(openPolicy);
    const token = await harness.enter(concertId);
    await harness.room().leave(token.token);
    const before = await harness.status(token);
    await harness.restart();
    t.same(await harness.status(token), before);
    t.match(await harness.room().identify(token.token), { userId: token.userId, concertId, status: 'CANCELLED' });
    t.match(await harness.room().activate(token.token), { rejection: { code: 'QUEUE_TOKEN_CANCELLED' } });
    t.match(await harness.room().leave(token.token), { left: false });
    t.match(await harness.room().enter(token.userId, concertId), { created: true });
  });

  t.test('a genuine token whose row was pruned reads EXPIRED and still says whose it was', async (t) => {
    const harness = await createRoomHarness(t, factory);
    const concertId = await harness.newConcert(openPolicy);
    const { token, userId, issuedAt } = await harness.enter(concertId);
    await harness.room().leave(token);
    await harness.restartAfter(() => harness.pool.query('DELETE FROM queue_tokens WHERE concert_id = $1', [concertId]));
    t.match(await harness.room().identify(token), { token, userId, concertId, status: 'EXPIRED' });
    t.match(await harness.room().status(token), {
      status: 'EXPIRED',
      userId,
      concertId,
      issuedAt,
      queuePosition: null,
    });
  });

  t.test('numbers go on after a gap, and gaps do not show', async (t) => {
    const harness = await createRoomHarness(t, factory);
    const concertId = await harness.newConcert({ maxActive: 0 });
    const first = await harness.enter(concertId);
    await harness.restartAfter(() =>
      harness.pool.query('UPDATE queue_heads SET next_no = next_no + 1000 WHERE concert_id = $1', [concertId]),
    );
    const second = await harness.enter(concertId);
    t.same([(await harness.status(first)).queuePosition, second.queuePosition], [1, 2]);
    t.same(
      (await harness.rows(concertId)).map((row) => row.no),
      [1, 1_002],
    );
  });

  t.test('a room that is closed answers what is under way and nothing else', async (t) => {
    const harness = await createRoomHarness(t, factory);
    const concertId = await harness.newConcert();
    const room = harness.room();
    const underWay = room.enter(randomUUID(), concertId);
    await harness.settle();
    const late = room.enter(randomUUID(), concertId);
    await room.close();
    await room.close();
    t.match(await underWay, { created: true });
    t.match(await late.catch((error: unknown) => error), { created: true }, 'it was under way');
    await t.rejects(room.enter(randomUUID(), concertId), { code: 'QUEUE_UNAVAILABLE', effect: 'none' });
  });
}
