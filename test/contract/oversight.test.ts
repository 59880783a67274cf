import t from 'tap';
import type { ActivityReport } from '../../src/health/activity.ts';
import type { ActivitySample } from '../../src/health/activity-sample.ts';
import { createTestDatabase } from '../fixtures/database.ts';
import type { ApiClient } from '../fixtures/api-client.ts';
import { addSchedule, enter, openSale, startTestService } from '../fixtures/service.ts';
import { startTcpProxy } from '../fixtures/tcp-proxy.ts';
import { waitFor } from '../fixtures/wait-for.ts';

const database = await createTestDatabase(t);
const api = await startTestService(t, database);

interface Occupancy {
  readonly scheduleId: number;
  readonly owner: string | null;
}

async function occupancyOf(scheduleIds: readonly number[]) {
  const { body } = await api.admin('GET', '/admin/overview');
  const schedules = body['schedules'] as Occupancy[];
  return scheduleIds.map((scheduleId) => schedules.find((each) => each.scheduleId === scheduleId));
}

async function lastNumber(): Promise<number> {
  const { samples } = (await api.admin('GET', '/admin/activity')).as<ActivityReport>();
  return samples.at(-1)?.number ?? 0;
}

function sum(samples: readonly ActivitySample[], count: (sample: ActivitySample) => number): number {
  return samples.reduce((total, sample) => total + count(sample), 0);
}

t.test('the overview tells the occupancy of every schedule, right after it has changed', async (t) => {
  const { concertId, scheduleId } = await openSale(api);
  const untouched = await addSchedule(api, concertId, { inDays: 9, seatCount: 7 });
  const { queueToken: token } = await enter(api, concertId);
  await api.call('POST', '/me/balance/charge', { token, body: { amount: 5_000 } });
  const held = await api.call('POST', '/reservations', { token, body: { scheduleId, seatNumbers: [1, 2, 3] } });
  t.match(await occupancyOf([scheduleId, untouched]), [
    {
      totalSeats: 50,
      availableSeats: 47,
      held: 3,
      confirmed: 0,
      concertId,
      title: '밤의 노래',
      date: /^\d{4}-\d\d-\d\d$/,
    },
    { totalSeats: 7, availableSeats: 7, held: 0, confirmed: 0, owner: null },
  ]);
  await api.call('POST', '/payments', { token, body: { scheduleId, seatNumber: 1 } });
  const [last] = held.as<{ reservations: { reservationId: string; seatNumber: number }[] }>().reservations.slice(-1);
  await api.call('DELETE', `/reservations/${last?.reservationId}`, { token });
  const [now] = await occupancyOf([scheduleId]);
  t.match(now, { availableSeats: 48, held: 1, confirmed: 1 });
  const { nodes } = (await api.admin('GET', '/admin/overview')).as<{ nodes: { node: string }[] }>();
  t.ok(
    nodes.some(({ node }) => node === now?.owner),
    'its owner is one of the nodes',
  );
});

t.test('a node that waits for another one to go tells the same of the lines', async (t) => {
  const { concertId } = await openSale(api, { queue: { maxActive: 1 } });
  for (let nth = 0; nth < 3; nth += 1) await enter(api, concertId);
  const standby = await startTestService(t, database);
  t.equal((await fetch(`${standby.url}/readyz`)).status, 503);
  const concertsOf = async ({ admin }: ApiClient) => {
    const { status, body } = await admin('GET', '/admin/overview');
    t.equal(status, 200);
    return body['concerts'] as { concertId: number; queue: object }[];
  };
  const there = await concertsOf(standby);
  t.match(there.find((each) => each.concertId === concertId)?.queue, { waiting: 2, active: 1, maxActive: 1 });
  t.same(there, await concertsOf(api));
});

t.test('the overview lists a thousand schedules, those that have begun last, and counts the rest', async (t) => {
  const full = await createTestDatabase(t);
  const crowded = await startTestService(t, full);
  const { concertId } = await openSale(crowded);
  await full.pool.query(
    `WITH s AS (
       INSERT INTO schedules (concert_id, starts_at, total_seats)
       SELECT $1, now() + (n - 5) * interval '1 hour', 1 FROM generate_series(1, 1002) AS n RETURNING schedule_id
     ), seat AS (INSERT INTO seats SELECT schedule_id, 1, 1000 FROM s)
     INSERT INTO schedule_heads (schedule_id) SELECT schedule_id FROM s`,
    [concertId],
  );
  const { body } = await crowded.admin('GET', '/admin/overview');
  const schedules = body['schedules'] as { startsAt: string }[];
  t.equal(schedules.length, 1_000);
  t.equal(body['schedulesLeftOut'], 3);
  const begun = schedules.map(({ startsAt }) => Date.parse(startsAt) <= Date.now());
  t.equal(begun[0], false);
  t.equal(begun.at(-1), true, 'some of the five that have begun are left out, and no other');
  t.equal(begun.indexOf(true), 998);
});

