import { randomUUID } from 'node:crypto';
import t, { type Test } from 'tap';
import type { NewConcert, QueuePolicy } from '../../../src/domain/catalogue.ts';
import { type Clock, systemClock } from '../../../src/runtime/clock.ts';
import { createAnnouncements } from '../../../src/cluster/announcements.ts';
import { ROOT } from '../../../src/domain/admin.ts';
import { createCatalogue } from '../../../src/persistence/records/catalogue.ts';
import { createCatalogueEdits } from '../../../src/persistence/records/catalogue-edits.ts';
import { createTestDatabase, type TestDatabase } from '../../fixtures/database.ts';
import { createManualClock } from '../../fixtures/manual-clock.ts';
import { skipWithoutRedis, startTestRedis } from '../../fixtures/redis.ts';
import { silentLog } from '../../fixtures/silent-log.ts';
import { startTcpProxy } from '../../fixtures/tcp-proxy.ts';
import { waitFor } from '../../fixtures/wait-for.ts';

const skip = skipWithoutRedis();
const CHANGED = 7;

const concert: NewConcert = {
  title: '새벽의 정원',
  artist: '윤슬',
  venue: '한빛홀',
  timeZone: 'Asia/Seoul',
  bookingOpensAtMs: 0,
  bookingClosesAtMs: 4_102_444_800_000,
  queue: { maxActive: 100, batch: 10, intervalMs: 10_000, activeTtlMs: 3_600_000, paused: false },
};

/** A node's catalogue as the service ties it to the others. Closed with the test. */
async function joinCatalogue(
  t: Test,
  database: TestDatabase,
  redisUrl: string,
  { clock = systemClock, isTelling = true }: { readonly clock?: Clock; readonly isTelling?: boolean } = {},
) {
  const { pool } = database;
  const catalogue = createCatalogue({ pool });
  const edits = createCatalogueEdits({
    pool,
    memory: catalogue,
    onConcertChanged: (concertId) => {
      if (isTelling) announcements.concertChanged(concertId);
    },
  });
  const announcements = createAnnouncements({
    redisUrl,
    nodeName: randomUUID(),
    clock,
    log: silentLog,
    onNewInterest: () => undefined,
    onConcertChanged: (concertId) => catalogue.forgetConcert(concertId),
  });
  await announcements.start();
  t.teardown(() => announcements.close());
  const maxActive = async (concertId: number) => (await catalogue.findConcert(concertId))?.queue.maxActive;
  const change = (concertId: number, policy: Partial<QueuePolicy>) =>
    edits.changeQueuePolicy(concertId, policy, { caller: ROOT, requestId: randomUUID() });
  return { catalogue, change, announcements, maxActive };
}

/** Neither is heard of again while nothing is told: the clocks stand still. */
async function createNodes(t: Test) {
  const database = await createTestDatabase(t);
  const redis = await startTestRedis(t);
  const clock = createManualClock();
  const ways = { here: await startTcpProxy(t, redis.url), there: await startTcpProxy(t, redis.url) };
  const here = await joinCatalogue(t, database, ways.here.url, { clock });
  const there = await joinCatalogue(t, database, ways.there.url, { clock });
  const { concertId } = await here.catalogue.createConcert(concert);
  const other = await here.catalogue.createConcert(concert);
  // They have met: what connecting itself has others forget is over.
  await waitFor(() => here.announcements.counts()?.received === 1, { what: 'the second to be heard of' });
  for (const node of [here, there]) t.equal(await node.maxActive(concertId), concert.queue.maxActive);
  return { database, redis, ways, clock, here, there, concertId, otherId: other.concertId };
}

t.test('a policy that one node has changed is known on the others at once', { skip }, async (t) => {
  const { here, there, concertId, otherId } = await createNodes(t);
  const remembered = await there.catalogue.findConcert(otherId);
  await here.change(concertId, { maxActive: CHANGED });
  await waitFor(async () => (await there.maxActive(concertId)) === CHANGED, { what: 'the change' });
  t.equal(await here.maxActive(concertId), CHANGED);
  t.equal(await there.catalogue.findConcert(otherId), remembered, 'the other concert is not read again');
});

