import { randomUUID } from 'node:crypto';
import t from 'tap';
import { createTestDatabase } from '../fixtures/database.ts';
import { enter, openSale, startTestService } from '../fixtures/service.ts';

const database = await createTestDatabase(t);
const api = await startTestService(t, database);
const DAY_MS = 86_400_000;

interface Plan {
  readonly planId: number;
  readonly version: number;
  readonly totalSeats: number;
}

interface PlannedSeat {
  readonly seatNumber: number;
  readonly label: string;
  readonly attributes: readonly string[];
}

const seat = (label: string, x: number, level: string, attributes?: readonly string[]) => ({
  label,
  x,
  y: 1.5,
  level,
  ...(attributes === undefined ? {} : { attributes }),
});

/** A hall of seven seats in two sections. */
const smallHall = (name = '작은 홀') => ({
  name,
  sections: [
    {
      name: '1층 A구역',
      rows: [
        { label: '1', seats: [seat('11', 0, 'R', ['ACCESSIBLE']), seat('12', 1, 'R'), seat('13', 2, 'R')] },
        { label: '2', seats: [seat('11', 0, 'S'), seat('12', 1, 'S')] },
      ],
    },
    { name: '2층', rows: [{ label: '1', seats: [seat('1', 0, 'S', ['RESTRICTED_VIEW']), seat('2', 1, 'S')] }] },
  ],
  levels: [{ name: 'R' }, { name: 'S' }],
});

async function createPlan(body: object): Promise<Plan> {
  const answer = await api.admin('POST', '/admin/seat-plans', body);
  t.equal(answer.status, 201, JSON.stringify(answer.body));
  return answer.as<Plan>();
}

async function sell(planId: number, levels: readonly object[], more = {}) {
  const { concertId } = await openSale(api);
  const startsAt = new Date(Date.now() + 10 * DAY_MS).toISOString();
  const body = { startsAt, planId, levels, ...more };
  return { concertId, answer: await api.admin('POST', `/admin/concerts/${concertId}/schedules`, body) };
}

t.test('a plan numbers its seats in order and keeps its versions', async (t) => {
  const plan = await createPlan(smallHall());
  t.match(plan, { version: 1, totalSeats: 7, name: '작은 홀', levels: [{ name: 'R' }, { name: 'S' }] });
  const more = smallHall('큰 홀');
  more.sections[1]?.rows[0]?.seats.push(seat('3', 2, 'S'));
  const second = await api.admin('POST', `/admin/seat-plans/${plan.planId}/versions`, more);
  t.match(second, { status: 201, body: { planId: plan.planId, version: 2, totalSeats: 8, name: '큰 홀' } });
  const read = await api.admin('GET', `/admin/seat-plans/${plan.planId}`);
  t.match(read.body, {
    version: 2,
    versions: [
      { version: 1, totalSeats: 7 },
      { version: 2, totalSeats: 8 },
    ],
  });
  const first = await api.admin('GET', `/admin/seat-plans/${plan.planId}?version=1`);
  t.match(first.body, {
    version: 1,
    sections: [{ rows: [{ seats: [{ seatNumber: 1, attributes: ['ACCESSIBLE'] }] }, {}] }, {}],
  });
  const { seatPlans } = (await api.admin('GET', '/admin/seat-plans')).as<{ seatPlans: readonly Plan[] }>();
  t.equal(seatPlans[0]?.planId, plan.planId);
  t.match(await api.admin('GET', '/admin/seat-plans/999999'), { status: 404, body: { code: 'SEAT_PLAN_NOT_FOUND' } });
  t.match(await api.admin('POST', '/admin/seat-plans/999999/versions', smallHall()), {
    status: 404,
    body: { code: 'SEAT_PLAN_NOT_FOUND' },
  });
});

