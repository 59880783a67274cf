import t from 'tap';
import { judgeHistory } from '../../drills/history/judge.ts';
import { type GrantedChange, holdEndsOf, type Matter, type Operation } from '../../drills/history/operation.ts';
import {
  type LoggedEvent,
  orderOf,
  readSaleRecord,
  type SaleRecord,
  type ScheduleRecord,
} from '../../drills/history/sale-record.ts';
import type { SeatEvent } from '../../src/actors/seat-event.ts';
import { createTestDatabase } from '../fixtures/database.ts';
import { createHistory, insertEntry, insertSale, insertUser } from '../persistence/small-history.ts';

const CONCERT = 1;
const SCHEDULE = 7;
const EXPIRES_AT = 1_800_000_000_000;

/** One schedule of three seats. Ann holds seats 1 and 2, pays 1, gives 2 back; Bob holds 2, which expires. */
const LOG: readonly LoggedEvent[] = [
  held(1, 'r1', 'ann', 1),
  held(2, 'r2', 'ann', 1),
  { epoch: 1, event: { type: 'CONFIRMED', seatNumber: 1, reservationId: 'r1', paymentId: 'p1', at: 2 } },
  { epoch: 1, event: { type: 'CANCELLED', seatNumber: 2, reservationId: 'r2', at: 3 } },
  held(2, 'r3', 'bob', 2),
  { epoch: 2, event: { type: 'EXPIRED', seatNumber: 2, reservationId: 'r3', at: EXPIRES_AT } },
];

const HOLDS = holdEndsOf([
  [1, EXPIRES_AT],
  [2, EXPIRES_AT],
]);

function held(seatNumber: number, reservationId: string, userId: string, epoch: number): LoggedEvent {
  const event: SeatEvent = {
    type: 'HELD',
    seatNumber,
    reservationId,
    userId,
    at: 1,
    expiresAt: EXPIRES_AT,
    price: 1_000,
  };
  return { epoch, event };
}

function change(seq: number): GrantedChange {
  const logged = LOG[seq - 1];
  if (logged === undefined) throw new Error(`no change ${seq}`);
  if (!('reservationId' in logged.event)) throw new Error(`change ${seq} is of no reservation`);
  const { seatNumber, reservationId, type } = logged.event;
  return { seatNumber, reservationId, status: type, epoch: logged.epoch, seq };
}

/** An operation that was done, in the given stretch of time. */
function done(userId: string, [startedAt, endedAt]: [number, number], matter: Matter, more: Partial<Operation> = {}) {
  return {
    userId,
    node: 'node-1',
    startedAt,
    endedAt,
    status: 200,
    code: null,
    effect: 'done',
    isFresh: true,
    key: null,
    matter,
    ...more,
  } satisfies Operation;
}

const hold = (granted: readonly GrantedChange[], seatNumbers = granted.map((each) => each.seatNumber)): Matter => ({
  kind: 'hold',
  scheduleId: SCHEDULE,
  seatNumbers,
  granted,
  taken: null,
});
const map = (seq: number, epoch: number, seats: string, holdEnds = holdEndsOf([])): Matter => ({
  kind: 'map',
  scheduleId: SCHEDULE,
  view: { seq, epoch, seats, holdEnds },
});
const taken = (seatNumbers: readonly number[], seq: number, epoch: number): Matter => ({
  kind: 'hold',
  scheduleId: SCHEDULE,
  seatNumbers: [1, 2],
  granted: [],
  taken: { seatNumbers, seq, epoch },
});
const release: Matter = { kind: 'release', scheduleId: SCHEDULE, reservationId: 'r2', granted: [change(4)] };
const pay: Matter = {
  kind: 'pay',
  scheduleId: SCHEDULE,
  reservationIds: ['r1'],
  paymentId: 'p1',
  amount: 1_000,
  granted: [change(3)],
};
const charge: Matter = { kind: 'charge', amount: 500, entry: { entryId: 1, currentBalance: 500 } };
const enter = (tokenId: string): Matter => ({ kind: 'enter', concertId: CONCERT, tokenId });
const refused = { status: 409, code: 'SEAT_TAKEN', effect: 'none' } as const;
const lost = { status: null, endedAt: Number.POSITIVE_INFINITY, effect: 'unknown', isFresh: false } as const;

