import { randomUUID } from 'node:crypto';
import t from 'tap';
import type { QueueRecords } from '../../src/domain/queue-token.ts';
import { LINES_AT_A_TIME } from '../../src/queue/opening.ts';
import { skipWithoutRedis } from '../fixtures/redis.ts';
import { waitFor } from '../fixtures/wait-for.ts';
import { createSharedNodes } from './redis/shared-nodes.ts';
import { createRoomHarness } from './room-harness.ts';
import { memoryRooms } from './rooms.ts';

const LINES = 3 * LINES_AT_A_TIME;

/** Counts how many lines are opened at the same time. */
function createCounter() {
  let now = 0;
  function during<T>(work: Promise<T>): Promise<T> {
    now += 1;
    counter.opened += 1;
    counter.most = Math.max(counter.most, now);
    return work.finally(() => (now -= 1));
  }
  const counter = {
    most: 0,
    opened: 0,
    count: (real: QueueRecords): QueueRecords => ({
      ...real,
      // Opening a line begins with one of these: the former where nodes share the lines, the latter in a room of one node.
      takeOver: (concertId, below) => during(real.takeOver(concertId, below)),
      raise: (heads) => during(real.raise(heads)),
    }),
  };
  return counter;
}

t.test('a room that starts opens its lines side by side, and few at a time', async (t) => {
  let counter = createCounter();
  const harness = await createRoomHarness(t, {
    create(materials) {
      counter = createCounter();
      return memoryRooms(counter.count).create(materials);
    },
  });
  for (let nth = 0; nth < LINES; nth += 1) await harness.enter(await harness.newConcert({ maxActive: 0 }));
  await harness.restart();
  t.equal(counter.opened, LINES);
  t.ok(counter.most > 1, 'side by side');
  t.ok(counter.most <= LINES_AT_A_TIME, 'few at a time');
});

t.test('a node opens the lines that Redis has lost the same way', { skip: skipWithoutRedis() }, async (t) => {
  const nodes = await createSharedNodes(t);
  const first = await nodes.join();
  for (let nth = 0; nth < LINES; nth += 1) await first.enter(randomUUID(), await nodes.newConcert({ maxActive: 0 }));
  await first.close();
  await nodes.redis.flush();
  const counter = createCounter();
  await nodes.join({ records: counter.count, commandLimitMs: 30_000 });
  await waitFor(() => counter.opened === LINES, { what: 'all lines' });
  t.ok(counter.most > 1, 'side by side');
  t.ok(counter.most <= LINES_AT_A_TIME, 'few at a time');
});
