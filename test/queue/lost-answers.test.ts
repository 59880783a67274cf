import { randomUUID } from 'node:crypto';
import t, { type Test } from 'tap';
import { Fault } from '../../src/domain/errors.ts';
import { createQueueRecords } from '../../src/persistence/records/queue-records.ts';
import { silentLog } from '../fixtures/silent-log.ts';
import { waitFor } from '../fixtures/wait-for.ts';
import { skipWithoutRedis, startTestRedis } from '../fixtures/redis.ts';
import { createRoomHarness, defaultPolicy, openPolicy, type RoomFactory, type RoomHarness } from './room-harness.ts';
import { type Adapt, memoryRooms, redisRooms } from './rooms.ts';

type Writing = 'enter' | 'admit' | 'end' | 'raise';

/** What becomes of a statement: `lost` is done but not answered, `cut` is neither, `refused` says that it was not done. */
type Mishap = 'lost' | 'cut' | 'refused';

interface FaultyStore {
  readonly adapt: Adapt;
  /** The next so many statements of that kind meet the mishap. */
  meet(writing: Writing, mishap: Mishap, times?: number): void;
  /** Statements of all kinds are refused until it is called with false. */
  setAway(isAway: boolean): void;
  /** Statements of all kinds wait until the returned function is called. */
  hang(): () => void;
  /** How often that kind was sent. */
  sent(writing: Writing): number;
  /** Sends the statements that were cut, as if they had been under way all the time. */
  deliverCut(): Promise<unknown[]>;
}

function createFaultyStore(): FaultyStore {
  const mishaps: { writing: Writing; mishap: Mishap }[] = [];
  const cut: (() => Promise<unknown>)[] = [];
  const counts = new Map<Writing, number>();
  let isAway = false;
  let gate: Promise<void> = Promise.resolve();

  async function send<T>(writing: Writing, statement: () => Promise<T>): Promise<T> {
    counts.set(writing, (counts.get(writing) ?? 0) + 1);
    await gate;
    const at = mishaps.findIndex((one) => one.writing === writing);
    const [met] = at === -1 ? [] : mishaps.splice(at, 1);
    if (isAway || met?.mishap === 'refused') throw new Fault('STORE_UNAVAILABLE', 'none');
    if (met === undefined) return statement();
    if (met.mishap === 'lost') await statement();
    else cut.push(statement);
    throw new Fault('STORE_UNAVAILABLE', 'unknown');
  }

  return {
    adapt: (real) => ({
      ...real,
      enter: (entries) => send('enter', () => real.enter(entries)),
      admit: (admissions) => send('admit', () => real.admit(admissions)),
      end: (ends) => send('end', () => real.end(ends)),
      raise: (heads) => send('raise', () => real.raise(heads)),
    }),
    meet(writing, mishap, times = 1) {
      for (let nth = 0; nth < times; nth += 1) mishaps.push({ writing, mishap });
    },
    setAway(away) {
      isAway = away;
    },
    hang() {
      const { promise, resolve } = Promise.withResolvers<void>();
      gate = promise;
      return resolve;
    },
    sent: (writing) => counts.get(writing) ?? 0,
    deliverCut: () => Promise.all(cut.splice(0).map((statement) => statement())),
  };
}

/** Lets the time go on, a rest of the write cycle at a time, until the condition holds. */
function inTime(harness: RoomHarness, what: string, condition: () => boolean | Promise<boolean>): Promise<boolean> {
  return waitFor(
    async () => {
      harness.advance(50);
      return condition();
    },
    { what },
  );
}

/** Lets the time go on until the promise is settled. */
async function whenSettled(harness: RoomHarness, promise: Promise<unknown>): Promise<void> {
  let isSettled = false;
  const note = (): boolean => (isSettled = true);
  promise.then(note, note);
  await inTime(harness, 'an answer', () => isSettled);
}

