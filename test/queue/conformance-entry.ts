import { randomUUID } from 'node:crypto';
import type { Test } from 'tap';
import { createRoomHarness, openPolicy, type RoomFactory } from './room-harness.ts';

const oneAtATime = { maxActive: 1 };

/** How people join a line, and what they are told while they wait. */
export async function testEntry(t: Test, factory: RoomFactory): Promise<void> {
  t.test('a token tells everything that its holder has to know', async (t) => {
    const harness = await createRoomHarness(t, factory);
    const concertId = await harness.newConcert(oneAtATime);
    const userId = randomUUID();
    const before = harness.databaseClock.lowerMs();
    const { created, token } = await harness.room().enter(userId, concertId);
    const [row] = await harness.rows(concertId);
    t.equal(created, true);
    t.match(token.token, /^fq_[^.]+\.[^.]+$/);
    t.match(token, { userId, concertId, status: 'ACTIVE', queuePosition: 0, estimatedWaitTime: 0, endedAt: null });
    t.ok(Date.parse(token.issuedAt) >= before);
    t.equal(Date.parse(token.activatedAt ?? ''), row?.activated, 'what is shown is what is recorded');
    t.equal(Date.parse(token.activeUntil ?? ''), (row?.activated ?? 0) + 3_600_000);

    const waiting = await harness.enter(concertId);
    t.match(waiting, { status: 'WAITING', queuePosition: 1, activeUntil: null, activatedAt: null, endedAt: null });
  });

  t.test('asking for a token again gives the live one, waiting or active', async (t) => {
    const harness = await createRoomHarness(t, factory);
    const concertId = await harness.newConcert(oneAtATime);
    const users = [randomUUID(), randomUUID()];
    for (const [nth, userId] of users.entries()) {
      const first = await harness.room().enter(userId, concertId);
      const again = await harness.room().enter(userId, concertId);
      t.equal(first.created, true);
      t.equal(again.created, false);
      t.same(again.token, first.token);
      t.equal(again.token.status, nth === 0 ? 'ACTIVE' : 'WAITING');
    }
    t.equal((await harness.rows(concertId)).length, 2);
  });

  t.test('one user who enters fifty times at once has one token', async (t) => {
    const harness = await createRoomHarness(t, factory);
    const concertId = await harness.newConcert({ maxActive: 0 });
    const userId = randomUUID();
    const entries = await Promise.all(Array.from({ length: 50 }, () => harness.room().enter(userId, concertId)));
    t.equal(new Set(entries.map((entry) => entry.token.token)).size, 1);
    t.equal(entries.filter((entry) => entry.created).length, 1);
    t.equal((await harness.rows(concertId)).length, 1);
  });

  t.test('one user has a token of their own in every concert', async (t) => {
    const harness = await createRoomHarness(t, factory);
    const userId = randomUUID();
    const [one, other] = [await harness.newConcert(), await harness.newConcert()];
    const tokens = [await harness.room().enter(userId, one), await harness.room().enter(userId, other)];
    t.same(
      tokens.map(({ created }) => created),
      [true, true],
    );
    t.not(tokens[0]?.token.token, tokens[1]?.token.token);
  });

  t.test('people stand in the order in which they came, also when they come at once', async (t) => {
    const harness = await createRoomHarness(t, factory);
    const concertId = await harness.newConcert({ maxActive: 0 });
    const tokens = await Promise.all(Array.from({ length: 200 }, () => harness.enter(concertId)));
    const positions = await Promise.all(tokens.map(async (token) => (await harness.status(token)).queuePosition));
    t.same(
      positions,
      Array.from({ length: 200 }, (_, nth) => nth + 1),
    );
    t.same(
      (await harness.rows(concertId)).map((row) => row.user_id),
      tokens.map((token) => token.userId),
    );
  });

  t.test('everybody moves up when somebody ahead leaves', async (t) => {
    const harness = await createRoomHarness(t, factory);
    const concertId = await harness.newConcert({ maxActive: 0 });
    const [first, second, third, fourth] = await harness.enterMany(concertId, 4);
    await harness.room().leave(second?.token ?? '');
    const positions = await Promise.all(
      [first, third, fourth].map(async (token) => (await harness.status(token)).queuePosition),
    );
    t.same(positions, [1, 2, 3]);
  });

  t.test('while slots are free, the estimated wait is what the window needs', async (t) => {
    const harness = await createRoomHarness(t, factory);
    const concertId = await harness.newConcert();
    const tokens = await harness.enterMany(concertId, 60);
    const expected = { queuePosition: 50, estimatedWaitTime: 50, estimatedWaitRange: [40, 50] };
    t.match(await harness.status(tokens[59]), expected);
    await harness.pass(10_003);
    t.match(await harness.status(tokens[59]), { queuePosition: 40, estimatedWaitTime: 40 });
  });

  t.test(
    'in a full house the estimated wait is 30 s per position, then unknown, then what departures show',
    async (t) => {
      const harness = await createRoomHarness(t, factory);
      const concertId = await harness.newConcert({ maxActive: 1, batch: 100, intervalMs: 100 });
      const tokens = await harness.enterMany(concertId, 4);
      t.match(await harness.status(tokens[3]), { queuePosition: 3, estimatedWaitTime: 90 });
      for (let quarter = 0; quarter < 4; quarter += 1) {
        await harness.pass(25_000);
        await harness.status(tokens[0]);
      }
      const unknown = { queuePosition: 3, estimatedWaitTime: null, estimatedWaitRange: null };
      t.match(await harness.status(tokens[3]), unknown, 'nobody has left for 100 s');
      await harness.room().leave(tokens[0]?.token ?? '');
      await harness.pass(103);
      const { queuePosition, estimatedWaitTime } = await harness.status(tokens[3]);
      t.equal(queuePosition, 2);
      t.ok(Number(estimatedWaitTime) > 100, `one departure in 100 s makes ${estimatedWaitTime} s for two positions`);
    },
  );

  t.test('the wait is unknown while admission is paused', async (t) => {
    const harness = await createRoomHarness(t, factory);
    const concertId = await harness.newConcert({ batch: 0 });
    const token = await harness.enter(concertId);
    t.match(token, { status: 'WAITING', queuePosition: 1, estimatedWaitTime: null, pollAfterMs: 30_000 });
  });

  t.test('polls are asked for every 30 s, sooner near the front', async (t) => {
    const harness = await createRoomHarness(t, factory);
    const concertId = await harness.newConcert();
    const tokens = await harness.enterMany(concertId, 400);
    t.equal((await harness.status(tokens[399])).pollAfterMs, 30_000);
    const near = (await harness.status(tokens[10])).pollAfterMs;
    t.ok(near >= 1_000 && near < 10_000, `${near} ms`);
  });

  t.test('a forged, a malformed and an unknown token are nobody', async (t) => {
    const harness = await createRoomHarness(t, factory);
    const concertId = await harness.newConcert();
    const { token } = await harness.enter(concertId);
    const room = harness.room();
    const swapped = (at: number): string => token.slice(0, at) + (token[at] === 'A' ? 'B' : 'A') + token.slice(at + 1);
    for (const forged of [
      '',
      'fq_',
      'nonsense',
      `${token}A`,
      token.slice(0, -1),
      swapped(5),
      swapped(token.length - 1),
    ]) {
      t.equal(room.holderOf(forged), null);
      t.equal(await room.identify(forged), null);
      t.equal(await room.status(forged), null);
      t.equal(await room.leave(forged), null);
      t.match(await room.activate(forged), { ok: false, rejection: { code: 'UNAUTHENTICATED' } });
    }
  });

  t.test('a token speaks for its user and concert at once', async (t) => {
    const harness = await createRoomHarness(t, factory);
    const concertId = await harness.newConcert();
    const { token, userId } = await harness.enter(concertId);
    const identity = harness.room().identify(token);
    t.notOk(identity instanceof Promise, 'without waiting for anything');
    const [row] = await harness.rows(concertId);
    t.same(identity, { token, tokenId: row?.token_id, userId, concertId, status: 'ACTIVE', endedAtMs: null });
    t.equal(harness.room().holderOf(token), userId);
    await harness.room().leave(token);
    t.equal(harness.room().holderOf(token), userId, 'also when it has ended');
  });

  t.test('the counts of a concert are those of its line', async (t) => {
    const harness = await createRoomHarness(t, factory);
    const concertId = await harness.newConcert({ maxActive: 3 });
    t.same(await harness.room().counts(concertId), { waiting: 0, active: 0, maxActive: 3, paused: false });
    await harness.enterMany(concertId, 5);
    t.same(await harness.room().counts(concertId), { waiting: 2, active: 3, maxActive: 3, paused: false });
    const measures = harness
      .room()
      .measure()
      .find((one) => one.concertId === concertId);
    t.same(measures, { concertId, waiting: 2, active: 3, entries: 5, admissions: 3, isPaused: false });
  });

  t.test('an open house lets a thousand people in while they enter', async (t) => {
    const harness = await createRoomHarness(t, factory);
    const concertId = await harness.newConcert(openPolicy);
    const tokens = await Promise.all(Array.from({ length: 1_000 }, () => harness.enter(concertId)));
    t.ok(tokens.every((token) => token.status === 'ACTIVE'));
  });
}
