import { randomUUID } from 'node:crypto';
import t from 'tap';
import { runAudit } from '../../src/persistence/audit/audit.ts';
import { createTestDatabase } from '../fixtures/database.ts';
import { type ClusterNode, createOwnerCluster } from '../fixtures/owner-cluster.ts';
import {
  holdCommand,
  insertSchedule,
  insertUserWithBalance,
  recordTokensOfAll,
  valueOf,
} from '../fixtures/owner-node.ts';
import { waitFor } from '../fixtures/wait-for.ts';

/** Until every node shares the schedules among so many. */
async function agree(nodes: readonly ClusterNode[], members: number): Promise<void> {
  await waitFor(() => nodes.every(({ membership }) => membership.owners().length === members), {
    what: `all nodes to know of ${members} owners`,
  });
}

async function ownersOf(database: Awaited<ReturnType<typeof createTestDatabase>>): Promise<Map<number, string>> {
  const { rows } = await database.pool.query<{ schedule_id: number; owner: string }>(
    'SELECT schedule_id, owner FROM schedule_heads WHERE owner IS NOT NULL',
  );
  return new Map(rows.map((row) => [row.schedule_id, row.owner]));
}

t.test('a command is taken to the owner from whichever node it enters, maps too', async (t) => {
  const database = await createTestDatabase(t);
  const cluster = createOwnerCluster(t, database);
  const [a, b] = [await cluster.add('a'), await cluster.add('b')];
  await agree([a, b], 2);
  for (let round = 0; round < 8; round += 1) {
    const { scheduleId } = await insertSchedule(database);
    const userId = randomUUID();
    const held = valueOf(await a.route(holdCommand(scheduleId, userId, 1)));
    t.match(held.value, [{ userId: undefined, seatNumber: 1, seq: 1 }]);
    t.match(await b.route(holdCommand(scheduleId, randomUUID(), 1)), {
      outcome: 'refused',
      rejection: { code: 'SEAT_TAKEN' },
    });
    for (const node of [a, b]) {
      const map = valueOf(await node.route({ type: 'ReadSeatMap', scheduleId }));
      t.match(map, { seq: 1, availableSeats: 49, seats: [{ status: 'HELD', userId }] });
    }
    const owner = (await ownersOf(database)).get(scheduleId);
    t.equal(owner, a.placement.ownerOf(scheduleId), 'it is owned where it is placed');
  }
  t.ok(a.received.length > 0 && b.received.length > 0, 'both were asked by the other');
  t.equal(a.router.carried + b.router.carried, 0);
  t.equal(a.router.counts().forwarded, b.received.length);
  t.match(await a.route({ type: 'ReadSeatMap', scheduleId: 999_999 }), {
    outcome: 'refused',
    rejection: { code: 'SCHEDULE_NOT_FOUND' },
  });
});

t.test('a node that joins gets what is placed at it and nothing else, under load, without a failure', async (t) => {
  const database = await createTestDatabase(t);
  const cluster = createOwnerCluster(t, database);
  const userId = await insertUserWithBalance(database, 0);
  const settings = { seatsPerUser: 500 };
  const a = await cluster.add('a', settings);
  const b = await cluster.add('b', settings);
  await agree([a, b], 2);
  const schedules: number[] = [];
  for (let i = 0; i < 30; i += 1) schedules.push((await insertSchedule(database)).scheduleId);
  const before = new Map<number, string | null>(schedules.map((id) => [id, a.placement.ownerOf(id)]));

  let isOver = false;
  const seats = new Map(schedules.map((id) => [id, 0]));
  const failures: unknown[] = [];
  let longestMs = 0;
  let done = 0;
  async function buy(node: ClusterNode, offset: number): Promise<void> {
    for (let i = offset; !isOver; i += 7) {
      const scheduleId = schedules[i % schedules.length] ?? 0;
      const seatNumber = (seats.get(scheduleId) ?? 0) + 1;
      if (seatNumber > 50) continue;
      seats.set(scheduleId, seatNumber);
      const startedAt = performance.now();
      const reply = await node.route(holdCommand(scheduleId, userId, seatNumber));
      longestMs = Math.max(longestMs, performance.now() - startedAt);
      if (reply.outcome !== 'granted') failures.push(reply);
      done += 1;
      if ([...seats.values()].every((taken) => taken >= 50)) isOver = true;
    }
  }
  const buying = [a, b, a, b].map((node, index) => buy(node, index));
  const c = await cluster.add('c', settings);
  await agree([a, b, c], 3);
  await waitFor(
    async () => {
      const owners = await ownersOf(database);
      return schedules.every((id) => !owners.has(id) || owners.get(id) === c.placement.ownerOf(id));
    },
    { what: 'every schedule to be where it is placed' },
  );
  const doneBefore = done;
  await waitFor(() => done >= doneBefore + 50 || isOver, { what: 'buying to go on' });
  isOver = true;
  await Promise.all(buying);
  t.same(failures, [], 'no command failed');
  t.ok(longestMs < 1_500, `the longest took ${longestMs} ms`);

  const handedOver = [a, b].map(({ registry }) => registry.counts().moves.handedOver);
  t.ok(Math.max(...handedOver) > 0, 'what was served moved too');
  const moved = schedules.filter((id) => c.placement.ownerOf(id) !== before.get(id));
  t.ok(moved.length > 0, 'something moved');
  t.ok(
    moved.every((id) => c.placement.ownerOf(id) === c.membership.node),
    'to the new node only',
  );
  await recordTokensOfAll(database);
  t.same((await runAudit(database.pool)).violations, []);
});