const HISTORY: readonly Operation[] = [
  done('ann', [0, 10], hold([change(1), change(2)]), { key: 'k1', status: 201 }),
  done('bob', [11, 12], map(2, 1, 'HHA', HOLDS)),
  done('ann', [11, 13], map(2, 1, 'hhA', HOLDS)),
  done('bob', [14, 15], taken([1, 2], 2, 1), refused),
  done('ann', [16, 20], pay, { key: 'k2', status: 201 }),
  done('ann', [21, 25], release),
  done('bob', [26, 30], hold([change(5)]), { status: 201 }),
  done('ann', [31, 32], map(5, 2, 'cHA', holdEndsOf([[2, EXPIRES_AT]]))),
  // Was on its way while later ones were answered: it may be older.
  done('bob', [2, 60], map(0, 0, 'AAA')),
  done('ann', [40, 45], map(6, 2, 'cAA')),
  done('ann', [46, 50], charge, { key: 'k3' }),
  done('ann', [51, 52], enter('t1'), { status: 201 }),
  done('bob', [53, 54], enter('t2'), { status: 201 }),
];

const RECORD = recordOf(LOG);

function recordOf(log: readonly LoggedEvent[], more: Partial<SaleRecord> = {}): SaleRecord {
  const schedule: ScheduleRecord = { scheduleId: SCHEDULE, totalSeats: 3, log };
  return {
    schedules: new Map([[SCHEDULE, schedule]]),
    payments: new Map([['p1', { userId: 'ann', scheduleId: SCHEDULE, amount: 1_000 }]]),
    charges: new Map([['ann', [{ entryId: 1, amount: 500, balance: 500 }]]]),
    keys: new Set(['ann k1', 'ann k2', 'ann k3']),
    orders: new Map(),
    tokens: new Map([
      ['t1', { concertId: CONCERT, userId: 'ann', no: 1, activatedAt: 100, endedAt: null }],
      ['t2', { concertId: CONCERT, userId: 'bob', no: 2, activatedAt: 200, endedAt: null }],
    ]),
    ...more,
  };
}

/** The history with one operation replaced. */
function replaced(index: number, change: Partial<Operation>): Operation[] {
  return HISTORY.map((operation, at) => (at === index ? { ...operation, ...change } : operation));
}

function rulesOf(faults: readonly string[]): string[] {
  return [...new Set(faults.map((fault) => fault.slice(0, 2)))].sort();
}

t.test('what a database records is read whole', async (t) => {
  const { url, pool } = await createTestDatabase(t);
  const userId = await insertUser(pool);
  const sale = await insertSale(pool, 2);
  const history = createHistory(pool, sale);
  await insertEntry(pool, userId, 'CHARGE', 5_000);
  const reservationId = await history.hold(userId, 1, 1_000);
  const paymentId = await history.pay([reservationId], 2_000);
  const record = await readSaleRecord(url);
  const { totalSeats, log } = record.schedules.get(sale.scheduleId) ?? { totalSeats: 0, log: [] };
  t.equal(totalSeats, 2);
  t.match(log, [
    { event: { type: 'HELD', seatNumber: 1, reservationId, userId } },
    { event: { type: 'CONFIRMED', seatNumber: 1, reservationId, paymentId } },
  ]);
  t.same(record.payments.get(paymentId), { userId, scheduleId: sale.scheduleId, amount: 1_000 });
  t.same(record.charges.get(userId), [{ entryId: 1, amount: 5_000, balance: 5_000 }]);
  t.same([record.keys.size, record.tokens.size], [0, 0]);
});

