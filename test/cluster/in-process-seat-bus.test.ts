import t from 'tap';
import { createInProcessSeatBus } from '../../src/cluster/in-process-seat-bus.ts';
import type { SeatListener, SeatUpdates } from '../../src/seat-broadcast.ts';
import { silentLog } from '../fixtures/silent-log.ts';

const updates: SeatUpdates = {
  scheduleId: 7,
  epoch: 1,
  fromSeq: 1,
  seq: 1,
  updates: [{ seatNumber: 1, status: 'AVAILABLE', heldUntil: null }],
};

function createListener(): SeatListener & { readonly told: unknown[] } {
  const told: unknown[] = [];
  return { told, updated: (each) => told.push(each), stands: (head) => told.push(head) };
}

t.test('listeners hear of their schedule from when they begin to watch until they stop', async (t) => {
  const bus = createInProcessSeatBus({ log: silentLog });
  const listener = createListener();
  bus.publish(updates);
  const stop = bus.watch(7, listener);
  t.ok(bus.isWatched(7));
  t.strictSame([...bus.watched()], [7]);
  bus.publish(updates);
  bus.publish({ ...updates, scheduleId: 8 });
  bus.announce({ scheduleId: 7, epoch: 1, seq: 1 });
  stop();
  stop();
  bus.publish(updates);
  t.strictSame(listener.told, [updates, { scheduleId: 7, epoch: 1, seq: 1 }]);
  t.notOk(bus.isWatched(7));
  t.strictSame([...bus.watched()], []);
});

t.test('a listener that watches twice hears everything twice, and stops one by one', async (t) => {
  const bus = createInProcessSeatBus({ log: silentLog });
  const listener = createListener();
  const stops = [bus.watch(7, listener), bus.watch(7, listener)];
  bus.publish(updates);
  t.equal(listener.told.length, 2);
  stops[0]?.();
  stops[0]?.();
  bus.publish(updates);
  t.equal(listener.told.length, 3);
  t.ok(bus.isWatched(7));
});

t.test('a listener that throws is logged, and neither the owner nor another listener notices', async (t) => {
  const logged: object[] = [];
  const bus = createInProcessSeatBus({ log: { ...silentLog, error: (fields) => logged.push(fields) } });
  const fail = () => {
    throw new Error('planned');
  };
  bus.watch(7, { updated: fail, stands: fail });
  const listener = createListener();
  bus.watch(7, listener);
  bus.publish(updates);
  bus.announce({ scheduleId: 7, epoch: 1, seq: 1 });
  t.equal(listener.told.length, 2);
  t.match(logged, [{ scheduleId: 7 }, { scheduleId: 7 }]);
});
