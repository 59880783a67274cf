/**
 * Requests that a service must refuse without an error of its own and without any change. The table is data, so that it
 * can be run against the HTTP side alone and against a whole node.
 */
export type Sender = 'nobody' | 'user' | 'shopper' | 'admin';

export interface BadInput {
  readonly title: string;
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE' | 'PUT' | 'HEAD' | 'OPTIONS';
  /** From /api/v1 on. */
  readonly path: string;
  readonly as: Sender;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Sent as it is, instead of `body`. */
  readonly raw?: string | Buffer;
  readonly headers?: Readonly<Record<string, string>>;
  /** The statuses that are right; 400 when not given. */
  readonly expect?: readonly number[];
}

/** What exists where the table is run. The shopper shops for the concert and holds `reservationId`. */
export interface World {
  readonly concertId: number;
  readonly scheduleId: number;
  readonly reservationId: string;
  readonly userId: string;
}

const NUMBERS_NOT_POSITIVE_INTEGERS: readonly unknown[] = [
  0,
  -1,
  1.5,
  1e21,
  9_007_199_254_740_992,
  '1',
  '01',
  '1e0',
  '0x1',
  ' 1',
  '',
  true,
  null,
  [1],
  { n: 1 },
];
const AMOUNTS_REFUSED: readonly unknown[] = [
  0,
  -1,
  0.5,
  10_000_001,
  1e300,
  '5',
  '1e3',
  '0x10',
  true,
  null,
  [100],
  {},
  'NaN',
  '',
];
const PATH_IDS_REFUSED = [
  '0',
  '-1',
  '+1',
  '01',
  '1.0',
  '1e0',
  '0x1',
  '%201',
  '1%20',
  '%00',
  'abc',
  'null',
  'undefined',
  'NaN',
  '1,2',
  '9007199254740993',
  '99999999999999999999',
  '%EF%BC%91',
  "1'%20OR%20'1'='1",
  '1;DROP%20TABLE%20seats',
  '..%2f1',
];
const UUIDS_REFUSED: readonly unknown[] = [
  '',
  'abc',
  'A1F8B0F5-BE76-4F48-8284-B7B04A95BEA2',
  'urn:uuid:01a1f8b0-f5be-76f4-8284-b7b04a95bea2',
  '{01a1f8b0-f5be-76f4-8284-b7b04a95bea2}',
  '01a1f8b0f5be76f48284b7b04a95bea2',
  '01a1f8b0-f5be-76f4-8284-b7b04a95bea2\n',
  ' 01a1f8b0-f5be-76f4-8284-b7b04a95bea2',
  '01a1f8b0-f5be-76f4-8284-b7b04a95bea2\u0000',
  '01a1f8b0-f5be-76f4-8284-b7b04a95beag',
  1,
  null,
  true,
  ['01a1f8b0-f5be-76f4-8284-b7b04a95bea2'],
];
const NAMES_REFUSED: readonly unknown[] = [
  '',
  ' ',
  '\t\n',
  'a\u0000b',
  '\u0000',
  'a\nb',
  'a\u0085b',
  '\ud800',
  'a\udfffb',
  '\u200b',
  'x'.repeat(101),
  '가'.repeat(101),
  5,
  true,
  null,
  ['a'],
  {},
];
const EMAILS_REFUSED: readonly unknown[] = [
  '',
  'a',
  '@',
  'a@',
  '@b.com',
  'a@b',
  'a b@c.com',
  'a@b..com',
  'a@.com',
  'a@b.com.',
  'a@@b.com',
  'a@-b.com',
  'a@b.com\u0000',
  'a\n@b.com',
  '\ud800@b.com',
  '<a@b.com>',
  `${'a'.repeat(65)}@b.com`,
  `a@${'b'.repeat(250)}.com`,
  5,
  null,
  ['a@b.com'],
];
const DATES_REFUSED = [
  '2026-02-30',
  '2026-13-01',
  '2026-00-10',
  '2026-11-00',
  '2025-02-29',
  '2026-1-1',
  '20261120',
  '2026-11-20T00:00:00Z',
  '26-11-20',
  '+2026-11-20',
  '2026/11/20',
  'today',
  '%00',
  '',
];
const INSTANTS_REFUSED: readonly unknown[] = [
  '',
  '2026-02-30T00:00:00Z',
  '2026-11-20',
  '2026-11-20T00:00:00',
  '2026-11-20 00:00:00Z',
  '2026-11-20T24:00:00Z',
  '2026-11-20T23:60:00Z',
  '2026-11-20T23:59:60Z',
  '2026-11-20T00:00Z',
  '2026-11-20T00:00:00+25:00',
  '2026-11-20t00:00:00z',
  '0001-01-01T00:00:00Z',
  '+012026-11-20T00:00:00Z',
  'Fri, 20 Nov 2026 00:00:00 GMT',
  1_795_132_800_000,
  null,
];
const TIME_ZONES_REFUSED: readonly unknown[] = [
  '',
  'Seoul',
  'Asia/Atlantis',
  '+09:00',
  'GMT+9',
  '../etc/passwd',
  'a\u0000',
  9,
  null,
];
const KEYS_REFUSED = ['', ' ', 'a b', 'a,b c', 'clé', 'x'.repeat(256), 'a\tb'];
const CURSORS_REFUSED = ['abc', 'AAAA', '%00', '..', 'x'.repeat(300), 'eyJhIjoxfQ', '%F0%9F%98%80'];
const LIMITS_REFUSED = ['0', '-1', '101', '1.5', '1e1', '', 'all', '0x10', '010', '%201', '5&limit=6'];
const BROKEN_JSON = [
  '{',
  '{"a":1,}',
  "{'a':1}",
  'a',
  '{"a":NaN}',
  '[1,2',
  '"',
  '{"a":01}',
  '\u0000',
  '{"scheduleId":1}}',
  'undefined',
];
const POISON = [
  '{"__proto__":{"x":1},"scheduleId":1,"seatNumber":1}',
  '{"constructor":{"prototype":{"x":1}},"scheduleId":1,"seatNumber":1}',
  '{"scheduleId":1,"seatNumber":1,"\\u005f_proto__":{"x":1}}',
];
const NOT_OBJECTS = ['null', '[]', '1', '"text"', 'true', '[{"scheduleId":1,"seatNumber":1}]'];