t.test('the orders of organisers are read as the judge asks for them', async (t) => {
  const { url, pool } = await createTestDatabase(t);
  const [userId, guest] = [await insertUser(pool), await insertUser(pool)];
  const sale = await insertSale(pool, 5);
  const history = createHistory(pool, sale);
  for (const isBlocked of [true, false, true]) await history.block(1, 1_000, isBlocked);
  await history.comp(guest, 2, 2_000);
  const reservationId = await history.hold(userId, 3, 3_000);
  await history.move(reservationId, 4, 4_000);
  const { schedules, orders } = await readSaleRecord(url);
  const { log } = schedules.get(sale.scheduleId) ?? { log: [] };
  const needed = log.flatMap(({ event }) => orderOf(sale.scheduleId, event) ?? []);
  t.equal(needed.length, 5);
  t.strictSame(
    new Map([...Map.groupBy(needed, (order) => order)].map(([order, { length }]) => [order, length])),
    new Map(orders),
  );
});

t.test('a legal history is not complained about', async (t) => {
  t.same(judgeHistory(RECORD, HISTORY), []);
});

t.test('an acknowledged change that the log lost, or has otherwise, is found', async (t) => {
  t.ok(rulesOf(judgeHistory(recordOf(LOG.slice(0, 4)), HISTORY)).includes('R2'), 'the last ones are gone');
  t.same(rulesOf(judgeHistory(RECORD, replaced(6, { matter: hold([{ ...change(5), epoch: 1 }]) }))), ['R2']);
  t.ok(rulesOf(judgeHistory(RECORD, replaced(6, { userId: 'ann' }))).includes('R2'), 'held for somebody else');
  t.same(rulesOf(judgeHistory(recordOf(LOG, { payments: new Map() }), HISTORY)), ['R2'], 'a payment without a record');
  t.same(rulesOf(judgeHistory({ ...RECORD, schedules: new Map() }, HISTORY)), ['R2'], 'a schedule without a record');
});

t.test('a seat that is held twice is found in the log', async (t) => {
  const twice = [...LOG.slice(0, 3), held(2, 'r9', 'bob', 1), ...LOG.slice(4)];
  const faults = judgeHistory(recordOf(twice), HISTORY);
  t.ok(faults.some((fault) => fault.startsWith('R1') && fault.includes('r2 has the seat')));
});

t.test('a map that shows what never was is found, and so is a refusal', async (t) => {
  t.same(rulesOf(judgeHistory(RECORD, replaced(1, { matter: map(2, 1, 'HAA', HOLDS) }))), ['R3'], 'a seat too free');
  t.same(rulesOf(judgeHistory(RECORD, replaced(1, { matter: map(2, 1, 'HHA', 7) }))), ['R3'], 'other ends of holds');
  t.same(rulesOf(judgeHistory(RECORD, replaced(2, { matter: map(2, 1, 'HHA', HOLDS) }))), ['R3'], 'not her own');
  t.same(rulesOf(judgeHistory(RECORD, replaced(3, { matter: taken([1], 2, 1) }))), ['R3'], 'one of two was taken');
  t.same(rulesOf(judgeHistory(RECORD, replaced(9, { matter: map(9, 2, 'cAA') }))), ['R3'], 'a number beyond the log');
  t.same(
    rulesOf(judgeHistory(RECORD, replaced(7, { matter: { ...map(5, 1, 'cHA', holdEndsOf([[2, EXPIRES_AT]])) } }))),
    ['R3'],
    'an epoch that was over',
  );
});

t.test('a map, a refusal or a change older than what had been answered before is found', async (t) => {
  t.same(rulesOf(judgeHistory(RECORD, replaced(9, { matter: map(2, 1, 'hhA', HOLDS) }))), ['R4'], 'a stale map');
  const late = done('bob', [70, 71], taken([1, 2], 2, 1), refused);
  t.same(rulesOf(judgeHistory(RECORD, [...HISTORY, late])), ['R4'], 'a stale refusal');
  t.same(judgeHistory(RECORD, [...HISTORY, { ...late, startedAt: 5 }]), [], 'unless it had been asked for before');
  t.same(rulesOf(judgeHistory(RECORD, replaced(6, { startedAt: 50, endedAt: 51 }))), ['R4'], 'numbers that go back');
  const replay = { ...HISTORY[0], startedAt: 90, endedAt: 91, isFresh: false } as Operation;
  t.same(judgeHistory(RECORD, [...HISTORY, replay]), [], 'a replay tells of the past');

  const list: Matter = { kind: 'list', scheduleId: SCHEDULE, granted: [change(5)] };
  const listed = done('bob', [31, 32], list, { isFresh: false });
  const looks = (startedAt: number) => done('ann', [startedAt, startedAt + 1], map(4, 1, 'cAA'));
  const early = HISTORY.slice(0, 6);
  const soon = [...early, done('bob', [26, 9_000], hold([change(5)])), listed, looks(40)];
  t.same(judgeHistory(RECORD, soon), [], 'what the database has, its owner may hear of a little later');
  t.same(rulesOf(judgeHistory(RECORD, [...soon, looks(3_000)])), ['R4'], 'and not much later');
});

