import { randomUUID } from 'node:crypto';
import t from 'tap';
import type { QueueRecords, QueueToken } from '../../src/domain/queue-token.ts';
import { LINES_AT_A_TIME } from '../../src/queue/opening.ts';
import { skipWithoutRedis } from '../fixtures/redis.ts';
import { waitFor } from '../fixtures/wait-for.ts';
import { createSharedNodes } from './redis/shared-nodes.ts';
import { createRoomHarness } from './room-harness.ts';
import { memoryRooms } from './rooms.ts';

const LINES = LINES_AT_A_TIME + 32;

t.test('a room opens the lines that it finds in shared statements', async (t) => {
  const harness = await createRoomHarness(t, memoryRooms());
  for (let nth = 0; nth < LINES; nth += 1) await harness.enter(await harness.newConcert({ maxActive: 0 }));
  let statements = 0;
  harness.pool.on('acquire', () => (statements += 1));
  await harness.restart();
  t.ok(statements < LINES / 4, `${statements} statements`);
  t.equal(harness.room().measure().length, LINES);
});

t.test('a room has started before its lines are open, and opens first the line that is asked for', async (t) => {
  let isGated = false;
  const gate = Promise.withResolvers<void>();
  const asked = { concertId: 0 };
  const waitAtGate = (real: QueueRecords): QueueRecords => ({
    ...real,
    async listFirstLive(concertId) {
      if (isGated && concertId !== asked.concertId) await gate.promise;
      return real.listFirstLive(concertId);
    },
  });
  const harness = await createRoomHarness(t, memoryRooms(waitAtGate));
  const tokens: QueueToken[] = [];
  for (let nth = 0; nth < 3; nth += 1) tokens.push(await harness.enter(await harness.newConcert({ maxActive: 0 })));
  asked.concertId = tokens[2]?.concertId ?? 0;
  isGated = true;
  const restarting = harness.restart();
  const shown = await waitFor(() => harness.status(tokens[2]).catch(() => null), { what: 'an answer' });
  t.match(shown, { status: 'WAITING', queuePosition: 1 });
  t.equal(harness.room().measure().length, 1);
  gate.resolve();
  await restarting;
  t.equal(harness.room().measure().length, tokens.length);
});

t.test('a node opens the lines that Redis has lost', { skip: skipWithoutRedis() }, async (t) => {
  const nodes = await createSharedNodes(t);
  const first = await nodes.join();
  for (let nth = 0; nth < LINES; nth += 1) await first.enter(randomUUID(), await nodes.newConcert({ maxActive: 0 }));
  await first.close();
  await nodes.redis.flush();
  const next = await nodes.join({ commandLimitMs: 30_000 });
  t.equal(next.measure().length, LINES);
});