t.test('a schedule of a plan has its seats, prices and labels, and keeps its version', async (t) => {
  const plan = await createPlan(smallHall());
  const { concertId, answer } = await sell(plan.planId, [
    { name: 'S', price: 50_000 },
    { name: 'R', price: 90_000 },
  ]);
  t.match(answer, { status: 201, body: { totalSeats: 7, availableSeats: 7 } });
  const { scheduleId } = answer.as<{ scheduleId: number }>();
  await api.admin('POST', `/admin/seat-plans/${plan.planId}/versions`, smallHall('앞으로의 홀'));
  const shown = await api.call('GET', `/schedules/${scheduleId}/plan`);
  t.match(shown, {
    status: 200,
    body: {
      scheduleId,
      planId: plan.planId,
      version: 1,
      levels: [
        { name: 'R', price: 90_000 },
        { name: 'S', price: 50_000 },
      ],
      sections: [
        { name: '1층 A구역' },
        { name: '2층', rows: [{ label: '1', seats: [{ seatNumber: 6, y: 1.5 }, {}] }] },
      ],
    },
  });
  const etag = shown.headers.get('etag') ?? '';
  t.match(shown.headers.get('cache-control'), /public/);
  const again = await api.call('GET', `/schedules/${scheduleId}/plan`, { headers: { 'if-none-match': etag } });
  t.equal(again.status, 304);
  const { queueToken: token } = await enter(api, concertId);
  const held = await api.call('POST', '/reservations', { token, body: { scheduleId, seatNumber: 6 } });
  t.match(held, { status: 201, body: { price: 50_000 } });
});

t.test('a hall without a plan has rows of ten', async (t) => {
  const { scheduleId } = await openSale(api);
  const { body } = await api.call('GET', `/schedules/${scheduleId}/plan`);
  t.match(body, { planId: null, version: null, levels: [{ name: '1', price: 1_000 }] });
  const [section] = body['sections'] as readonly {
    rows: readonly { label: string; seats: readonly PlannedSeat[] }[];
  }[];
  t.strictSame(
    section?.rows.map(({ label }) => label),
    ['A', 'B', 'C', 'D', 'E'],
  );
  t.match(section?.rows[1]?.seats[2], { seatNumber: 13, label: '3' });
  t.match(await api.call('GET', '/schedules/999999/plan'), { status: 404, body: { code: 'SCHEDULE_NOT_FOUND' } });
});

t.test('a plan comes as CSV, and its faults name row and column', async (t) => {
  const post = (text: string, query = '?name=Hall', type = 'text/csv') =>
    api.admin('POST', `/admin/seat-plans${query}`, text, { 'content-type': type });
  const table = 'section,row,seat,level,attributes\nA,1,1,R,ACCESSIBLE AISLE\nA,1,2,R,\n"B, left",1,1,S,\n';
  const made = await post(table);
  t.match(made, {
    status: 201,
    body: {
      name: 'Hall',
      totalSeats: 3,
      levels: [{ name: 'R' }, { name: 'S' }],
      sections: [
        {
          name: 'A',
          rows: [{ label: '1', seats: [{ label: '1', x: 0, attributes: ['ACCESSIBLE', 'AISLE'] }, { x: 1 }] }],
        },
        { name: 'B, left', rows: [{ seats: [{ seatNumber: 3, y: 1 }] }] },
      ],
    },
  });
  const faulty = await post('section,row,seat,level,x\nA,1,1,R,0\nA,1,1,R,here\n,1,2,R,0\n');
  t.match(faulty, {
    status: 400,
    body: {
      code: 'VALIDATION_FAILED',
      errors: [
        { in: 'body', row: 2, column: 'x' },
        { in: 'body', row: 3, column: 'section' },
        { in: 'body', row: 2, column: 'seat' },
      ],
    },
  });
  t.match(await post('section,row\nA,1\n'), {
    status: 400,
    body: { errors: [{ row: 0, column: 'seat' }, { column: 'level' }] },
  });
  t.match(await post('section,row,label,level,attributes\nA,1,12,R,"ACCESSIBLE,AISLE"\n'), {
    status: 201,
    body: { sections: [{ rows: [{ seats: [{ label: '12', attributes: ['ACCESSIBLE', 'AISLE'] }] }] }] },
  });
  t.match(await post(table, ''), { status: 201, body: { name: 'Seat plan' } }, 'a table need not name its plan');
  t.match(await post(table, '?name=Hall', 'text/plain'), { status: 415 });
  const elsewhere = await api.call('POST', '/users', { body: table, headers: { 'content-type': 'text/csv' } });
  t.equal(elsewhere.status, 415);
});