t.test('a change that nobody asked for, or was told did not happen, is found', async (t) => {
  const without = HISTORY.filter((_, index) => index !== 6);
  t.same(rulesOf(judgeHistory(RECORD, without)), ['R5']);
  const doubtful = done('bob', [26, 30], hold([], [2]), lost);
  t.same(judgeHistory(RECORD, [...without, doubtful]), [], 'whoever was left in doubt may have done it');
  t.same(rulesOf(judgeHistory(RECORD, [...without, { ...doubtful, userId: 'ann' }])), ['R5'], 'for oneself only');
  const denied = { ...doubtful, endedAt: 30, status: 503, code: 'OWNER_UNAVAILABLE', effect: 'none' } as const;
  t.same(rulesOf(judgeHistory(RECORD, [...without, denied])), ['R5'], 'not whoever was told that nothing was done');
});

/** Ann holds seat 1 and extends it twice. */
const EXTENSIONS: readonly LoggedEvent[] = [
  held(1, 'r1', 'ann', 1),
  ...[1, 2].map((nth): LoggedEvent => {
    const event: SeatEvent = {
      type: 'EXTENDED',
      seatNumber: 1,
      reservationId: 'r1',
      at: nth,
      expiresAt: EXPIRES_AT + nth,
    };
    return { epoch: 1, event };
  }),
];
const heldAs = (seq: number, seatNumber = 1): GrantedChange => ({
  seatNumber,
  reservationId: 'r1',
  status: 'HELD',
  epoch: 1,
  seq,
});
const extension = (...granted: readonly GrantedChange[]): Matter => ({ kind: 'extend', scheduleId: SCHEDULE, granted });
/** Without what the record of the other history has beside the log. */
const bare = (log: readonly LoggedEvent[], orders = new Map<string, number>()) =>
  recordOf(log, { keys: new Set(), charges: new Map(), orders });

t.test('a hold that is given more time is judged like any other change', async (t) => {
  const first = done('ann', [0, 1], hold([heldAs(1)]));
  const once = done('ann', [2, 3], extension(heldAs(2)));
  const twice = done('ann', [6, 7], extension(heldAs(3)));
  const sees = done('bob', [4, 5], map(2, 1, 'HAA', holdEndsOf([[1, EXPIRES_AT + 1]])));
  const record = bare(EXTENSIONS);
  t.same(judgeHistory(record, [first, once, sees, twice]), []);
  t.same(rulesOf(judgeHistory(record, [first, once, sees])), ['R5'], 'the second one was not asked for');
  const unsure = done('ann', [6, 7], extension(), lost);
  t.same(judgeHistory(record, [first, once, sees, unsure]), [], 'or was, and its answer was lost');
  t.same(rulesOf(judgeHistory(record, [first, once, { ...unsure, userId: 'bob' }])), ['R5'], 'for oneself only');
  const early = { ...sees, matter: map(2, 1, 'HAA', holdEndsOf([[1, EXPIRES_AT]])) };
  t.same(rulesOf(judgeHistory(record, [first, once, early, twice])), ['R3'], 'a map with the end before');
  const beyond = done('ann', [8, 9], extension(heldAs(4)));
  t.same(rulesOf(judgeHistory(record, [first, once, twice, beyond])), ['R2'], 'an extension that the log lost');
  const paid = {
    epoch: 1,
    event: { type: 'CONFIRMED', seatNumber: 1, reservationId: 'r1', paymentId: 'p1', at: 3 },
  } as const;
  const late = judgeHistory(bare([...EXTENSIONS.slice(0, 1), paid, ...EXTENSIONS.slice(1)]), []);
  t.ok(late.some((fault) => fault.startsWith('R1') && fault.includes('it was not on hold')));
});

