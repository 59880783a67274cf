import fc from 'fast-check';
import type { Test } from 'tap';
import { assertCapAndOrder, assertWindow } from './admission-checks.ts';
import { createRoomHarness, defaultPolicy, openPolicy, type RoomFactory, type RoomHarness } from './room-harness.ts';

const activeCount = (statuses: readonly string[]): number => statuses.filter((status) => status === 'ACTIVE').length;

async function leaveAll(harness: RoomHarness, tokens: readonly { readonly token: string }[]): Promise<void> {
  for (const { token } of tokens) await harness.room().leave(token);
}

/** Who is let in, and when. */
export async function testAdmission(t: Test, factory: RoomFactory): Promise<void> {
  t.test('ten go in every ten seconds, up to a hundred', async (t) => {
    const harness = await createRoomHarness(t, factory);
    const concertId = await harness.newConcert();
    const tokens = await harness.enterMany(concertId, 120);
    t.same(tokens.map((token) => token.status).slice(0, 11), [...Array<string>(10).fill('ACTIVE'), 'WAITING']);
    for (let round = 1; round <= 12; round += 1) {
      t.equal(activeCount(await harness.statuses(tokens)), Math.min(100, 10 * round), `after ${round} batches`);
      await harness.pass(9_999);
      t.equal(activeCount(await harness.statuses(tokens)), Math.min(100, 10 * round), 'not a moment sooner');
      await harness.pass(1 + 3);
    }
    const rows = await harness.rows(concertId);
    assertWindow(t, rows, defaultPolicy);
    assertCapAndOrder(t, rows, defaultPolicy);
  });

  t.test('a full house reuses a freed slot as soon as the rate allows, without waiting for a tick', async (t) => {
    const harness = await createRoomHarness(t, factory);
    const concertId = await harness.newConcert({ maxActive: 2, batch: 3 });
    const [first, , third, fourth] = await harness.enterMany(concertId, 4);
    await harness.room().leave(first?.token ?? '');
    await harness.settle();
    t.equal((await harness.status(third)).status, 'ACTIVE', 'at once');
    await harness.room().leave(third?.token ?? '');
    await harness.settle();
    t.match(await harness.status(fourth), { status: 'WAITING', queuePosition: 1 }, 'three went in within ten seconds');
    await harness.pass(10_003);
    t.equal((await harness.status(fourth)).status, 'ACTIVE');
  });

  t.test('five at a time with five minutes each can be configured', async (t) => {
    const harness = await createRoomHarness(t, factory);
    const policy = { ...defaultPolicy, maxActive: 5, batch: 5, activeTtlMs: 300_000 };
    const concertId = await harness.newConcert(policy);
    const tokens = await harness.enterMany(concertId, 12);
    const [first] = tokens;
    t.equal(Date.parse(first?.activeUntil ?? '') - Date.parse(first?.activatedAt ?? ''), 300_000);
    for (const expected of [5, 10, 12]) {
      for (const token of tokens) await harness.room().identify(token.token);
      const statuses = await harness.statuses(tokens);
      t.same(
        statuses.slice(0, expected).filter((status) => status === 'WAITING'),
        [],
      );
      t.same(
        statuses.slice(expected).filter((status) => status !== 'WAITING'),
        [],
      );
      for (let minute = 0; minute < 5; minute += 1) {
        await harness.pass(60_000);
        await harness.statuses(tokens);
      }
      await harness.pass(100);
    }
    const rows = await harness.rows(concertId);
    assertCapAndOrder(t, rows, policy);
    t.same([...new Set(rows.map((row) => row.status))], ['EXPIRED']);
    t.ok(
      rows.every((row) => row.ended === row.until),
      'each ended when its time was over',
    );
  });

  t.test('no window of an interval ever has more than a batch, whatever people do', async (t) => {
    const seed = Number(process.env['FRONTROW_SEED'] ?? Date.now() % 1_000_000);
    t.comment(`FRONTROW_SEED=${seed}`);
    const harness = await createRoomHarness(t, factory);
    const policy = { ...defaultPolicy, maxActive: 12, batch: 4, intervalMs: 1_000, activeTtlMs: 5_000 };
    const act = fc.oneof(
      { weight: 4, arbitrary: fc.record({ type: fc.constant('pass' as const), ms: fc.integer({ min: 1, max: 700 }) }) },
      {
        weight: 3,
        arbitrary: fc.record({ type: fc.constant('enter' as const), count: fc.integer({ min: 1, max: 9 }) }),
      },
      { weight: 3, arbitrary: fc.record({ type: fc.constant('leave' as const), pick: fc.nat() }) },
      { weight: 1, arbitrary: fc.record({ type: fc.constant('activate' as const), pick: fc.nat() }) },
      { weight: 1, arbitrary: fc.record({ type: fc.constant('pause' as const) }) },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(act, { minLength: 30, maxLength: 60 }), async (acts) => {
        const concertId = await harness.newConcert(policy);
        const tokens = await harness.enterMany(concertId, 10);
        for (const next of acts) {
          if (next.type === 'pass') await harness.pass(next.ms);
          else if (next.type === 'enter') tokens.push(...(await harness.enterMany(concertId, next.count)));
          else if (next.type === 'pause') {
            harness.changePolicy(concertId, { batch: 0 });
            harness.changePolicy(concertId, policy);
          } else {
            const token = tokens[next.pick % tokens.length]?.token ?? '';
            await (next.type === 'leave' ? harness.room().leave(token) : harness.room().activate(token));
          }
        }
        const rows = await harness.rows(concertId);
        assertWindow(t, rows, policy);
        assertCapAndOrder(t, rows, policy);
        t.ok(
          rows.some((row) => row.activated !== null),
          'somebody went in',
        );
      }),
      { seed, numRuns: 8 },
    );
  });

  t.test('a paused line admits nobody and ejects nobody, and goes on where it stood', async (t) => {
    const harness = await createRoomHarness(t, factory);
    for (const pause of [{ batch: 0 }, { maxActive: 0 }]) {
      const concertId = await harness.newConcert();
      const tokens = await harness.enterMany(concertId, 25);
      harness.changePolicy(concertId, pause);
      t.match(await harness.room().activate(tokens[10]?.token ?? ''), {
        rejection: { code: 'QUEUE_NOT_YOUR_TURN', members: { queuePosition: 1, estimatedWaitTime: null } },
      });
      await harness.pass(30_000);
      t.equal(activeCount(await harness.statuses(tokens)), 10);
      t.match(await harness.room().counts(concertId), { paused: true });
      harness.changePolicy(concertId, { batch: 10, maxActive: 100 });
      await harness.settle();
      t.equal(activeCount(await harness.statuses(tokens)), 20, 'the next batch goes in at once');
      assertWindow(t, await harness.rows(concertId), defaultPolicy);
    }
  });

  t.test('a changed policy holds for admissions from then on, its window included', async (t) => {
    const harness = await createRoomHarness(t, factory);
    const concertId = await harness.newConcert({ ...openPolicy, batch: 5, intervalMs: 1_000 });
    const tokens = await harness.enterMany(concertId, 30);
    for (let round = 0; round < 3; round += 1) await harness.pass(1_003);
    t.equal(activeCount(await harness.statuses(tokens)), 20);
    harness.changePolicy(concertId, { batch: 20, intervalMs: 60_000, activeTtlMs: 5_000 });
    await harness.pass(50_000);
    t.equal(activeCount(await harness.statuses(tokens)), 20, 'the new window sees the admissions under the old policy');
    await harness.pass(10_100);
    const later = await harness.status(tokens[20]);
    t.equal(Date.parse(later.activeUntil ?? '') - Date.parse(later.activatedAt ?? ''), 5_000);
    t.equal(
      Date.parse((await harness.status(tokens[0])).activeUntil ?? '') - Date.parse(tokens[0]?.activatedAt ?? ''),
      3_600_000,
    );
  });

  t.test('a lowered cap ejects nobody, and admits nobody until it has room', async (t) => {
    const harness = await createRoomHarness(t, factory);
    const concertId = await harness.newConcert({ ...openPolicy, maxActive: 4 });
    const tokens = await harness.enterMany(concertId, 6);
    harness.changePolicy(concertId, { maxActive: 2 });
    await leaveAll(harness, tokens.slice(0, 2));
    await harness.settle();
    t.same(await harness.statuses(tokens.slice(2)), ['ACTIVE', 'ACTIVE', 'WAITING', 'WAITING']);
    await leaveAll(harness, tokens.slice(2, 3));
    await harness.settle();
    t.same(await harness.statuses(tokens.slice(3)), ['ACTIVE', 'ACTIVE', 'WAITING']);
  });

  t.test('activation is granted to whose turn it is, and says how far it is to everybody else', async (t) => {
    const harness = await createRoomHarness(t, factory);
    const concertId = await harness.newConcert({ maxActive: 1 });
    const [inside, next, last] = await harness.enterMany(concertId, 3);
    const activate = (token: { token: string } | undefined) => harness.room().activate(token?.token ?? '');
    t.match(await activate(inside), { ok: true, value: { status: 'ACTIVE', queuePosition: 0 } }, 'active already');
    t.match(await activate(last), {
      ok: false,
      rejection: { code: 'QUEUE_NOT_YOUR_TURN', members: { queuePosition: 2, estimatedWaitTime: 60 } },
    });
    harness.changePolicy(concertId, { maxActive: 2 });
    t.match(await activate(next), { ok: true, value: { status: 'ACTIVE' } }, 'now the policy allows it');
    t.match(await activate(last), { rejection: { code: 'QUEUE_NOT_YOUR_TURN', members: { queuePosition: 1 } } });
    await harness.room().leave(inside?.token ?? '');
    t.match(await activate(inside), { ok: false, rejection: { code: 'QUEUE_TOKEN_CANCELLED' } });
    t.match(await activate(last), { ok: true, value: { status: 'ACTIVE' } });
  });
}
