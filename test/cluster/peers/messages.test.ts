import fc from 'fast-check';
import t from 'tap';
import type { Command } from '../../../src/actors/command.ts';
import { isAnswer } from '../../../src/cluster/peers/answer-check.ts';
import { isCommand } from '../../../src/cluster/peers/command-check.ts';
import { parseMessage, readNumbered, textOf } from '../../../src/cluster/peers/message-text.ts';
import { FAULT_CODES, REJECTION_CODES } from '../../../src/domain/errors.ts';

const USER = '0198a0a0-0000-7000-8000-000000000001';
const OTHER = '0198a0a0-0000-7000-8000-000000000002';
const CLAIM = { key: 'a key', fingerprint: '0f'.repeat(32) };

const id = fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER });
const uuid = fc.uuid();
const claim = fc.option(
  fc.record({
    key: fc.string({
      minLength: 1,
      maxLength: 255,
      unit: fc.integer({ min: 33, max: 126 }).map((code) => String.fromCharCode(code)),
    }),
    fingerprint: fc.string({ minLength: 64, maxLength: 64, unit: fc.nat(15).map((digit) => digit.toString(16)) }),
  }),
);

const act = fc.record({
  caller: fc.oneof(fc.constant('root'), fc.uuid()),
  requestId: fc.uuid(),
  claim,
  status: fc.constantFrom(200 as const, 201 as const),
  reason: fc.string({ maxLength: 200 }),
});

const instant = fc.nat().map((ms) => ms / 4);

/** Any command, of every type. */
const command: fc.Arbitrary<Command> = fc.oneof(
  fc.record({
    type: fc.constant('HoldSeats' as const),
    scheduleId: id,
    userId: uuid,
    tokenId: uuid,
    admittedAtMs: instant,
    seatNumbers: fc.uniqueArray(fc.integer({ min: 1, max: 2_147_483_647 }), { minLength: 1, maxLength: 50 }),
    claim,
  }),
  fc.record({ type: fc.constant('ReloadSchedule' as const), scheduleId: id, epoch: id }),
  fc.record({
    type: fc.constant('ExtendHolds' as const),
    scheduleId: id,
    userId: uuid,
    tokenId: uuid,
    admittedAtMs: instant,
    claim,
  }),
  fc.record({ type: fc.constant('ReleaseHold' as const), scheduleId: id, userId: uuid, reservationId: uuid }),
  fc.record({
    type: fc.constant('EndToken' as const),
    scheduleId: id,
    userId: uuid,
    tokenId: uuid,
    end: fc.constantFrom('CANCELLED' as const, 'COMPLETED' as const),
    heldBeforeMs: fc.option(instant),
  }),
  fc.record({
    type: fc.constant('PayReservations' as const),
    scheduleId: id,
    userId: uuid,
    paymentId: uuid,
    reservationIds: fc.uniqueArray(uuid, { minLength: 1, maxLength: 50 }),
    claim,
  }),
  fc.record({
    type: fc.constant('RefundPayment' as const),
    scheduleId: id,
    userId: uuid,
    paymentId: uuid,
    isByOrganiser: fc.boolean(),
    act: fc.option(act, { nil: null }),
    claim,
  }),
  fc.record({ type: fc.constant('ReadSeatMap' as const), scheduleId: id }),
  fc.record({
    type: fc.constant('WakeSchedule' as const),
    scheduleId: id,
    cause: fc.constantFrom('alarm' as const, 'demand' as const),
  }),
);

t.test('every command passes as text, and comes out as it went in', async (t) => {
  fc.assert(
    fc.property(fc.array(fc.tuple(id, command), { minLength: 1 }), (numbered) => {
      t.same(readNumbered(JSON.stringify(numbered), isCommand), numbered);
    }),
    { numRuns: 200 },
  );
});

t.test('a command that lacks a member, has one more, or has one of another kind is none', async (t) => {
  const strange = fc.constantFrom<unknown>(null, true, 0, -1, 1.5, '', 'x', '1', 2 ** 53, [], {}, [null], { key: 'x' });
  fc.assert(
    fc.property(command, fc.nat(), strange, (given, nth, value) => {
      const names = Object.keys(given);
      const name = names[nth % names.length] ?? '';
      const { [name]: _left, ...rest }: Record<string, unknown> = { ...given };
      if (isCommand(rest)) throw new Error(`without ${name}`);
      if (isCommand({ ...given, more: value })) throw new Error('with one more');
      const isRight =
        (name === 'isByOrganiser' && value === true) ||
        ((name === 'claim' || name === 'act' || name === 'heldBeforeMs') && value === null) ||
        // Instants are the only numbers with fractions, and the only ones from 0 on.
        ((name === 'admittedAtMs' || name === 'heldBeforeMs') && (value === 0 || value === 1.5));
      if (!isRight && isCommand({ ...given, [name]: value })) throw new Error(`${name}: ${JSON.stringify(value)}`);
    }),
    { numRuns: 2_000 },
  );
  t.pass();
});