/** An organiser blocks seat 3 and unblocks it, gives it to Bob, and moves Ann's hold of seat 1 to seat 2. */
const AT_BOX_OFFICE: readonly LoggedEvent[] = [
  { epoch: 1, event: { type: 'BLOCKED', seatNumber: 3, at: 1 } },
  { epoch: 1, event: { type: 'UNBLOCKED', seatNumber: 3, at: 1 } },
  { epoch: 1, event: { type: 'COMPED', seatNumber: 3, reservationId: 'r2', userId: 'bob', paymentId: 'p2', at: 1 } },
  held(1, 'r1', 'ann', 1),
  { epoch: 1, event: { type: 'MOVED_AWAY', seatNumber: 1, reservationId: 'r1', at: 1, toSeatNumber: 2 } },
  {
    epoch: 1,
    event: {
      type: 'MOVED_HERE',
      seatNumber: 2,
      at: 1,
      fromSeatNumber: 1,
      status: 'HELD',
      reservationId: 'r1',
      userId: 'ann',
      price: 1_000,
      createdAt: 1,
      expiresAt: EXPIRES_AT,
      firstHeldAt: 1,
      extensions: 0,
      confirmedAt: null,
      paymentId: null,
    },
  },
];
const ORDERS = new Map([
  [`seats.block schedule:${SCHEDULE} 3`, 1],
  [`seats.unblock schedule:${SCHEDULE} 3`, 1],
  ['seat.comp reservation:r2 3', 1],
  ['reservation.move reservation:r1 2', 1],
]);

t.test('what only organisers do needs an order in the log of changes', async (t) => {
  const asked = done('ann', [0, 1], hold([heldAs(4)]));
  const listed = done(
    'ann',
    [2, 3],
    { kind: 'list', scheduleId: SCHEDULE, granted: [heldAs(6, 2)] },
    { isFresh: false },
  );
  const operations = [asked, listed];
  t.same(judgeHistory(bare(AT_BOX_OFFICE, ORDERS), operations), []);
  for (const order of ORDERS.keys()) {
    const others = new Map([...ORDERS].filter(([each]) => each !== order));
    t.same(rulesOf(judgeHistory(bare(AT_BOX_OFFICE, others), operations)), ['R5'], order);
  }
  const again = [...AT_BOX_OFFICE.slice(0, 2), ...AT_BOX_OFFICE.slice(0, 2)];
  t.same(rulesOf(judgeHistory(bare(again, ORDERS), [])), ['R5'], 'one order is for one change');
  const elsewhere = { ...listed, matter: { ...listed.matter, granted: [heldAs(6, 1)] } } as Operation;
  t.same(rulesOf(judgeHistory(bare(AT_BOX_OFFICE, ORDERS), [asked, elsewhere])), ['R2'], 'still on the seat it left');
});

t.test('keys that tell another story than the answers are found', async (t) => {
  const denied = done('bob', [55, 56], hold([], [3]), { key: 'k9', status: 503, effect: 'none', isFresh: false });
  t.same(judgeHistory(RECORD, [...HISTORY, denied]), []);
  const keys = new Set([...RECORD.keys, 'bob k9']);
  t.same(rulesOf(judgeHistory({ ...RECORD, keys }, [...HISTORY, denied])), ['R6']);
  t.same(
    rulesOf(judgeHistory({ ...RECORD, keys: new Set(['ann k1', 'ann k3']) }, HISTORY)),
    ['R6'],
    'granted, not kept',
  );
  const again = { ...HISTORY[10], startedAt: 57, endedAt: 58 } as Operation;
  t.same(rulesOf(judgeHistory(RECORD, [...HISTORY, again])), ['R6'], 'granted anew twice');
});