/** A kind of rooms, by where they keep their lines. */
interface Kind {
  /** Whether a lost statement is refused for ever once its outcome was looked for. */
  readonly isExclusive: boolean;
  readonly rooms: (adapt: Adapt) => RoomFactory;
}

const faultOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => null,
    (error: unknown) => error,
  );

async function start(t: Test, { rooms }: Kind): Promise<{ store: FaultyStore; harness: RoomHarness }> {
  const store = createFaultyStore();
  return { store, harness: await createRoomHarness(t, rooms(store.adapt)) };
}

/** What every waiting room promises when PostgreSQL's answers are missing. */
function testLostAnswers(t: Test, kind: Kind): void {
  t.test('an entry whose answer was lost keeps its place, and asking again finds it', async (t) => {
    const { store, harness } = await start(t, kind);
    const concertId = await harness.newConcert({ maxActive: 0 });
    await harness.enter(concertId);
    const userId = randomUUID();
    store.meet('enter', 'lost');
    t.match(await faultOf(harness.room().enter(userId, concertId)), { code: 'STORE_UNAVAILABLE', effect: 'unknown' });
    await inTime(
      harness,
      'the doubt to be resolved',
      async () => (await harness.room().counts(concertId)).waiting === 2,
    );
    await harness.enter(concertId);
    t.match(await harness.room().enter(userId, concertId), { created: false, token: { queuePosition: 2 } });
    t.equal((await harness.rows(concertId)).length, 3);
  });

  t.test(
    'an entry that was cut off comes back as the one that its user finds, or never, however late its statement arrives',
    async (t) => {
      const { store, harness } = await start(t, kind);
      const concertId = await harness.newConcert({ maxActive: 0 });
      const userId = randomUUID();
      store.meet('enter', 'cut');
      t.match(await faultOf(harness.room().enter(userId, concertId)), { effect: 'unknown' });
      if (kind.isExclusive) await inTime(harness, 'the doubt to be resolved', () => store.sent('raise') === 1);
      t.match(await store.deliverCut(), [[{ type: kind.isExclusive ? 'fenced' : 'entered' }]]);
      const entering = harness.room().enter(userId, concertId);
      await whenSettled(harness, entering);
      t.match(await entering, { created: kind.isExclusive, token: { queuePosition: 1 } });
      t.equal((await harness.rows(concertId)).length, 1);
    },
  );

  t.test('an admission whose answer was lost is shown as it was recorded, once that is known', async (t) => {
    const { store, harness } = await start(t, kind);
    const concertId = await harness.newConcert({ ...defaultPolicy, batch: 1 });
    store.meet('admit', 'lost');
    const first = await harness.enter(concertId);
    t.equal(first.status, 'WAITING', 'not shown while it is in doubt');
    const activated = harness.room().activate(first.token);
    await inTime(harness, 'the admission', async () => (await harness.status(first)).status === 'ACTIVE');
    t.match(await activated, { ok: true, value: { status: 'ACTIVE' } });
    const [row] = await harness.rows(concertId);
    t.equal(Date.parse((await harness.status(first)).activatedAt ?? ''), row?.activated);
    t.equal((await harness.enter(concertId)).status, 'WAITING', 'it counts against the window');
    if (kind.isExclusive) t.equal(store.sent('admit'), 1, 'and was not sent again');
  });

  t.test('an admission that was cut off happens later, and never twice', async (t) => {
    const { store, harness } = await start(t, kind);
    const concertId = await harness.newConcert({ ...defaultPolicy, batch: 1 });
    store.meet('admit', 'cut');
    const first = await harness.enter(concertId);
    await inTime(harness, 'the admission', async () => (await harness.status(first)).status === 'ACTIVE');
    const [row] = await harness.rows(concertId);
    t.match(await store.deliverCut(), [{ changed: new Set(), fenced: new Set(kind.isExclusive ? [concertId] : []) }]);
    t.same((await harness.rows(concertId))[0], row, 'the late statement changed nothing');
  });

  t.test('who left without an answer has left', async (t) => {
    const { store, harness } = await start(t, kind);
    const concertId = await harness.newConcert({ ...openPolicy, maxActive: 1 });
    const [inside, next] = await harness.enterMany(concertId, 2);
    store.meet('end', 'lost');
    t.match(await faultOf(harness.room().leave(inside?.token ?? '')), { code: 'STORE_UNAVAILABLE', effect: 'unknown' });
    await inTime(harness, 'the slot to be free', async () => (await harness.status(next)).status === 'ACTIVE');
    t.match(await harness.room().leave(inside?.token ?? ''), { left: false, identity: { status: 'CANCELLED' } });
  });

  t.test('an end that is due is tried until it is recorded', async (t) => {
    const { store, harness } = await start(t, kind);
    const concertId = await harness.newConcert({ ...openPolicy, maxActive: 1, activeTtlMs: 1_000 });
    const [inside, next] = await harness.enterMany(concertId, 2);
    store.meet('end', 'cut');
    store.meet('end', 'refused', 2);
    harness.advance(1_003);
    t.equal((await harness.status(inside)).status, 'EXPIRED', 'it reads so all the same');
    await inTime(harness, 'the slot to be free', async () => (await harness.status(next)).status === 'ACTIVE');
    const [row] = await harness.rows(concertId);
    t.match(row, { status: 'EXPIRED', ended: row?.until });
  });

  t.test('while the store is away polls go on, and whoever wants to enter learns that nothing was done', async (t) => {
    const { store, harness } = await start(t, kind);
    const concertId = await harness.newConcert();
    const tokens = await harness.enterMany(concertId, 12);
    store.setAway(true);
    const before = await harness.rows(concertId);
    const refused = faultOf(harness.room().enter(randomUUID(), concertId));
    harness.advance(0);
    t.match(await refused, { code: 'STORE_UNAVAILABLE', effect: 'none' });
    harness.advance(10_003);
    const late = faultOf(harness.room().enter(randomUUID(), concertId));
    const activated = faultOf(harness.room().activate(tokens[10]?.token ?? ''));
    await whenSettled(harness, Promise.all([late, activated]));
    t.match(await late, { code: 'STORE_UNAVAILABLE', effect: 'none' });
    t.match(await activated, { code: 'STORE_UNAVAILABLE' });
    t.match(await harness.status(tokens[11]), { status: 'WAITING', queuePosition: 2 });
    if (kind.isExclusive) {
      t.match(await harness.room().enter(tokens[11]?.userId ?? '', concertId), {
        created: false,
        token: { status: 'WAITING' },
      });
    }
    t.same(await harness.rows(concertId), before);

    store.setAway(false);
    const back = harness.databaseClock.lowerMs();
    await inTime(
      harness,
      'the admissions to go on',
      async () => (await harness.status(tokens[11])).status === 'ACTIVE',
    );
    t.ok(harness.databaseClock.lowerMs() - back <= 2_000, 'within two seconds of its return');
    t.equal((await harness.enter(concertId)).status, 'ACTIVE');
  });

  t.test('a caller waits for a silent store no longer than a second and a half', async (t) => {
    const { store, harness } = await start(t, kind);
    const concertId = await harness.newConcert({ maxActive: 0 });
    await harness.enter(concertId);
    const users = [randomUUID(), randomUUID()];
    const entriesBefore = store.sent('enter');
    const goOn = store.hang();
    const sent = faultOf(harness.room().enter(users[0] ?? '', concertId));
    await waitFor(() => store.sent('enter') > entriesBefore, { what: 'the entry to be sent' });
    const gathered = faultOf(harness.room().enter(users[1] ?? '', concertId));
    // Both callers are waiting by the time that this is read.
    await harness.rows(concertId);
    harness.advance(1_500);
    t.match(await sent, { code: 'STORE_UNAVAILABLE', effect: 'unknown' });
    t.match(await gathered, { code: 'STORE_UNAVAILABLE', effect: 'none' }, 'this one was not even sent');
    goOn();
    await harness.settle();
    t.match(await harness.room().counts(concertId), { waiting: 2 }, 'what was sent was done');
    t.match(await harness.room().enter(users[0] ?? '', concertId), { created: false, token: { queuePosition: 2 } });
  });

  t.test('one entry that the store refuses for its data does not stop the others', async (t) => {
    const { harness } = await start(t, kind);
    const concertId = await harness.newConcert(openPolicy);
    const entries = Array.from({ length: 20 }, (_, nth) =>
      harness.room().enter(nth === 13 ? 'nobody' : randomUUID(), concertId),
    );
    const answers = await Promise.allSettled(entries);
    t.same(
      answers.flatMap(({ status }, nth) => (status === 'rejected' ? [nth] : [])),
      [13],
    );
    t.equal((await harness.rows(concertId)).length, 19);
  });
}