t.test(
  'a node that leaves hands over, with what waits and what is held, and its holds still end in time',
  async (t) => {
    const database = await createTestDatabase(t);
    const cluster = createOwnerCluster(t, database);
    const userId = await insertUserWithBalance(database, 0);
    const settings = { holdTtlMs: 1_500, seatsPerUser: 500 };
    const a = await cluster.add('a', settings);
    const b = await cluster.add('b', settings);
    await agree([a, b], 2);
    let scheduleId = 0;
    do ({ scheduleId } = await insertSchedule(database));
    while (a.placement.ownerOf(scheduleId) !== a.membership.node);
    await a.route(holdCommand(scheduleId, userId, 1));

    const replies = Array.from({ length: 20 }, (_, index) =>
      (index % 2 === 0 ? a : b).route(holdCommand(scheduleId, userId, index + 2)),
    );
    const leaving = a.leave();
    replies.push(...Array.from({ length: 20 }, (_, index) => b.route(holdCommand(scheduleId, userId, index + 22))));
    for (const reply of await Promise.all(replies)) t.equal(reply.outcome, 'granted');
    await leaving;
    t.equal((await ownersOf(database)).get(scheduleId), b.membership.node);
    await waitFor(
      async () => {
        const { rows } = await database.pool.query<{ n: number }>(
          `SELECT count(*) AS n FROM reservations WHERE status = 'HELD'`,
        );
        return rows[0]?.n === 0;
      },
      { deadlineMs: 4_000, what: 'the heir to end what the former owner has held' },
    );
    await recordTokensOfAll(database);
    t.same((await runAudit(database.pool)).violations, []);
  },
);

t.test('the last node serves on until it has left: there is nobody to hand over to', async (t) => {
  const database = await createTestDatabase(t);
  const cluster = createOwnerCluster(t, database);
  const userId = await insertUserWithBalance(database, 0);
  const settings = { seatsPerUser: 500 };
  const [a, b] = [await cluster.add('a', settings), await cluster.add('b', settings)];
  await agree([a, b], 2);
  const schedules: number[] = [];
  for (let i = 0; i < 8; i += 1) schedules.push((await insertSchedule(database)).scheduleId);
  for (const scheduleId of schedules) await a.route(holdCommand(scheduleId, userId, 1));

  await Promise.all([a.membership.retire(), b.membership.retire()]);
  await waitFor(() => [a, b].every(({ membership }) => membership.living().every((row) => row.isLeaving)), {
    what: 'both to know that nobody stays',
  });
  schedules.push((await insertSchedule(database)).scheduleId);
  for (const scheduleId of schedules) {
    for (const [index, node] of [a, b].entries()) {
      t.match(await node.route(holdCommand(scheduleId, userId, index + 2)), { outcome: 'granted' });
    }
  }
  await recordTokensOfAll(database);
  t.same((await runAudit(database.pool)).violations, []);
});

t.test('what was sent and never answered is unknown, and never sent again; what was not sent is', async (t) => {
  const database = await createTestDatabase(t);
  const cluster = createOwnerCluster(t, database);
  const [a, b] = [await cluster.add('a'), await cluster.add('b')];
  await agree([a, b], 2);
  let scheduleId = 0;
  do ({ scheduleId } = await insertSchedule(database));
  while (a.placement.ownerOf(scheduleId) !== b.membership.node);

  let tries = 0;
  cluster.obstruct = () => {
    tries += 1;
    return { type: 'lost' };
  };
  t.same(await a.route(holdCommand(scheduleId, randomUUID(), 1)), {
    outcome: 'failed',
    code: 'OWNER_UNAVAILABLE',
    effect: 'unknown',
  });
  t.equal(tries, 1);
  t.match(await a.route({ type: 'ReadSeatMap', scheduleId }), { outcome: 'failed', effect: 'none' });
  t.ok(tries > 2, 'a map is asked for again');

  tries = 0;
  cluster.obstruct = () => ((tries += 1) < 4 ? { type: 'unreachable' } : null);
  t.match(await a.route(holdCommand(scheduleId, randomUUID(), 1)), { outcome: 'granted' });
  t.equal(tries, 4);

  cluster.obstruct = () => ({ type: 'unreachable' });
  const startedAt = performance.now();
  t.match(await a.route(holdCommand(scheduleId, randomUUID(), 2)), { outcome: 'failed', effect: 'none' });
  t.ok(performance.now() - startedAt < 3_000, 'nobody waits for an owner for long');
  cluster.obstruct = () => ({ type: 'busy' });
  t.match(await a.route(holdCommand(scheduleId, randomUUID(), 2)), { outcome: 'failed', code: 'OVERLOADED' });
});