t.test(
  'the last minutes count holds, payments, refusals, admissions and flushes, and only what is new is sent',
  async (t) => {
    const { concertId, scheduleId } = await openSale(api);
    const since = await lastNumber();
    const { queueToken: token } = await enter(api, concertId);
    const other = await enter(api, concertId);
    await api.call('POST', '/me/balance/charge', { token, body: { amount: 5_000 } });
    const held = await api.call('POST', '/reservations', { token, body: { scheduleId, seatNumbers: [1, 2, 3] } });
    const [, , third] = held.as<{ reservations: { reservationId: string }[] }>().reservations;
    await api.call('DELETE', `/reservations/${third?.reservationId}`, { token });
    const taken = await api.call('POST', '/reservations', {
      token: other.queueToken,
      body: { scheduleId, seatNumber: 1 },
    });
    t.equal(taken.status, 409);
    await api.call('POST', '/payments', { token, body: { scheduleId, seatNumber: 1 } });
    const report = await waitFor(
      async () => {
        const answer = (await api.admin('GET', `/admin/activity?since=${since}`)).as<ActivityReport>();
        return sum(answer.samples, (sample) => sample.payments) > 0 && answer;
      },
      { what: 'the payment to be in a sample' },
    );
    const { samples } = report;
    t.equal(report.stepsKept, 600);
    t.equal(samples[0]?.number, since + 1);
    t.equal(
      sum(samples, (sample) => sample.holds),
      3,
      'seats, not requests',
    );
    t.equal(
      sum(samples, (sample) => sample.payments),
      1,
    );
    t.equal(
      sum(samples, (sample) => sample.admissions),
      2,
    );
    t.equal(
      sum(samples, (sample) => sample.refusals),
      1,
    );
    t.match(
      samples.flatMap((sample) => sample.refusalsByCode),
      [{ code: 'SEAT_TAKEN', count: 1 }],
    );
    t.ok(sum(samples, (sample) => sample.flushes) >= 2);
    t.ok(samples.some(({ flushP99Ms, batchMax }) => (flushP99Ms ?? 0) > 0 && batchMax === 3));
    // A machine that is busy with other tests may well be late: not everything is healthy then, but nothing has failed.
    t.notOk(report.verdict.reasons.some(({ code }) => code === 'ANSWERS_FAILED' || code === 'NOT_READY'));
  },
);

t.test('a repeated request is not counted again', async (t) => {
  const { concertId, scheduleId } = await openSale(api);
  const { queueToken: token } = await enter(api, concertId);
  const since = await lastNumber();
  const hold = { token, key: 'once', body: { scheduleId, seatNumber: 4 } };
  for (let attempt = 0; attempt < 3; attempt += 1) await api.call('POST', '/reservations', hold);
  const first = await waitFor(
    async () => {
      const { samples } = (await api.admin('GET', `/admin/activity?since=${since}`)).as<ActivityReport>();
      return sum(samples, (sample) => sample.answers) >= 3 && sum(samples, (sample) => sample.holds) > 0 && samples;
    },
    { what: 'the answers to be in samples' },
  );
  t.equal(
    sum(first, (sample) => sample.holds),
    1,
  );
});

t.test('a malformed number is refused', async (t) => {
  for (const since of ['-1', '1.5', 'x', '01', '']) {
    const answer = await api.admin('GET', `/admin/activity?since=${since}`);
    t.match(answer, { status: 400, body: { code: 'VALIDATION_FAILED' } }, since);
  }
});

t.test(
  'without its database the node still tells how it is, and says it in the language that is asked for',
  async (t) => {
    const proxied = await createTestDatabase(t);
    const proxy = await startTcpProxy(t, proxied.url);
    const cut = await startTestService(t, { ...proxied, url: proxy.url });
    t.match((await cut.admin('GET', '/admin/activity')).body, { verdict: { state: /HEALTHY|DEGRADED/ } });
    proxy.muteServer();
    const inEnglish = { token: 'an-admin-token-for-tests', headers: { 'accept-language': 'en' } };
    const { verdict } = await waitFor(
      async () => {
        const { status, as } = await cut.call('GET', '/admin/activity', inEnglish);
        t.equal(status, 200);
        const report = as<ActivityReport>();
        return report.verdict.state === 'IN_TROUBLE' && report;
      },
      { what: 'the lease to be over', deadlineMs: 15_000 },
    );
    t.match(verdict.reasons[0], { detail: /^(This node may not serve: no answer from|The database is away)/ });
    proxy.cut();
    await waitFor(
      async () => (await cut.admin('GET', '/admin/activity')).as<ActivityReport>().verdict.state !== 'IN_TROUBLE',
      {
        what: 'the node to recover',
        deadlineMs: 15_000,
      },
    );
  },
);