export function badInputs({ concertId, scheduleId, reservationId, userId }: World): BadInput[] {
  const hold = { scheduleId, seatNumber: 1 };
  const concert = {
    title: 'Title',
    artist: 'Artist',
    venue: 'Venue',
    bookingOpensAt: '2026-11-01T00:00:00Z',
    bookingClosesAt: '2026-12-01T00:00:00Z',
  };
  const schedule = { startsAt: '2026-12-01T10:00:00Z', price: 1000 };
  const other = '01a1f8b0-f5be-76f4-8284-b7b04a95bea2';
  return [
    ...NUMBERS_NOT_POSITIVE_INTEGERS.flatMap((value) => [
      post('/reservations', 'shopper', { scheduleId: value, seatNumber: 1 }, `scheduleId ${show(value)}`),
      post('/reservations', 'shopper', { scheduleId, seatNumber: value }, `seatNumber ${show(value)}`),
      post('/reservations', 'shopper', { scheduleId, seatNumbers: [1, value] }, `seatNumbers with ${show(value)}`),
      post('/queue/tokens', 'user', { concertId: value }, `concertId ${show(value)}`),
      post('/payments', 'shopper', { scheduleId: value, seatNumber: 1 }, `scheduleId ${show(value)}`),
    ]),
    post(
      '/reservations',
      'shopper',
      { scheduleId, seatNumber: 4_294_967_296 },
      'a seat number past every integer type',
    ),
    post('/reservations', 'shopper', { scheduleId, seatNumber: 51 }, 'a seat that is not there', [404]),
    post('/reservations', 'shopper', { scheduleId, seatNumber: 2_147_483_647 }, 'a seat that is far away', [404]),
    post(
      '/reservations',
      'shopper',
      { scheduleId: 9_007_199_254_740_991, seatNumber: 1 },
      'an unknown schedule',
      [404],
    ),
    post('/reservations', 'shopper', { scheduleId, seatNumbers: [] }, 'no seats'),
    post('/reservations', 'shopper', { scheduleId, seatNumbers: [1, 1] }, 'a seat twice'),
    post('/reservations', 'shopper', { scheduleId, seatNumbers: '1,2' }, 'seats as text'),
    post('/reservations', 'shopper', { scheduleId, seatNumbers: upTo(51) }, 'more than 50 seats'),
    post('/reservations', 'shopper', { scheduleId, seatNumbers: upTo(10_000) }, 'ten thousand seats'),
    post('/reservations', 'shopper', { scheduleId, seatNumber: 1, seatNumbers: [1] }, 'both forms at once'),
    post('/reservations', 'shopper', { scheduleId }, 'no seat'),
    post('/reservations', 'shopper', {}, 'nothing'),
    post('/reservations', 'shopper', { ...hold, userId: other }, 'somebody else to hold for'),
    post('/reservations', 'shopper', { ...hold, price: 0 }, 'a price of its own'),
    post('/reservations', 'shopper', { ...hold, ['x'.repeat(5000)]: 1 }, 'a member with a long name'),
    post('/reservations?seatNumber=1', 'shopper', hold, 'a query that nobody knows'),
    ...KEYS_REFUSED.map(
      (key): BadInput => ({
        ...post('/reservations', 'shopper', hold, `idempotency key ${show(key)}`),
        headers: { 'idempotency-key': key },
      }),
    ),

    ...BROKEN_JSON.map((text) => raw('/reservations', 'shopper', text, `body ${show(text)}`)),
    ...POISON.map((text) => raw('/reservations', 'shopper', text, `poison ${text.slice(0, 30)}`)),
    ...NOT_OBJECTS.map((text) => raw('/reservations', 'shopper', text, `a body that is ${text.slice(0, 10)}`)),
    raw('/reservations', 'shopper', '', 'an empty body'),
    raw(
      '/reservations',
      'shopper',
      Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d]),
      'a body that is no UTF-8',
    ),
    raw('/reservations', 'shopper', '['.repeat(30_000), 'a deep body'),
    raw('/reservations', 'shopper', `{"scheduleId":${'9'.repeat(400)},"seatNumber":1}`, 'a number past infinity'),
    raw('/reservations', 'shopper', JSON.stringify({ ...hold, pad: 'x'.repeat(70_000) }), 'a body past 64 KiB', [413]),
    ...[
      'text/plain',
      'application/xml',
      'application/x-www-form-urlencoded',
      'multipart/form-data',
      'nonsense',
      'application/json; charset=utf-16',
      'application/json, text/plain',
    ].map(
      (type): BadInput => ({
        ...raw('/reservations', 'shopper', JSON.stringify(hold), `media type ${type}`, [415]),
        headers: { 'content-type': type },
      }),
    ),
    {
      ...raw('/reservations', 'shopper', JSON.stringify(hold), 'an encoded body', [415]),
      headers: { 'content-encoding': 'gzip' },
    },

    ...PATH_IDS_REFUSED.flatMap((id) => [
      get(`/concerts/${id}`, 'nobody', `concert ${id}`, [400, 404]),
      get(`/concerts/${id}/schedules`, 'shopper', `schedules of ${id}`, [400, 404]),
      get(`/schedules/${id}/seats`, 'shopper', `seats of ${id}`, [400, 404]),
      {
        ...post(`/concerts/${concertId}/seats/${id}/reserve`, 'shopper', {}, `seat ${id} in the path`),
        expect: [400, 404],
      },
    ]),
    get(`/concerts/${'1'.repeat(300)}`, 'nobody', 'a long id', [400, 414]),
    get(`/concerts/${'1'.repeat(3000)}`, 'nobody', 'a very long id', [414]),
    get('/concerts/%zz', 'nobody', 'a path that is not encoded', [400]),
    get('/concerts/%E0%A4%A', 'nobody', 'a path of broken UTF-8', [400]),
    get(`/concerts/available?x=1`, 'nobody', 'a query that nobody knows'),
    get(`/concerts/available?${'x'.repeat(3000)}`, 'nobody', 'a long query', [414]),
    get(`/concerts/${concertId}/schedules?all=yes`, 'shopper', 'all that is neither true nor false'),
    get(`/concerts/${concertId}/schedules?all=true&all=false`, 'shopper', 'all twice'),
    get(`/schedules/${scheduleId}/seats?status=FREE`, 'shopper', 'an unknown status'),
    get(`/schedules/${scheduleId}/seats?status=available`, 'shopper', 'a status in small letters'),
    get(`/schedules/${scheduleId}/seats?status=HELD&status=CONFIRMED`, 'shopper', 'two statuses'),
    get(`/schedules/${scheduleId}/seats?status[]=HELD`, 'shopper', 'a list of statuses'),
    ...DATES_REFUSED.flatMap((date) => [
      get(`/concerts/${concertId}/seats?date=${encodeDate(date)}`, 'shopper', `date ${date}`),
      post(`/concerts/${concertId}/seats/1/reserve`, 'shopper', { date }, `date ${show(date)} in the body`),
    ]),
    post(`/concerts/${concertId}/seats/1/reserve`, 'shopper', { scheduleId, date: '2026-11-25' }, 'schedule and date'),
    post(`/concerts/${concertId}/seats/1/reserve`, 'shopper', { seatNumber: 2 }, 'a seat in the body too'),
    post(`/concerts/${concertId}/seats/1/reserve`, 'shopper', { scheduleId: '1' }, 'a schedule as text'),
    raw(`/concerts/${concertId}/seats/1/reserve`, 'shopper', 'null', 'a body that is null'),

    ...NAMES_REFUSED.map((name) => post('/users', 'nobody', { name, email: 'bad@example.com' }, `name ${show(name)}`)),
    ...EMAILS_REFUSED.map((email) => post('/users', 'nobody', { name: 'name', email }, `email ${show(email)}`)),
    post('/users', 'nobody', { name: 'name' }, 'no email'),
    post('/users', 'nobody', { name: 'name', email: 'bad@example.com', userId: other }, 'an id of its own'),
    post('/users', 'nobody', { name: 'name', email: 'bad@example.com', balance: 5 }, 'a balance of its own'),

    ...AMOUNTS_REFUSED.map((amount) => post('/me/balance/charge', 'user', { amount }, `amount ${show(amount)}`)),
    post('/me/balance/charge', 'user', {}, 'no amount'),
    post('/me/balance/charge', 'user', { amount: 1, type: 'REFUND' }, 'a type of its own'),
    post('/me/balance/charge', 'user', { amount: 1, userId: other }, "somebody else's wallet", [403]),
    post('/me/balance/charge', 'user', { amount: 1, userId: userId.toUpperCase() }, 'an id in capitals'),
    raw('/me/balance/charge', 'user', '{"amount":1e400}', 'an infinite amount'),
    raw('/me/balance/charge', 'user', '{"amount":-0.0}', 'minus nothing'),

    ...UUIDS_REFUSED.flatMap((id) => [
      post('/payments', 'user', { reservationId: id }, `reservationId ${show(id)}`),
      post('/payments', 'user', { reservationIds: [id] }, `reservationIds with ${show(id)}`),
      ...(typeof id === 'string' && id !== ''
        ? [
            get(`/reservations/${encodeURIComponent(id)}`, 'user', `reservation ${show(id)}`),
            {
              ...get(`/reservations/${encodeURIComponent(id)}`, 'user', `release of ${show(id)}`),
              method: 'DELETE' as const,
            },
            get(`/payments/${encodeURIComponent(id)}`, 'user', `payment ${show(id)}`),
            post(`/payments/${encodeURIComponent(id)}/refund`, 'user', {}, `refund of ${show(id)}`),
          ]
        : []),
    ]),
    post('/payments', 'user', { reservationIds: [] }, 'nothing to pay'),
    post('/payments', 'user', { reservationIds: [reservationId, reservationId] }, 'a reservation twice'),
    post(
      '/payments',
      'user',
      { reservationIds: upTo(51).map((n) => other.slice(0, -2) + String(n + 10).padStart(2, '0')) },
      'more than 50',
    ),
    post('/payments', 'user', { reservationId, reservationIds: [reservationId] }, 'both forms at once'),
    post('/payments', 'user', { reservationId, scheduleId }, 'two forms mixed'),
    post('/payments', 'user', { reservationId, amount: 1 }, 'an amount of its own'),
    post('/payments', 'user', { reservationId, seatNumber: '1' }, 'a seat as text'),
    post('/payments', 'user', { reservationId: other }, 'an unknown reservation', [404]),
    post('/payments', 'shopper', { reservationId, seatNumber: 49 }, 'a seat that does not match', [404]),
    post('/payments', 'user', {}, 'nothing'),
    post(`/payments/${other}/refund`, 'user', { amount: 1 }, 'a partial refund'),
    post(`/payments/${other}/refund`, 'user', {}, 'an unknown payment', [404]),
    post(`/payments/${other}/refund?force=1`, 'user', {}, 'a query'),

    ...LIMITS_REFUSED.flatMap((limit) => [
      get(`/me/reservations?limit=${limit}`, 'user', `limit ${limit}`),
      get(`/me/payments?limit=${limit}`, 'user', `limit ${limit}`),
      get(`/me/balance/history?limit=${limit}`, 'user', `limit ${limit}`),
    ]),
    ...CURSORS_REFUSED.flatMap((cursor) => [
      get(`/me/reservations?cursor=${cursor}`, 'user', `cursor ${cursor.slice(0, 20)}`),
      get(`/me/payments?cursor=${cursor}`, 'user', `cursor ${cursor.slice(0, 20)}`),
      get(`/me/balance/history?cursor=${cursor}`, 'user', `cursor ${cursor.slice(0, 20)}`),
    ]),
    get('/me/reservations?status=held', 'user', 'a status in small letters'),
    get('/me/reservations?offset=5', 'user', 'an offset'),
    get('/me?x=1', 'user', 'a query'),

    post('/queue/tokens', 'user', { concertId, userId: other }, 'somebody else in the queue', [403]),
    post('/queue/tokens', 'user', { concertId, position: 1 }, 'a position of its own'),
    post('/queue/token', 'user', { concertId: 'concert-iu-001' }, "another system's id"),
    post('/queue/tokens', 'user', { concertId: 9_007_199_254_740_991 }, 'an unknown concert', [404]),
    get('/queue/tokens/nonsense/position', 'nobody', 'a token that is none', [404]),
    get('/queue/tokens/fq_a.b/position', 'nobody', 'a forged token', [404]),
    get('/queue/tokens/%00/position', 'nobody', 'a token of U+0000', [404]),
    get(`/queue/tokens/fq_${'a'.repeat(400)}/position`, 'nobody', 'a long token', [404, 414]),
    { ...get('/queue/tokens/fq_a.b', 'nobody', 'leaving with a forged token', [404]), method: 'DELETE' },
    { ...post('/queue/tokens/fq_a.b/activate', 'nobody', {}, 'admission of a forged token', [404]), method: 'PATCH' },
    { ...post('/queue/tokens/fq_a.b/activate', 'nobody', { now: true }, 'a wish of its own'), method: 'PATCH' },

    ...['title', 'artist', 'venue'].flatMap((member) =>
      ['', ' ', 'a\u0000', '\ud800', 'x'.repeat(201), 5, null].map((value) =>
        post('/admin/concerts', 'admin', { ...concert, [member]: value }, `${member} ${show(value)}`),
      ),
    ),
    ...INSTANTS_REFUSED.flatMap((value) => [
      post('/admin/concerts', 'admin', { ...concert, bookingOpensAt: value }, `bookingOpensAt ${show(value)}`),
      post(
        `/admin/concerts/${concertId}/schedules`,
        'admin',
        { ...schedule, startsAt: value },
        `startsAt ${show(value)}`,
      ),
      post(`/admin/concerts/${concertId}/schedules`, 'admin', { ...schedule, endsAt: value }, `endsAt ${show(value)}`),
    ]),
    ...TIME_ZONES_REFUSED.map((timeZone) =>
      post('/admin/concerts', 'admin', { ...concert, timeZone }, `zone ${show(timeZone)}`),
    ),
    post('/admin/concerts', 'admin', { ...concert, bookingClosesAt: concert.bookingOpensAt }, 'a window of no length'),
    post('/admin/concerts', 'admin', { ...concert, bookingClosesAt: '2026-10-01T00:00:00Z' }, 'a window backwards'),
    ...[
      { maxActive: -1 },
      { maxActive: 1_000_001 },
      { batch: 1.5 },
      { intervalMs: 99 },
      { intervalMs: 3_600_001 },
      { activeTtlMs: 999 },
      { activeTtlMs: '1000' },
      { unknown: 1 },
      null,
      [],
    ].flatMap((queue) => [
      post('/admin/concerts', 'admin', { ...concert, queue }, `queue ${show(queue)}`),
      {
        ...post(`/admin/concerts/${concertId}/queue`, 'admin', queue, `policy ${show(queue)}`),
        method: 'PATCH' as const,
      },
    ]),
    { ...post(`/admin/concerts/${concertId}/queue`, 'admin', {}, 'a change of nothing'), method: 'PATCH' },
    ...[
      { price: -1 },
      { price: 100_000_001 },
      { price: 0.5 },
      { price: '1000' },
      { price: undefined },
      { price: 1000, prices: [{ from: 1, to: 50, price: 1 }] },
      { seatCount: 0 },
      { seatCount: 501 },
      { seatCount: '50' },
      { endsAt: schedule.startsAt },
      { endsAt: '2026-11-30T10:00:00Z' },
      { reservationOpensAt: schedule.startsAt },
      { price: undefined, prices: [] },
      { price: undefined, prices: [{ from: 1, to: 49, price: 1 }] },
      { price: undefined, prices: [{ from: 2, to: 50, price: 1 }] },
      { price: undefined, prices: [{ from: 1, to: 51, price: 1 }] },
      {
        price: undefined,
        prices: [
          { from: 1, to: 50, price: 1 },
          { from: 50, to: 50, price: 2 },
        ],
      },
      { price: undefined, prices: [{ from: 50, to: 1, price: 1 }] },
      { price: undefined, prices: [{ from: 1, to: 50, price: -1 }] },
      { price: undefined, prices: [{ from: 1, to: 50, price: 1, name: 'VIP' }] },
      { price: undefined, prices: [{ from: 1, to: 2_000_000_000, price: 1 }] },
      { price: undefined, prices: { from: 1, to: 50, price: 1 } },
    ].map((change) =>
      post(`/admin/concerts/${concertId}/schedules`, 'admin', { ...schedule, ...change }, show(change)),
    ),
    post('/admin/concerts/9007199254740991/schedules', 'admin', schedule, 'a schedule of an unknown concert', [404]),

    get('/nowhere', 'nobody', 'an unknown route', [404]),
    get('/reservations', 'user', 'a list that is not here', [405]),
    { ...get('/me', 'user', 'a method that is not known here', [405]), method: 'PUT' },
    { ...post('/concerts/available', 'nobody', {}, 'a POST to a list', [405]) },
    get('//me', 'user', 'a doubled slash', [404]),
    get('/me/', 'user', 'a slash at the end', [404]),
    get('/ME', 'user', 'a route in capitals', [404]),
  ];
}

function get(path: string, as: Sender, title: string, expect: readonly number[] = [400]): BadInput {
  return { title: `GET ${path.slice(0, 60)}: ${title}`, method: 'GET', path, as, expect };
}

function post(path: string, as: Sender, body: unknown, title: string, expect: readonly number[] = [400]): BadInput {
  return { title: `POST ${path.slice(0, 60)}: ${title}`, method: 'POST', path, as, body, expect };
}

function raw(
  path: string,
  as: Sender,
  text: string | Buffer,
  title: string,
  expect: readonly number[] = [400],
): BadInput {
  return { title: `POST ${path}: ${title}`, method: 'POST', path, as, raw: text, expect };
}

function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index + 1);
}

function encodeDate(date: string): string {
  return date.startsWith('%') ? date : encodeURIComponent(date);
}

function show(value: unknown): string {
  return (JSON.stringify(value) ?? 'undefined').slice(0, 60);
}
