import type { InjectOptions } from 'fastify';
import t from 'tap';
import { ADMIN_ROLES, type AdminRole } from '../../../src/domain/admin.ts';
import { ADMIN_ROUTES } from '../../../src/http/identity/admin-roles.ts';
import { ADMIN_TOKEN, startFakeService } from '../fake-service.ts';

/** The roles that may call a route, by the role that it takes. */
const ADMITTED: Readonly<Record<AdminRole, readonly AdminRole[]>> = {
  OWNER: ['OWNER'],
  MANAGER: ['OWNER', 'MANAGER'],
  BOX_OFFICE: ['OWNER', 'MANAGER', 'BOX_OFFICE'],
  SCANNER: ['OWNER', 'SCANNER'],
  VIEWER: ['OWNER', 'MANAGER', 'BOX_OFFICE', 'VIEWER'],
};

const KEY_ID = '01990000-0000-7000-8000-000000000000';
const WINDOW = { bookingOpensAt: '2026-01-01T00:00:00Z', bookingClosesAt: '2027-01-01T00:00:00Z' };

const PLAN = {
  name: 'a',
  sections: [{ name: 'b', rows: [{ label: '1', seats: [{ label: '1', x: 0, y: 0, level: 'R' }] }] }],
  levels: [{ name: 'R' }],
};

/** A well-formed body of each route that takes one. */
const BODIES: Readonly<Record<string, object>> = {
  'POST /admin/keys': { name: 'x', role: 'VIEWER' },
  'POST /admin/concerts': { title: 'a', artist: 'b', venue: 'c', ...WINDOW },
  'POST /admin/concerts/:concertId/schedules': { startsAt: '2027-01-01T00:00:00Z', price: 1 },
  'PATCH /admin/concerts/:concertId': { title: 'x' },
  'PATCH /admin/schedules/:scheduleId': { closed: true },
  'PUT /admin/schedules/:scheduleId/prices': { price: 1 },
  'POST /admin/schedules/:scheduleId/seats/block': { seatNumbers: [1], reason: 'x' },
  'POST /admin/schedules/:scheduleId/seats/unblock': { seatNumbers: [1], reason: 'x' },
  'POST /admin/schedules/:scheduleId/seats/:seatNumber/comp': { userId: KEY_ID, reason: 'x' },
  'POST /admin/reservations/:reservationId/move': { seatNumber: 1, reason: 'x' },
  'POST /admin/seat-plans': PLAN,
  'POST /admin/seat-plans/:planId/versions': PLAN,
  'PATCH /admin/concerts/:concertId/queue': { batch: 1 },
  'POST /admin/schedules/:scheduleId/cancel': { reason: 'x' },
  'POST /admin/concerts/:concertId/cancel': { reason: 'x' },
  'POST /admin/payments/:paymentId/refund': { reason: 'x' },
};

/** A path of each route that needs a query. */
const QUERIES: Readonly<Record<string, string>> = {
  'GET /admin/reports/sales': '/admin/reports/sales?by=date',
  'GET /admin/users': '/admin/users?email=mina@example.com',
};

t.test('each route admits the keys of its role and of those above it, and refuses the others', async (t) => {
  const { call, adminKeys } = await startFakeService(t);
  for (const [route, needed] of Object.entries(ADMIN_ROUTES)) {
    const [method, pattern = ''] = route.split(' ') as [NonNullable<InjectOptions['method']>, string?];
    const path = (QUERIES[route] ?? pattern)
      .replace(':file', 'payments.csv')
      .replace(':seatNumber', '1')
      .replaceAll(/:(?:key|user|cancellation|payment|reservation)Id/g, KEY_ID)
      .replaceAll(/:\w+Id/g, '1');
    const body = BODIES[route];
    const ask = (token?: string) =>
      call(method, path, { ...(token === undefined ? {} : { token }), ...(body === undefined ? {} : { body }) });
    t.match((await ask()).json(), { status: 401, code: 'UNAUTHENTICATED' }, `${route} without a token`);
    t.match((await ask('wrong-admin-token')).json(), { status: 403, code: 'FORBIDDEN' }, `${route} by a wrong token`);
    t.notOk([401, 403].includes((await ask(ADMIN_TOKEN)).statusCode), `${route} by ADMIN_TOKEN`);
    for (const role of ADMIN_ROLES) {
      const answer = await ask(adminKeys.issue(role));
      if (ADMITTED[needed].includes(role)) t.notOk([401, 403].includes(answer.statusCode), `${route} by ${role}`);
      else t.match(answer.json(), { status: 403, code: 'ROLE_REQUIRED', role: needed }, `${route} by ${role}`);
    }
  }
});

t.test('every admin route has a role', async (t) => {
  const { app } = await startFakeService(t);
  const document = (await app.inject('/openapi.json')).json<{ paths: Record<string, Record<string, object>> }>();
  const routes = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path.replaceAll(/\{(\w+)\}/g, ':$1')}`),
  );
  t.same(
    routes.filter((route) => route.includes(' /api/v1/admin/')).sort(),
    Object.keys(ADMIN_ROUTES)
      .map((route) => route.replace(' /', ' /api/v1/'))
      .sort(),
  );
});
