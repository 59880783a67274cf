import { randomUUID } from 'node:crypto';
import t, { type Test } from 'tap';
import { Fault } from '../../../src/domain/errors.ts';
import type { QueueEntry, QueueRecords } from '../../../src/domain/queue-token.ts';
import type { QueueRoom } from '../../../src/queue/waiting-room.ts';
import { createManualClock } from '../../fixtures/manual-clock.ts';
import { skipWithoutRedis } from '../../fixtures/redis.ts';
import { waitFor } from '../../fixtures/wait-for.ts';
import { createSharedNodes, enterMany, type SharedNodes } from './shared-nodes.ts';

const skip = skipWithoutRedis();
/** Longer than a test lets Redis stand still. */
const PATIENT_MS = 60_000;
/** Short enough to wait until the client gives up what Redis took to its grave. */
const RESTART_LIMIT_MS = 2_000;

type Entrance = Awaited<ReturnType<QueueRoom['enter']>>;

interface Stage {
  readonly nodes: SharedNodes;
  readonly room: QueueRoom;
  readonly concertId: number;
  /** Entries in the order in which they were sent to PostgreSQL, statement by statement. */
  readonly statements: (readonly QueueEntry[])[];
  /** Statements are answered, but not before the returned function is called. */
  holdAnswers(): () => void;
  /** So many new people come together. Resolves when they are recorded. */
  enterTogether(count: number): Promise<{ userIds: string[]; entries: Promise<PromiseSettledResult<Entrance>[]> }>;
}

/** A node with a line of one, whose Redis may stand still for as long as the test wants. */
async function createStage(t: Test, commandLimitMs?: number): Promise<Stage> {
  const nodes = await createSharedNodes(t);
  const statements: (readonly QueueEntry[])[] = [];
  let gate = Promise.resolve();
  const room = await nodes.join({
    ...(commandLimitMs === undefined ? {} : { commandLimitMs }),
    // Callers have all the patience in the world.
    clock: createManualClock(),
    records: (real): QueueRecords => ({
      ...real,
      async enter(entries) {
        statements.push(entries);
        const outcomes = await real.enter(entries);
        await gate;
        return outcomes;
      },
    }),
  });
  const concertId = await nodes.newConcert({ maxActive: 0 });
  await enterMany([room], concertId, 1);
  statements.length = 0;
  const entered = async (): Promise<number> => (await nodes.rows(concertId)).length;

  return {
    nodes,
    room,
    concertId,
    statements,
    holdAnswers() {
      const { promise, resolve } = Promise.withResolvers<void>();
      gate = promise;
      return resolve;
    },
    async enterTogether(count) {
      const before = await entered();
      const userIds = Array.from({ length: count }, () => randomUUID());
      const entries = Promise.allSettled(userIds.map((userId) => room.enter(userId, concertId)));
      await waitFor(async () => (await entered()) === before + count, { what: 'their record', deadlineMs: 10_000 });
      return { userIds, entries };
    },
  };
}

function positionsOf(t: Test, results: readonly PromiseSettledResult<Entrance>[]): (number | null)[] {
  return results.map((result) => {
    if (result.status === 'rejected') t.fail('an entry was refused', { reason: String(result.reason) });
    return result.status === 'fulfilled' ? result.value.token.queuePosition : null;
  });
}

function faultsOf(results: readonly PromiseSettledResult<Entrance>[]): unknown[] {
  return results.map((result) =>
    result.status === 'rejected' && result.reason instanceof Fault
      ? `${result.reason.code} ${result.reason.effect}`
      : result.status,
  );
}

t.test('while entries are put into Redis the next are recorded, and stand behind them', { skip }, async (t) => {
  const { nodes, room, concertId, statements, enterTogether } = await createStage(t, PATIENT_MS);
  nodes.redis.pause();
  const first = await enterTogether(3);
  const second = await enterTogether(2);
  const third = await enterTogether(2);
  // Two are on their way to Redis and one waits for that: the next is not recorded.
  const late = randomUUID();
  const fourth = room.enter(late, concertId);
  for (let nth = 0; nth < 20; nth += 1) await nodes.rows(concertId);
  t.equal(statements.length, 3);
  nodes.redis.resume();
  t.same(positionsOf(t, await first.entries), [2, 3, 4]);
  t.same(positionsOf(t, await second.entries), [5, 6]);
  t.same(positionsOf(t, await third.entries), [7, 8]);
  t.match(await fourth, { created: true, token: { queuePosition: 9 } });
  t.same(
    (await nodes.rows(concertId)).slice(1).map((row) => row.user_id),
    [...first.userIds, ...second.userIds, ...third.userIds, late],
    'numbered in the order in which they came',
  );
});