/** What a room promises that alone writes its lines. */
function testTakenOver(t: Test, kind: Kind): void {
  t.test('a resolution that is lost itself is repeated', async (t) => {
    const { store, harness } = await start(t, kind);
    const concertId = await harness.newConcert({ ...defaultPolicy, batch: 1 });
    store.meet('admit', 'cut');
    store.meet('raise', 'lost', 2);
    store.meet('raise', 'refused');
    const first = await harness.enter(concertId);
    await inTime(harness, 'the admission', async () => (await harness.status(first)).status === 'ACTIVE');
    t.equal(store.sent('raise'), 4);
  });

  t.test('a process whose lines were taken over decides nothing more', async (t) => {
    const { store, harness } = await start(t, kind);
    const concertId = await harness.newConcert({ ...openPolicy, maxActive: 2 });
    const [inside, , waiting] = await harness.enterMany(concertId, 3);
    const older = harness.room();
    const records = createQueueRecords({ pool: harness.pool, log: silentLog });
    await records.takeOverAll();
    const before = await harness.rows(concertId);
    for (const attempt of [
      () => older.enter(randomUUID(), concertId),
      () => older.enter(randomUUID(), concertId),
      () => older.leave(inside?.token ?? ''),
      () => older.status(waiting?.token ?? ''),
      async () => older.identify(inside?.token ?? ''),
    ]) {
      t.match(await faultOf(attempt()), { code: 'QUEUE_UNAVAILABLE', effect: 'none' });
    }
    t.same(await harness.rows(concertId), before);
    t.equal(store.sent('enter') > 0, true);
  });

  t.test('an end or an admission of an older process is refused as well', async (t) => {
    for (const isEnd of [true, false]) {
      const { harness } = await start(t, kind);
      const concertId = await harness.newConcert({ ...openPolicy, maxActive: 1 });
      const [inside, waiting] = await harness.enterMany(concertId, 2);
      const older = harness.room();
      await createQueueRecords({ pool: harness.pool, log: silentLog }).takeOverAll();
      const before = await harness.rows(concertId);
      if (!isEnd) harness.changePolicy(concertId, { maxActive: 2 });
      const asked = isEnd ? older.leave(inside?.token ?? '') : older.activate(waiting?.token ?? '');
      t.match(await faultOf(asked), { code: 'QUEUE_UNAVAILABLE', effect: 'none' });
      t.same(await harness.rows(concertId), before);
      t.match(await faultOf(older.enter(randomUUID(), concertId)), { code: 'QUEUE_UNAVAILABLE', effect: 'none' });
    }
  });
}

t.test('a room with its lines in this process', async (t) => {
  const kind = { isExclusive: true, rooms: memoryRooms };
  testLostAnswers(t, kind);
  testTakenOver(t, kind);
});

t.test('a room with its lines in Redis', { skip: skipWithoutRedis() }, async (t) => {
  const redis = await startTestRedis(t);
  testLostAnswers(t, { isExclusive: false, rooms: (adapt) => redisRooms(redis, adapt) });
});