t.test('a change that was made while Redis was away is known once it is back', { skip }, async (t) => {
  const { redis, here, there, concertId } = await createNodes(t);
  await redis.kill();
  await here.change(concertId, { maxActive: CHANGED });
  t.equal(await there.maxActive(concertId), concert.queue.maxActive, 'until then it is not');
  await redis.start();
  await waitFor(async () => (await there.maxActive(concertId)) === CHANGED, { what: 'the change' });
});

t.test('a node that could not tell tells once it can, to those who heard all along', { skip }, async (t) => {
  const { ways, here, there, concertId } = await createNodes(t);
  ways.here.muteClients();
  await here.change(concertId, { maxActive: CHANGED });
  await waitFor(() => ways.here.hasSwallowed, { what: 'the news to be lost' });
  t.equal(await there.maxActive(concertId), concert.queue.maxActive);
  ways.here.cut();
  await waitFor(async () => (await there.maxActive(concertId)) === CHANGED, { what: 'the change' });
});

t.test(
  'a node that could not hear reads everything again, although nobody tells it to any more',
  { skip },
  async (t) => {
    const { ways, here, there, concertId } = await createNodes(t);
    ways.there.muteServer();
    await here.change(concertId, { maxActive: CHANGED });
    await waitFor(() => ways.there.hasSwallowed, { what: 'the news to be lost' });
    await here.announcements.close();
    t.equal(await there.maxActive(concertId), concert.queue.maxActive);
    ways.there.cut();
    await waitFor(async () => (await there.maxActive(concertId)) === CHANGED, { what: 'the change' });
  },
);

t.test('news of which nobody will ever tell costs a minute', { skip }, async (t) => {
  const { database, redis, clock, there, concertId } = await createNodes(t);
  const silent = await joinCatalogue(t, database, redis.url, { isTelling: false });
  await waitFor(() => there.announcements.counts()?.received === 1, { what: 'the silent one to be heard of' });
  t.equal(await there.maxActive(concertId), concert.queue.maxActive);
  await silent.change(concertId, { maxActive: CHANGED });
  clock.advance(59_000);
  t.equal(await there.maxActive(concertId), concert.queue.maxActive);
  clock.advance(1_000);
  t.equal(await there.maxActive(concertId), CHANGED);
});

t.test(
  'concerts and schedules that another node creates are found at once, since absence is not remembered',
  { skip },
  async (t) => {
    const { here, there } = await createNodes(t);
    const unknown = 1_000;
    t.equal(await there.catalogue.findConcert(unknown), null);
    const { concertId } = await here.catalogue.createConcert(concert);
    t.equal((await there.catalogue.findConcert(concertId))?.concertId, concertId);
    t.same(await there.catalogue.listSchedules(concertId), []);
    const schedule = { startsAtMs: 4_000_000_000_000, endsAtMs: null, reservationOpensAtMs: null, prices: [1, 2] };
    const created = await here.catalogue.createSchedule(concertId, schedule);
    t.equal((await there.catalogue.findSchedule(created?.scheduleId ?? 0))?.concertId, concertId);
    t.equal((await there.catalogue.listSchedules(concertId)).length, 1);
  },
);

t.test('news that make no sense change nothing', { skip }, async (t) => {
  const { redis, here, there, concertId } = await createNodes(t);
  const remembered = await there.catalogue.findConcert(concertId);
  for (const text of [
    'x',
    'x {}',
    'x {\\"concertId\\":0}',
    'x {\\"concertId\\":\\"1\\"}',
    'x [1]',
    'x {\\"concertId\\":null,\\"and\\":1}',
  ]) {
    t.equal(await redis.command(`PUBLISH frontrow:0:concerts "${text}"`), ':2', text);
  }
  await here.change(999, { maxActive: CHANGED });
  await waitFor(() => there.announcements.counts()?.received === 7, { what: 'news that make sense' });
  t.equal(await there.catalogue.findConcert(concertId), remembered);
});