t.test('charges that are lost, different or more than were asked for are found', async (t) => {
  t.same(rulesOf(judgeHistory({ ...RECORD, charges: new Map() }, HISTORY)), ['R7']);
  const twice = new Map([['ann', [1, 2].map((entryId) => ({ entryId, amount: 500, balance: entryId * 500 }))]]);
  t.same(rulesOf(judgeHistory({ ...RECORD, charges: twice }, HISTORY)), ['R7']);
  const unsure = done('ann', [60, 61], { kind: 'charge', amount: 500, entry: null }, { ...lost, key: 'k4' });
  t.same(judgeHistory({ ...RECORD, charges: twice }, [...HISTORY, unsure]), []);
});

t.test('places in the queue that are lost, or overtaken, are found', async (t) => {
  t.same(rulesOf(judgeHistory({ ...RECORD, tokens: new Map() }, HISTORY)), ['R8']);
  const turned = new Map([
    ['t1', { concertId: CONCERT, userId: 'ann', no: 2, activatedAt: 100, endedAt: null }],
    ['t2', { concertId: CONCERT, userId: 'bob', no: 1, activatedAt: 200, endedAt: null }],
  ]);
  t.same(rulesOf(judgeHistory({ ...RECORD, tokens: turned }, HISTORY)), ['R4']);
});

t.test('somebody who is let in before those who had been told their place is found', async (t) => {
  const ann = { concertId: CONCERT, userId: 'ann', no: 1, activatedAt: 300, endedAt: null };
  const bob = { concertId: CONCERT, userId: 'bob', no: 2, activatedAt: 200, endedAt: null };
  const judge = (first: typeof ann, operations = HISTORY) =>
    rulesOf(
      judgeHistory(
        {
          ...RECORD,
          tokens: new Map([
            ['t1', first],
            ['t2', bob],
          ]),
        },
        operations,
      ),
    );
  t.same(judge(ann), ['R9'], 'let in later');
  t.same(judge({ ...ann, activatedAt: null as never }), ['R9'], 'never let in');
  t.same(judge({ ...ann, activatedAt: null as never, endedAt: 150 as never }), [], 'gone by then');
  t.same(judge(ann, replaced(12, { startedAt: 51.5 })), [], 'entered at the same time');
});

t.test('two hundred thousand operations are judged in seconds', async (t) => {
  const rounds = 50_000;
  const log: LoggedEvent[] = [];
  const operations: Operation[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const reservationId = `r${round}`;
    const seq = 2 * round;
    log.push(held(1, reservationId, 'ann', 1));
    log.push({ epoch: 1, event: { type: 'CANCELLED', seatNumber: 1, reservationId, at: 2 } });
    const granted = (status: string, number: number) => [
      { seatNumber: 1, reservationId, status, epoch: 1, seq: number },
    ];
    const at = 10 * round;
    operations.push(
      done('ann', [at, at + 4], hold(granted('HELD', seq + 1))),
      done('bob', [at + 2, at + 6], map(seq + 1, 1, 'HAA', holdEndsOf([[1, EXPIRES_AT]]))),
      done('bob', [at + 5, at + 7], { ...taken([1], seq + 1, 1) }, refused),
      done('ann', [at + 8, at + 9], { ...release, reservationId, granted: granted('CANCELLED', seq + 2) }),
    );
  }
  const beganMs = performance.now();
  const record = recordOf(log);
  t.same(judgeHistory(record, operations), []);
  const stale = done(
    'bob',
    [10 * rounds, 10 * rounds + 1],
    map(2 * rounds - 1, 1, 'HAA', holdEndsOf([[1, EXPIRES_AT]])),
  );
  t.same(rulesOf(judgeHistory(record, [...operations, stale])), ['R4'], 'and the last of them is not overlooked');
  const tookMs = performance.now() - beganMs;
  t.comment(`${operations.length} operations twice in ${tookMs.toFixed(0)} ms`);
  t.ok(tookMs < 30_000, 'a search would take for ever');
});
