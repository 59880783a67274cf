import t, { type Test } from 'tap';
import { createInProcessSeatBus, type SeatBus } from '../../../src/cluster/in-process-seat-bus.ts';
import type { Log } from '../../../src/runtime/log.ts';
import { skipWithoutRedis, startTestRedis } from '../../fixtures/redis.ts';
import { silentLog } from '../../fixtures/silent-log.ts';
import { waitFor } from '../../fixtures/wait-for.ts';
import { changeOf, createRecordingListener, joinSeatBus } from './seat-bus-nodes.ts';

/** Where owners tell and where somebody listens: one bus, or two that are joined. */
interface Sides {
  readonly owner: SeatBus;
  readonly watcher: SeatBus;
}

async function untilWatched({ owner }: Sides, scheduleId: number, isWatched: boolean): Promise<void> {
  await waitFor(() => owner.isWatched(scheduleId) === isWatched, { what: `watched: ${isWatched}` });
}

function conform(
  name: string,
  skip: string | false,
  create: (t: Test, options: { readonly log: Log }) => Promise<Sides>,
): void {
  t.test(
    `${name}: listeners hear of their schedule from when they begin to watch until they stop`,
    { skip },
    async (t) => {
      const sides = await create(t, { log: silentLog });
      const { owner, watcher } = sides;
      const listener = createRecordingListener();
      owner.publish(changeOf(7, 1));
      t.notOk(owner.isWatched(7));
      const stop = watcher.watch(7, listener);
      t.ok(watcher.isWatched(7), 'on its own node at once');
      await untilWatched(sides, 7, true);
      t.strictSame([...owner.watched()], [7]);
      owner.publish(changeOf(7, 2, 'HELD'));
      owner.publish(changeOf(8, 1));
      owner.announce({ scheduleId: 7, epoch: 1, seq: 2 });
      await waitFor(() => listener.heads.length === 1, { what: 'the head' });
      stop();
      stop();
      await untilWatched(sides, 7, false);
      owner.publish(changeOf(7, 3));
      t.strictSame([...owner.watched()], []);
      const last = createRecordingListener();
      watcher.watch(7, last);
      await untilWatched(sides, 7, true);
      owner.publish(changeOf(7, 4));
      await waitFor(() => last.updates.length === 1, { what: 'the last change' });
      t.strictSame(listener.updates, [changeOf(7, 2, 'HELD')]);
      t.strictSame(listener.heads, [{ scheduleId: 7, epoch: 1, seq: 2 }]);
      t.strictSame(last.updates, [changeOf(7, 4)]);
    },
  );

  t.test(`${name}: a listener that watches twice hears everything twice, and stops one by one`, { skip }, async (t) => {
    const sides = await create(t, { log: silentLog });
    const { owner, watcher } = sides;
    const listener = createRecordingListener();
    const stops = [watcher.watch(7, listener), watcher.watch(7, listener)];
    await untilWatched(sides, 7, true);
    owner.publish(changeOf(7, 1));
    await waitFor(() => listener.updates.length === 2, { what: 'both' });
    stops[0]?.();
    stops[0]?.();
    t.ok(watcher.isWatched(7));
    owner.publish(changeOf(7, 2));
    owner.announce({ scheduleId: 7, epoch: 1, seq: 2 });
    await waitFor(() => listener.heads.length === 1, { what: 'the head' });
    t.strictSame(
      listener.updates.map(({ seq }) => seq),
      [1, 1, 2],
    );
  });

  t.test(`${name}: what is told is heard in its order, whole`, { skip }, async (t) => {
    const sides = await create(t, { log: silentLog });
    const { owner, watcher } = sides;
    const listener = createRecordingListener();
    watcher.watch(7, listener);
    await untilWatched(sides, 7, true);
    const told = Array.from({ length: 500 }, (_, nth) => ({
      scheduleId: 7,
      epoch: 3,
      fromSeq: 2 * nth + 1,
      seq: 2 * nth + 2,
      updates: [changeOf(7, 1, 'HELD').updates, changeOf(7, 1, 'CONFIRMED').updates].flat(),
    }));
    for (const updates of told) owner.publish(updates);
    await waitFor(() => listener.updates.length === told.length, { what: 'all updates' });
    t.strictSame(listener.updates, told);
  });

  t.test(
    `${name}: a listener that throws is logged, and neither owner nor other listeners notice`,
    { skip },
    async (t) => {
      const logged: object[] = [];
      const sides = await create(t, { log: { ...silentLog, error: (fields) => logged.push(fields) } });
      const { owner, watcher } = sides;
      const fail = () => {
        throw new Error('planned');
      };
      watcher.watch(7, { updated: fail, stands: fail });
      const listener = createRecordingListener();
      watcher.watch(7, listener);
      await untilWatched(sides, 7, true);
      owner.publish(changeOf(7, 1));
      owner.announce({ scheduleId: 7, epoch: 1, seq: 1 });
      await waitFor(() => listener.heads.length === 1, { what: 'the head' });
      t.equal(listener.updates.length, 1);
      t.match(logged, [{ scheduleId: 7 }, { scheduleId: 7 }]);
    },
  );
}

const skip = skipWithoutRedis();

conform('in one process', false, async (_t, options) => {
  const bus = createInProcessSeatBus(options);
  return { owner: bus, watcher: bus };
});

conform('on one node with Redis', skip, async (t, options) => {
  const { bus } = await joinSeatBus(t, (await startTestRedis(t)).url, options);
  return { owner: bus, watcher: bus };
});

conform('between two nodes', skip, async (t, options) => {
  const { url } = await startTestRedis(t);
  const [owner, watcher] = [await joinSeatBus(t, url), await joinSeatBus(t, url, options)];
  return { owner: owner.bus, watcher: watcher.bus };
});
