import t from 'tap';
import { Fault } from '../../../src/domain/errors.ts';
import { type LiveRoom, QueuePresence } from '../../../src/http/live/queue-presence.ts';
import { endedPlace, type QueuePlace, type QueueTokenStatus } from '../../../src/domain/queue-token.ts';

const waitingAt = (queuePosition: number): QueuePlace => ({
  status: 'WAITING',
  queuePosition,
  estimatedWaitTime: 30 * queuePosition,
  estimatedWaitRange: [10 * queuePosition, 90 * queuePosition],
});
const INSIDE: QueuePlace = {
  status: 'ACTIVE',
  queuePosition: 0,
  estimatedWaitTime: 0,
  estimatedWaitRange: [0, 0],
};

/** One token in a waiting room that is the test. */
function setUp(place: QueuePlace = waitingAt(5)) {
  const watchers = new Set<(status: QueueTokenStatus) => void>();
  const told: unknown[] = [];
  const room = {
    place: place as QueuePlace | null,
    isAway: false,
    isSilent: false,
    /** What `status` says where `look` finds nothing live. */
    end: 'EXPIRED' as QueueTokenStatus,
    watches: 0,
    fewest: Number.POSITIVE_INFINITY,
  };
  const ports = {
    watch(_token: string, changed: (status: QueueTokenStatus) => void) {
      if (room.isAway) return null;
      const entry = (status: QueueTokenStatus): void => changed(status);
      watchers.add(entry);
      room.watches += 1;
      return () => {
        watchers.delete(entry);
        room.fewest = Math.min(room.fewest, watchers.size);
      };
    },
    look() {
      if (room.isSilent) throw new Fault('QUEUE_UNAVAILABLE', 'none');
      return [room.isAway ? null : room.place];
    },
    async status() {
      if (room.isAway) throw new Fault('QUEUE_UNAVAILABLE', 'none');
      return room.place ?? endedPlace(room.end);
    },
  } as unknown as LiveRoom;
  const owner = {
    placed: (placed: QueuePlace) => told.push(placed),
    ended: (status: string) => told.push(`ended ${status}`),
  };
  const presence = new QueuePresence(ports, owner, 'fq_token', place.status, 0);
  const change = (next: QueuePlace) => {
    room.place = next.queuePosition === null ? null : next;
    for (const changed of watchers) changed(next.status);
  };
  return { presence, room, told, watchers, change, settle: () => new Promise((resolve) => setImmediate(resolve)) };
}

t.test('an admission is told in the turn in which it happens', async (t) => {
  const { presence, told, change } = setUp();
  await presence.subscribe(0);
  t.strictSame(told, [waitingAt(5)]);
  change(INSIDE);
  t.strictSame(told, [waitingAt(5), INSIDE]);
  presence.looked(INSIDE, 5_000);
  t.equal(told.length, 2, 'and not again');
});

t.test('positions are told at most once a second, and only when they have changed', async (t) => {
  const { presence, told } = setUp();
  await presence.subscribe(0);
  presence.looked(waitingAt(4), 999);
  t.equal(told.length, 1);
  presence.looked(waitingAt(4), 1_000);
  t.strictSame(told.slice(1), [waitingAt(4)]);
  presence.looked(waitingAt(4), 5_000);
  presence.looked({ ...waitingAt(4), estimatedWaitTime: null }, 5_100);
  t.strictSame(told.slice(2), [{ ...waitingAt(4), estimatedWaitTime: null }]);
  presence.looked(INSIDE, 5_101);
  t.strictSame(told.slice(3), [INSIDE], 'a status does not wait');
});

t.test('an estimate is told when it differs by more than a tenth from the one that was told last', async (t) => {
  const { presence, told } = setUp();
  await presence.subscribe(0);
  for (const [nth, estimatedWaitTime] of [150, 155, 160, 165, 166, 150, 149].entries())
    presence.looked({ ...waitingAt(5), estimatedWaitTime }, 2_000 * nth);
  t.strictSame(
    told.map((place) => (place as QueuePlace).estimatedWaitTime),
    [150, 166, 149],
  );
});

t.test('who waits is present from the subscription on, until it ends', async (t) => {
  const { presence, watchers } = setUp();
  t.equal(watchers.size, 0, 'a socket alone is no sign of life');
  presence.looked(waitingAt(5), 1_000);
  t.equal(watchers.size, 0);
  await presence.subscribe(0);
  t.equal(watchers.size, 1);
  await presence.subscribe(1);
  t.equal(watchers.size, 1);
  presence.unsubscribe();
  t.equal(watchers.size, 0);
  await presence.subscribe(0);
  presence.close();
  t.equal(watchers.size, 0);
});

t.test('who waits and could not be told where is not present, and whoever is subscribed stays so', async (t) => {
  const { presence, watchers, room } = setUp();
  room.isSilent = true;
  await t.rejects(presence.subscribe(0), { code: 'QUEUE_UNAVAILABLE' });
  t.equal(watchers.size, 0);
  room.isSilent = false;
  await presence.subscribe(1);
  room.isSilent = true;
  await t.rejects(presence.subscribe(2), { code: 'QUEUE_UNAVAILABLE' });
  t.equal(watchers.size, 1);
});

t.test('a waiting room that was replaced is watched anew, without a moment of absence', async (t) => {
  const { presence, watchers, room } = setUp();
  await presence.subscribe(0);
  presence.looked(waitingAt(5), 29_999);
  t.equal(room.watches, 1);
  presence.looked(waitingAt(5), 30_000);
  t.equal(room.watches, 2);
  t.equal(watchers.size, 1);
  t.equal(room.fewest, 1, 'the new watch begins before the old one ends');
});

t.test('a token that comes in while nobody is told is still known to end', async (t) => {
  const { presence, told, watchers, change } = setUp();
  presence.looked(INSIDE, 1_000);
  t.strictSame(told, []);
  t.equal(watchers.size, 1);
  change(endedPlace('COMPLETED'));
  t.strictSame(told, ['ended COMPLETED']);
  t.equal(watchers.size, 0);
});

t.test('the end of a token is told once, its place before', async (t) => {
  const { presence, told, change } = setUp(INSIDE);
  await presence.subscribe(0);
  change(endedPlace('CANCELLED'));
  presence.looked(null, 1_000);
  t.strictSame(told, [INSIDE, endedPlace('CANCELLED'), 'ended CANCELLED']);
});

t.test('an end that nobody told of is found by the look', async (t) => {
  const { presence, told, room, settle } = setUp();
  await presence.subscribe(0);
  room.place = null;
  presence.looked(null, 1_000);
  await settle();
  t.strictSame(told.slice(1), [endedPlace('EXPIRED'), 'ended EXPIRED']);
});

t.test('a waiting room that is away ends nothing', async (t) => {
  const { presence, told, room, settle } = setUp();
  await presence.subscribe(0);
  room.isAway = true;
  presence.looked(null, 1_000);
  await settle();
  t.equal(told.length, 1);
  await t.rejects(presence.subscribe(2_000), { code: 'QUEUE_UNAVAILABLE' });
  room.isAway = false;
  presence.looked(waitingAt(3), 3_000);
  t.strictSame(told.slice(1), [waitingAt(3)]);
});

t.test('who subscribes with a token that has just ended is told of the end', async (t) => {
  const { presence, told, room } = setUp();
  room.place = null;
  room.end = 'CANCELLED';
  await presence.subscribe(0);
  t.strictSame(told, [endedPlace('CANCELLED'), 'ended CANCELLED']);
});