t.test('ids in another than their canonical form, and lists that repeat themselves, are refused', async (t) => {
  const hold = {
    type: 'HoldSeats',
    scheduleId: 1,
    userId: USER,
    tokenId: USER,
    admittedAtMs: 0,
    seatNumbers: [1, 2],
    claim: null,
  };
  const end = { type: 'EndToken', scheduleId: 1, userId: USER, tokenId: USER, end: 'COMPLETED', heldBeforeMs: null };
  const pay = { type: 'PayReservations', scheduleId: 1, userId: USER, paymentId: USER, claim: null };
  t.ok(isCommand(hold));
  t.ok(isCommand({ ...pay, reservationIds: [USER, OTHER] }));
  const wrong: unknown[] = [
    { ...hold, userId: USER.toUpperCase() },
    { ...hold, userId: `urn:uuid:${USER}` },
    { ...hold, userId: `${USER}\n` },
    { ...hold, scheduleId: '1' },
    { ...hold, scheduleId: 2 ** 53 },
    { ...hold, seatNumbers: [] },
    { ...hold, seatNumbers: [1, 1] },
    { ...hold, seatNumbers: Array.from({ length: 1_001 }, (_, index) => index + 1) },
    { ...hold, claim: { ...CLAIM, fingerprint: CLAIM.fingerprint.toUpperCase() } },
    { ...hold, claim: { ...CLAIM, key: 'a space' } },
    { ...hold, claim: { ...CLAIM, key: 'é' } },
    { ...hold, claim: { ...CLAIM, key: '' } },
    { ...hold, claim: { key: 'k' } },
    { ...hold, type: 'toString' },
    { ...hold, type: '__proto__' },
    { ...hold, type: ['HoldSeats'] },
    { ...hold, tokenId: 'fq_x' },
    { ...hold, admittedAtMs: -1 },
    { ...hold, admittedAtMs: null },
    { ...end, end: 'EXPIRED' },
    { ...end, heldBeforeMs: '1' },
    { ...end, tokenId: undefined },
    { ...pay, reservationIds: [USER, USER] },
    { ...pay, reservationIds: [[USER]] },
    [hold],
    'HoldSeats',
    null,
  ];
  for (const value of wrong) t.notOk(isCommand(value), JSON.stringify(value).slice(0, 120));
});

t.test('an answer has the members of its outcome', async (t) => {
  const right: unknown[] = [
    { outcome: 'granted', value: {} },
    ...REJECTION_CODES.map((code) => ({ outcome: 'refused', rejection: { code, members: { a: [1] } } })),
    ...FAULT_CODES.map((code) => ({ outcome: 'failed', code, effect: 'none' })),
    { outcome: 'failed', code: 'OVERLOADED', effect: 'unknown' },
    { outcome: 'key-taken' },
    { outcome: 'elsewhere', owner: null },
    { outcome: 'elsewhere', owner: 'a:1' },
  ];
  for (const value of right) t.ok(isAnswer(value), JSON.stringify(value));
  const wrong: unknown[] = [
    null,
    'granted',
    [],
    {},
    { outcome: 'granted' },
    { outcome: 'granted', value: null },
    { outcome: 'granted', value: 'yes' },
    { outcome: 'refused' },
    { outcome: 'refused', rejection: null },
    { outcome: 'refused', rejection: { code: 'SEAT_TAKEN' } },
    { outcome: 'refused', rejection: { code: 'SEAT_TAKEN', members: [] } },
    { outcome: 'refused', rejection: { code: 'toString', members: {} } },
    { outcome: 'refused', rejection: { code: 'OVERLOADED', members: {} } },
    { outcome: 'failed', code: 'SEAT_TAKEN', effect: 'none' },
    { outcome: 'failed', code: 'OVERLOADED', effect: 'some' },
    { outcome: 'failed', code: 'OVERLOADED' },
    { outcome: 'elsewhere' },
    { outcome: 'elsewhere', owner: 1 },
    { outcome: 'answered' },
  ];
  for (const value of wrong) t.notOk(isAnswer(value), JSON.stringify(value));
});

t.test('a frame is a list of at least one pair of number and element', async (t) => {
  const isText = (value: unknown): value is string => typeof value === 'string';
  t.same(readNumbered('[[1,"a"],[2,"b"]]', isText), [
    [1, 'a'],
    [2, 'b'],
  ]);
  const wrong = [
    '',
    '[',
    '{}',
    'null',
    '1',
    '[]',
    '[1]',
    '[[]]',
    '[[1]]',
    '[["1","a"]]',
    '[[1,"a","b"]]',
    '[[1.5,"a"]]',
  ];
  for (const text of [...wrong, '[[1,2]]', '[[1,"a"],[2,2]]', '[[1,"a"],null]', '{"0":[1,"a"],"length":1}']) {
    t.equal(readNumbered(text, isText), null, text);
  }
});

t.test(
  'a member named __proto__ is refused in every spelling and at every depth; the word as a value is none',
  async (t) => {
    const spelt = [
      '__proto__',
      '\\u005f_proto__',
      '__prot\\u006F__',
      '\\u005F\\u005f\\u0070\\u0072\\u006f\\u0074\\u006f\\u005f_',
    ];
    for (const name of spelt) {
      t.equal(JSON.parse(`"${name}"`), '__proto__', 'it is a spelling of the name');
      for (const text of [`{"${name}":1}`, `[[1,{"a":[{"${name}"\n :{}}]}]]`])
        t.equal(parseMessage(text), undefined, text);
      t.equal(parseMessage(`"${name}"`), '__proto__');
      t.same(parseMessage(`{"key":"${name}"}`), { key: '__proto__' });
      t.same(parseMessage(`["${name}","\\"${name}\\":"]`), ['__proto__', '"__proto__":']);
    }
  },
);

t.test('only whole texts are read', async (t) => {
  t.equal(textOf(Buffer.from('좌석'), false), '좌석');
  t.equal(textOf(Buffer.from('x'), true), null);
  t.equal(textOf([Buffer.from('x')], false), null);
});