t.test('a user whose entry is on its way to Redis is not entered again', { skip }, async (t) => {
  const { nodes, room, concertId, statements, enterTogether } = await createStage(t, PATIENT_MS);
  nodes.redis.pause();
  const first = await enterTogether(1);
  const [userId = ''] = first.userIds;
  const again = room.enter(userId, concertId);
  const second = await enterTogether(1);
  t.same(
    statements.map((entries) => entries.map((entry) => entry.userId)),
    [[userId], second.userIds],
  );
  nodes.redis.resume();
  t.same(positionsOf(t, await first.entries), [2]);
  t.match(await again, { created: false, token: { queuePosition: 2 } });
  t.same(positionsOf(t, await second.entries), [3]);
});

t.test(
  'Redis dies with one batch on its way to it while the next is recorded: all are told, and all have their places',
  { skip },
  async (t) => {
    const { nodes, room, concertId, holdAnswers, enterTogether } = await createStage(t, RESTART_LIMIT_MS);
    nodes.redis.pause();
    const first = await enterTogether(2);
    const answer = holdAnswers();
    const second = await enterTogether(2);
    await nodes.redis.kill();
    t.same(faultsOf(await first.entries), ['QUEUE_UNAVAILABLE unknown', 'QUEUE_UNAVAILABLE unknown']);
    answer();
    t.same(faultsOf(await second.entries), ['QUEUE_UNAVAILABLE unknown', 'QUEUE_UNAVAILABLE unknown']);
    await nodes.redis.start();
    const userIds = [...first.userIds, ...second.userIds];
    const entries = await waitFor(
      () => Promise.all(userIds.map((userId) => room.enter(userId, concertId))).catch(() => null),
      { what: 'Redis', deadlineMs: 10 * RESTART_LIMIT_MS },
    );
    t.same(
      entries.map(({ created, token }) => [created, token.queuePosition]),
      [2, 3, 4, 5].map((position) => [false, position]),
    );
    t.match(await room.counts(concertId), { waiting: 5 });
  },
);

t.test('a batch that finds Redis emptied does not hold up the next, and both are rebuilt', { skip }, async (t) => {
  const { nodes, room, concertId, holdAnswers, enterTogether } = await createStage(t, PATIENT_MS);
  const answer = holdAnswers();
  const first = await enterTogether(2);
  await nodes.redis.flush();
  nodes.redis.pause();
  answer();
  const second = await enterTogether(2);
  nodes.redis.resume();
  t.same(positionsOf(t, await first.entries), [2, 3]);
  t.same(positionsOf(t, await second.entries), [4, 5]);
  t.match(await room.counts(concertId), { waiting: 5 });
});

t.test('a node that stops answers every batch that is under way, and Redis has it', { skip }, async (t) => {
  const { nodes, room, concertId, holdAnswers, enterTogether } = await createStage(t, PATIENT_MS);
  const other = await nodes.join();
  nodes.redis.pause();
  const first = await enterTogether(2);
  const answer = holdAnswers();
  const second = await enterTogether(2);
  const closed = room.close();
  await t.rejects(room.enter(randomUUID(), concertId), { code: 'QUEUE_UNAVAILABLE', effect: 'none' });
  nodes.redis.resume();
  answer();
  t.same(positionsOf(t, await first.entries), [2, 3]);
  t.same(positionsOf(t, await second.entries), [4, 5]);
  await closed;
  const counts = await waitFor(() => other.counts(concertId).catch(() => null), { what: 'the other node' });
  t.match(counts, { waiting: 5 });
});

t.test('a node that stops while Redis stands still does not deny what it recorded', { skip }, async (t) => {
  const { nodes, room, holdAnswers, enterTogether } = await createStage(t);
  const answer = holdAnswers();
  const first = await enterTogether(2);
  nodes.redis.pause();
  const closed = room.close();
  answer();
  t.same(faultsOf(await first.entries), ['QUEUE_UNAVAILABLE unknown', 'QUEUE_UNAVAILABLE unknown']);
  await closed;
});