t.test('faults of a plan are named by their place', async (t) => {
  const faultsOf = async (change: (plan: ReturnType<typeof smallHall>) => void) => {
    const plan = smallHall();
    change(plan);
    const answer = await api.admin('POST', '/admin/seat-plans', plan);
    t.equal(answer.status, 400);
    return (answer.body['errors'] as readonly { path: string }[]).map(({ path }) => path);
  };
  const [first] = smallHall().sections;
  if (first === undefined) throw new Error('the hall has a section');
  t.strictSame(await faultsOf(({ sections }) => sections.push(first)), ['/sections/2/name']);
  t.strictSame(await faultsOf(({ levels }) => levels.pop()), [
    '/sections/0/rows/1/seats/0/level',
    '/sections/0/rows/1/seats/1/level',
    '/sections/1/rows/0/seats/0/level',
    '/sections/1/rows/0/seats/1/level',
  ]);
  t.strictSame(await faultsOf(({ sections }) => sections[0]?.rows[0]?.seats.push(seat('12', 3, 'R'))), [
    '/sections/0/rows/0/seats/3/label',
  ]);
  t.strictSame(await faultsOf(({ sections }) => sections[0]?.rows[0]?.seats.push(seat('14', 3, 'R', ['SUNNY']))), [
    '/sections/0/rows/0/seats/3/attributes/0',
  ]);
  const large = (count: number) => Array.from({ length: count }, (_, index) => seat(String(index), index, 'R'));
  const wide = {
    ...smallHall(),
    sections: [{ name: 'A', rows: [{ label: '1', seats: large(2_000) }] }],
    levels: [{ name: 'R' }],
  };
  t.equal((await createPlan(wide)).totalSeats, 2_000);
  wide.sections.push({ name: 'B', rows: [{ label: '1', seats: large(1) }] });
  t.match(await api.admin('POST', '/admin/seat-plans', wide), {
    status: 400,
    body: { errors: [{ path: '/sections' }] },
  });
});

t.test('every level needs one price, and a plan excludes other prices', async (t) => {
  const { planId } = await createPlan(smallHall());
  const both = [
    { name: 'R', price: 1 },
    { name: 'S', price: 2 },
  ];
  for (const [levels, more, path] of [
    [both.slice(0, 1), {}, '/levels'],
    [[...both, { name: 'T', price: 3 }], {}, '/levels/2/name'],
    [[...both, { name: 'R', price: 3 }], {}, '/levels/2/name'],
    [both, { seatCount: 7 }, '/seatCount'],
    [both, { price: 7 }, '/price'],
  ] as const) {
    t.match((await sell(planId, levels, more)).answer, { status: 400, body: { errors: [{ path }] } });
  }
  t.match((await sell(999_999, both)).answer, { status: 404, body: { code: 'SEAT_PLAN_NOT_FOUND' } });
  t.match((await sell(planId, both, { planId: undefined, price: 1 })).answer, {
    status: 400,
    body: { errors: [{ path: '/levels' }] },
  });
});

t.test('a repeated creation makes one plan, and the log names it', async (t) => {
  const headers = { 'idempotency-key': randomUUID() };
  const first = await api.admin('POST', '/admin/seat-plans', smallHall(), headers);
  const again = await api.admin('POST', '/admin/seat-plans', smallHall(), headers);
  t.equal(again.headers.get('idempotency-replayed'), 'true');
  t.strictSame(again.body, first.body);
  const { entries } = (await api.admin('GET', '/admin/log?limit=1')).as<{ entries: readonly object[] }>();
  t.match(entries, [
    { action: 'plan.create', target: `plan:${String(first.body['planId'])}`, after: { totalSeats: 7 } },
  ]);
});

