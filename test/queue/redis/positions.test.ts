import { randomUUID } from 'node:crypto';
import t from 'tap';
import type { QueueRecords } from '../../../src/domain/queue-token.ts';
import { skipWithoutRedis } from '../../fixtures/redis.ts';
import { waitFor } from '../../fixtures/wait-for.ts';
import { createSharedNodes, enterMany, type SharedNodes } from './shared-nodes.ts';

const skip = skipWithoutRedis();

/** A node whose entries are recorded, but reach Redis only when the returned function is called. */
async function joinSlowly(nodes: SharedNodes) {
  const { promise, resolve } = Promise.withResolvers<void>();
  const room = await nodes.join({
    records: (real): QueueRecords => ({
      ...real,
      async enter(entries) {
        const outcomes = await real.enter(entries);
        await promise;
        return outcomes;
      },
    }),
  });
  return { room, goOn: resolve };
}

t.test('an entry on its way to Redis counts before those that were recorded after it', { skip }, async (t) => {
  const nodes = await createSharedNodes(t);
  const first = await nodes.join();
  const slow = await joinSlowly(nodes);
  const concertId = await nodes.newConcert({ maxActive: 0 });
  await enterMany([first], concertId, 3);
  const entering = slow.room.enter(randomUUID(), concertId);
  await waitFor(async () => (await nodes.rows(concertId)).length === 4, { what: 'the record' });
  const { token } = await first.enter(randomUUID(), concertId);
  t.equal(token.queuePosition, 5, 'told when the one before it is in its place');
  slow.goOn();
  t.match(await entering, { created: true, token: { queuePosition: 4 } });
  t.match(await first.status(token.token), { queuePosition: 5 });
  t.match(await first.counts(concertId), { waiting: 5 });
});

t.test('the entries of a node that died before Redis had them count before later ones', { skip }, async (t) => {
  const nodes = await createSharedNodes(t);
  const first = await nodes.join();
  const concertId = await nodes.newConcert({ maxActive: 0 });
  await enterMany([first], concertId, 2);
  const generation = (await nodes.records.findHead(concertId))?.generation ?? 0;
  for (const userId of [randomUUID(), randomUUID()])
    await nodes.records.enter([{ concertId, generation, userId, tokenId: randomUUID(), issuedAtMs: Date.now() }]);
  t.match((await first.enter(randomUUID(), concertId)).token, { queuePosition: 5 });
});

t.test('positions only fall while nodes enter people and Redis is emptied', { skip }, async (t) => {
  const nodes = await createSharedNodes(t);
  const rooms = [await nodes.join(), await nodes.join(), await nodes.join()] as const;
  const concertId = await nodes.newConcert({ maxActive: 0 });
  const shown = new Map<string, number>();
  const risen: string[] = [];
  const note = (token: string, position: number | null | undefined): void => {
    const former = shown.get(token) ?? Infinity;
    if (position === null || position === undefined) return;
    if (position > former) risen.push(`${former} -> ${position}`);
    shown.set(token, position);
  };

  async function enterSome(room: (typeof rooms)[number]): Promise<void> {
    for (let nth = 0; nth < 25; nth += 1) {
      const entered = await room.enter(randomUUID(), concertId).catch(() => null);
      if (entered === null) continue;
      note(entered.token.token, entered.token.queuePosition);
      const asked = await room.status(entered.token.token).catch(() => null);
      note(entered.token.token, asked?.queuePosition);
    }
  }

  const entering = Promise.all([...rooms, ...rooms].map(enterSome));
  await waitFor(() => shown.size > 20, { what: 'some entries' });
  await nodes.redis.flush();
  await waitFor(() => shown.size > 60, { what: 'more entries', deadlineMs: 20_000 });
  await nodes.redis.flush();
  await entering;
  for (const token of shown.keys()) {
    const asked = await waitFor(() => rooms[0].status(token).catch(() => null), { what: 'the line' });
    note(token, asked.queuePosition);
  }
  t.same(risen, []);
  t.ok(shown.size > 60, `${shown.size} tokens`);
});
