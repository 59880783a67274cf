import { randomUUID } from 'node:crypto';
import type { Test } from 'tap';
import { type Clock, systemClock } from '../../../src/runtime/clock.ts';
import { type Broadcast, createRedisBroadcast } from '../../../src/cluster/redis-bus/broadcast.ts';
import { createRedisSeatBus, type RedisSeatBus } from '../../../src/cluster/redis-seat-bus.ts';
import type { Log } from '../../../src/runtime/log.ts';
import type { SeatHead, SeatListener, SeatUpdate, SeatUpdates } from '../../../src/domain/seat-broadcast.ts';
import { silentLog } from '../../fixtures/silent-log.ts';
import { waitFor } from '../../fixtures/wait-for.ts';

export interface SeatBusNode {
  readonly name: string;
  readonly bus: RedisSeatBus;
  readonly broadcast: Broadcast;
  /** The schedules that other nodes began to watch, in that order. */
  readonly interests: number[];
  /** Loses the messages of channels of which this says so, after the server has delivered them. */
  lose(isLost: (channel: string) => boolean): void;
}

/** Lets messages be lost on their way to a node. */
function createLossyBroadcast(real: Broadcast) {
  let isLost = (_channel: string): boolean => false;
  const broadcast: Broadcast = {
    ...real,
    listen: (channel, listener) =>
      real.listen(channel, {
        ...listener,
        heard: (node, text) => isLost(channel) || listener.heard(node, text),
      }),
  };
  return { broadcast, lose: (which: typeof isLost) => (isLost = which) };
}

/** Starts a node's bus. Closed with the test. */
export async function joinSeatBus(
  t: Test,
  redisUrl: string,
  options: { readonly log?: Log; readonly clock?: Clock; readonly onNewInterest?: (scheduleId: number) => void } = {},
): Promise<SeatBusNode> {
  const { log = silentLog, clock = systemClock } = options;
  const name = randomUUID();
  const interests: number[] = [];
  const real = createRedisBroadcast({ url: redisUrl, nodeName: name, clock, log });
  const { broadcast, lose } = createLossyBroadcast(real);
  const bus = createRedisSeatBus({
    broadcast,
    clock,
    log,
    onNewInterest(scheduleId) {
      interests.push(scheduleId);
      options.onNewInterest?.(scheduleId);
    },
  });
  bus.start();
  await broadcast.start();
  t.teardown(async () => {
    bus.close();
    await broadcast.close();
  });
  return { name, bus, broadcast, interests, lose: (isLost) => void lose(isLost) };
}

export interface RecordingListener extends SeatListener {
  readonly updates: SeatUpdates[];
  readonly heads: SeatHead[];
}

export function createRecordingListener(): RecordingListener {
  const updates: SeatUpdates[] = [];
  const heads: SeatHead[] = [];
  return { updates, heads, updated: (each) => void updates.push(each), stands: (head) => void heads.push(head) };
}

/** One change of seat 1. */
export function changeOf(scheduleId: number, seq: number, status: SeatUpdate['status'] = 'AVAILABLE'): SeatUpdates {
  const heldUntil = status === 'HELD' ? '2026-11-20T12:00:00.000Z' : null;
  return { scheduleId, epoch: 1, fromSeq: seq, seq, updates: [{ seatNumber: 1, status, heldUntil }] };
}

export async function untilWatched(node: { readonly bus: RedisSeatBus }, scheduleId: number): Promise<void> {
  await waitFor(() => node.bus.isWatched(scheduleId), { what: `somebody to watch ${scheduleId}` });
}