t.test('the best seats follow the plan', async (t) => {
  const { planId } = await createPlan(smallHall());
  const levels = [
    { name: 'R', price: 90_000 },
    { name: 'S', price: 50_000 },
  ];
  const { concertId, answer } = await sell(planId, levels);
  const { scheduleId } = answer.as<{ scheduleId: number }>();
  const { queueToken: token } = await enter(api, concertId);
  const hold = async (wish: object) => {
    const held = await api.call('POST', '/reservations', { token, body: { scheduleId, ...wish } });
    const reservations = held.body['reservations'] as readonly { seatNumber: number }[] | undefined;
    return reservations?.map(({ seatNumber }) => seatNumber) ?? held.body['code'];
  };
  t.strictSame(await hold({ count: 2, section: '2층' }), [6, 7]);
  t.strictSame(await hold({ count: 2, level: 'S' }), [4, 5]);
  t.equal(await hold({ count: 1, level: 'S' }), 'SEAT_LIMIT_REACHED');
  const other = await enter(api, concertId);
  const refused = await api.call('POST', '/reservations', {
    token: other.queueToken,
    body: { scheduleId, count: 1, section: '3층' },
  });
  t.match(refused.body, { code: 'NO_BLOCK', largestBlock: 0 });
});

t.test('reservations and payments name the seat as the plan does', async (t) => {
  const { planId } = await createPlan(smallHall());
  const levels = [
    { name: 'R', price: 1_000 },
    { name: 'S', price: 500 },
  ];
  const { concertId, answer } = await sell(planId, levels);
  const { scheduleId } = answer.as<{ scheduleId: number }>();
  const { queueToken: token, accessToken } = await enter(api, concertId);
  const key = randomUUID();
  const held = await api.call('POST', '/reservations', { token, key, body: { scheduleId, seatNumber: 4 } });
  const name = { seatLabel: '1층 A구역 2열 11번', section: '1층 A구역', row: '2' };
  t.match(held.body, name);
  const again = await api.call('POST', '/reservations', { token, key, body: { scheduleId, seatNumber: 4 } });
  t.same(again.body, held.body);
  const reservationId = String(held.body['reservationId']);
  t.same((await api.call('GET', `/reservations/${reservationId}`, { token })).body, held.body);
  await api.call('POST', '/me/balance/charge', { token: accessToken, body: { amount: 10_000 } });
  const paid = await api.call('POST', '/payments', { token, body: { reservationId } });
  t.match(paid.body, { reservations: [name] });
  const paymentId = String(paid.body['paymentId']);
  t.match((await api.call('GET', `/payments/${paymentId}`, { token: accessToken })).body, { reservations: [name] });
  t.match((await api.call('GET', '/me/payments', { token: accessToken })).body, {
    payments: [{ reservations: [name] }],
  });
  t.match((await api.call('GET', '/me/reservations', { token: accessToken })).body, { reservations: [name] });
  t.match((await api.call('POST', `/payments/${paymentId}/refund`, { token: accessToken })).body, {
    reservations: [name],
  });
});

t.test('seats of a hall without a plan are named by rows of ten', async (t) => {
  const { concertId, scheduleId } = await openSale(api);
  const { queueToken: token } = await enter(api, concertId);
  const held = await api.call('POST', '/reservations', { token, body: { scheduleId, seatNumbers: [1, 20, 50] } });
  t.match(held.body, {
    reservations: [
      { seatLabel: 'A열 1번', section: null, row: 'A' },
      { seatLabel: 'B열 10번', section: null, row: 'B' },
      { seatLabel: 'E열 10번', section: null, row: 'E' },
    ],
  });
});

t.test('seats of another level are not chosen, even where they leave no single seat', async (t) => {
  const { planId } = await createPlan(smallHall());
  const levels = [
    { name: 'R', price: 90_000 },
    { name: 'S', price: 50_000 },
  ];
  const { concertId, answer } = await sell(planId, levels);
  const { scheduleId } = answer.as<{ scheduleId: number }>();
  const { queueToken: token } = await enter(api, concertId);
  const held = await api.call('POST', '/reservations', { token, body: { scheduleId, count: 1, level: 'S' } });
  t.match(held, { status: 201, body: { reservations: [{ price: 50_000 }] } });
});
