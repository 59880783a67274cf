import t from 'tap';
import type { AppendBatch, KeyRecord, ReservationChange, ReservationInsert } from '../../../src/actors/journal-port.ts';
import { appendStatement, readAppended } from '../../../src/persistence/journal/append-statement.ts';

const insert: ReservationInsert = {
  reservationId: '00000000-0000-7000-8000-000000000001',
  userId: '00000000-0000-7000-8000-000000000002',
  seatNumber: 1,
  price: 1_000,
  status: 'HELD',
  createdAt: 1_000,
  expiresAt: 301_000,
  endedAt: null,
  firstHeldAt: null,
  extensions: 0,
  seq: 1,
};
const hold: AppendBatch = {
  scheduleId: 1,
  concertId: 1,
  epoch: 1,
  firstSeq: 1,
  lastSeq: 1,
  nextExpiryAt: 301_000,
  batchId: '00000000-0000-7000-8000-000000000003',
  events: [],
  inserts: [insert],
  changes: [],
  isExtending: false,
  keys: [],
  boxOffice: null,
};
const end: ReservationChange = {
  reservationId: insert.reservationId,
  status: 'EXPIRED',
  endedAt: 301_000,
  expiresAt: null,
  extensions: 0,
  seq: 2,
};
const key: KeyRecord = {
  userId: insert.userId,
  claim: { key: 'k', fingerprint: 'f' },
  grant: { type: 'SeatsHeld', value: [] },
};

const ENDED = /UPDATE reservations/;
const RECORDED = /INSERT INTO idempotency_keys/;

t.test('a step is in the statement if and only if the flush has something for it', async (t) => {
  const cases: [string, AppendBatch[], boolean, boolean][] = [
    ['holds', [hold, { ...hold, scheduleId: 2 }], false, false],
    ['an end in one of two schedules', [hold, { ...hold, scheduleId: 2, changes: [end] }], true, false],
    [
      'a key in one of two schedules',
      [
        { ...hold, keys: [key] },
        { ...hold, scheduleId: 2 },
      ],
      false,
      true,
    ],
    ['a hold that ended in its own flush', [{ ...hold, inserts: [{ ...insert, status: 'CANCELLED' }] }], true, false],
    ['ends and keys', [{ ...hold, changes: [end], keys: [key] }], true, true],
    ['an extension in one of two schedules', [hold, { ...hold, scheduleId: 2, isExtending: true }], true, true],
  ];
  const textsByName = new Map<string, string>();
  for (const [what, batches, hasEnds, hasKeys] of cases) {
    const { name, text, values } = appendStatement(batches);
    t.equal(ENDED.test(text), hasEnds, `${what}: ends`);
    t.equal(RECORDED.test(text), hasKeys, `${what}: keys`);
    const parameters = new Set(text.match(/\$\d+/g));
    t.equal(parameters.size, values.length, `${what}: every value has its parameter`);
    t.equal(textsByName.get(name) ?? text, text, `${what}: one text under one name`);
    textsByName.set(name, text);
  }
});

t.test('parts are laid out in the order of their schedules, whatever order they came in', async (t) => {
  const { values } = appendStatement([
    { ...hold, scheduleId: 20 },
    { ...hold, scheduleId: 3 },
  ]);
  t.equal(values[1], '{3,20}');
});

t.test('who is not in the answer was fenced', async (t) => {
  t.same([...readAppended([{ schedule_ids: [3, 20] }])], [3, 20]);
  t.same([...readAppended([{ schedule_ids: null }])], []);
});
