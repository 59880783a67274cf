import t from 'tap';
import Schema from 'typebox/schema';
import { type ProblemCode, problemTable } from '../../../src/http/answers/problem-table.ts';
import { NO_EXAMPLE } from '../../../src/http/pages/examples.ts';
import { createCodeCheck } from '../../fixtures/documented-codes.ts';
import { startFakeService } from '../fake-service.ts';

interface Media {
  readonly schema?: object;
  readonly example?: unknown;
}

interface Operation {
  readonly operationId?: string;
  readonly summary?: string;
  readonly description?: string;
  readonly tags?: readonly string[];
  readonly security?: readonly Readonly<Record<string, unknown>>[];
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly required?: boolean }[];
  readonly requestBody?: { readonly required?: boolean; readonly content?: Readonly<Record<string, Media>> };
  readonly responses: Readonly<
    Record<string, { readonly description: string; readonly content?: Readonly<Record<string, Media>> }>
  >;
}

interface Document {
  readonly openapi: string;
  readonly servers: readonly { readonly url: string }[];
  readonly tags: readonly { readonly name: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: {
    readonly schemas: Readonly<Record<string, object>>;
    readonly examples: Readonly<Record<string, object>>;
    readonly securitySchemes: Readonly<Record<string, object>>;
  };
}

/** The contract's table of routes. */
const ROUTES = [
  'POST /api/v1/users',
  'POST /api/v1/me/token',
  'GET /api/v1/live',
  'GET /api/v1/me',
  'GET /api/v1/concerts/available',
  'GET /api/v1/concerts/upcoming',
  'GET /api/v1/concerts/rankings/sold-out',
  'GET /api/v1/concerts/{concertId}',
  'GET /api/v1/concerts/{concertId}/schedules',
  'GET /api/v1/schedules/{scheduleId}/seats',
  'GET /api/v1/schedules/{scheduleId}/plan',
  'GET /api/v1/concerts/{concertId}/seats',
  'POST /api/v1/queue/tokens',
  'POST /api/v1/queue/token',
  'GET /api/v1/queue/status',
  'GET /api/v1/queue/tokens/{token}/position',
  'PATCH /api/v1/queue/tokens/{token}/activate',
  'DELETE /api/v1/queue/tokens/{token}',
  'POST /api/v1/reservations',
  'POST /api/v1/reservations/extend',
  'POST /api/v1/concerts/{concertId}/seats/{seatNumber}/reserve',
  'GET /api/v1/reservations/{reservationId}',
  'GET /api/v1/me/reservations',
  'DELETE /api/v1/reservations/{reservationId}',
  'GET /api/v1/me/balance',
  'POST /api/v1/me/balance/charge',
  'GET /api/v1/me/balance/history',
  'POST /api/v1/payments',
  'GET /api/v1/payments/{paymentId}',
  'GET /api/v1/me/payments',
  'POST /api/v1/payments/{paymentId}/refund',
  'POST /api/v1/admin/keys',
  'GET /api/v1/admin/keys',
  'DELETE /api/v1/admin/keys/{keyId}',
  'GET /api/v1/admin/log',
  'GET /api/v1/admin/session',
  'GET /api/v1/admin/schedules/{scheduleId}/seats',
  'GET /api/v1/admin/concerts',
  'GET /api/v1/admin/concerts/{concertId}',
  'PATCH /api/v1/admin/concerts/{concertId}',
  'DELETE /api/v1/admin/concerts/{concertId}',
  'PATCH /api/v1/admin/schedules/{scheduleId}',
  'PUT /api/v1/admin/schedules/{scheduleId}/prices',
  'DELETE /api/v1/admin/schedules/{scheduleId}',
  'POST /api/v1/admin/schedules/{scheduleId}/seats/block',
  'POST /api/v1/admin/schedules/{scheduleId}/seats/unblock',
  'POST /api/v1/admin/schedules/{scheduleId}/seats/{seatNumber}/comp',
  'POST /api/v1/admin/reservations/{reservationId}/move',
  'POST /api/v1/admin/concerts',
  'POST /api/v1/admin/concerts/{concertId}/schedules',
  'PATCH /api/v1/admin/concerts/{concertId}/queue',
  'POST /api/v1/admin/seat-plans',
  'GET /api/v1/admin/seat-plans',
  'GET /api/v1/admin/seat-plans/{planId}',
  'POST /api/v1/admin/seat-plans/{planId}/versions',
  'POST /api/v1/admin/schedules/{scheduleId}/cancel',
  'POST /api/v1/admin/concerts/{concertId}/cancel',
  'GET /api/v1/admin/cancellations/{cancellationId}',
  'POST /api/v1/admin/payments/{paymentId}/refund',
  'GET /api/v1/admin/users',
  'GET /api/v1/admin/users/{userId}/activity',
  'GET /api/v1/admin/exports/{file}',
  'GET /api/v1/admin/reports/sales',
  'GET /api/v1/admin/schedules/{scheduleId}/seats/{seatNumber}/history',
  'GET /api/v1/admin/overview',
  'GET /api/v1/admin/activity',
  'GET /healthz',
  'GET /readyz',
  'GET /metrics',
];

function operationsOf(document: Document): (readonly [string, string, Operation])[] {
  return Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => [method.toUpperCase(), path, operation] as const),
  );
}

function referencesIn(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(referencesIn);
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, member]) =>
    name === '$ref' && typeof member === 'string' ? [member] : referencesIn(member),
  );
}

t.test('the OpenAPI document has exactly the routes of the contract', async (t) => {
  const { call } = await startFakeService(t);
  const document = (await call('GET', '//openapi.json')).json<Document>();
  t.equal(document.openapi, '3.1.0');
  const described = operationsOf(document).map(([method, path]) => `${method} ${path}`);
  t.same(described.toSorted(), ROUTES.toSorted());
});

t.test('every operation is complete, and every reference leads somewhere', async (t) => {
  const { call } = await startFakeService(t);
  const document = (await call('GET', '//openapi.json')).json<Document>();
  const { schemas, examples } = document.components;
  const targets = [
    ...Object.keys(schemas).map((name) => `#/components/schemas/${name}`),
    ...Object.keys(examples).map((name) => `#/components/examples/${name}`),
  ];
  for (const reference of referencesIn(document)) t.ok(targets.includes(reference), reference);
  const tags = document.tags.map(({ name }) => name);
  const codes = Object.keys(problemTable);
  for (const [method, path, operation] of operationsOf(document)) {
    const title = `${method} ${path}`;
    t.ok(operation.summary, title);
    t.ok(
      operation.tags?.every((tag) => tags.includes(tag)),
      title,
    );
    const declared = (operation.parameters ?? [])
      .filter((parameter) => parameter.in === 'path')
      .map(({ name }) => name);
    const named = [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1] ?? '');
    t.same(declared.toSorted(), named.toSorted(), title);
    for (const scheme of operation.security ?? []) {
      t.ok(
        Object.keys(scheme).every((name) => name in document.components.securitySchemes),
        title,
      );
    }
    t.ok(
      Object.keys(operation.responses).some((status) => /^(101|2\d\d)$/.test(status)),
      title,
    );
    for (const [status, { description, content }] of Object.entries(operation.responses)) {
      if (Number(status) < 400) continue;
      t.same(Object.keys(content ?? {}), ['application/problem+json'], `${title} ${status}`);
      for (const code of description.split(' · ')) {
        t.ok(codes.includes(code), `${title} ${code}`);
        t.equal(problemTable[code as ProblemCode].status, Number(status), `${title} ${code}`);
      }
    }
  }
});

t.test('operations have names for clients, descriptions, and a server to send them to', async (t) => {
  const { call } = await startFakeService(t);
  const document = (await call('GET', '//openapi.json')).json<Document>();
  t.same(
    document.servers.map(({ url }) => url),
    ['/'],
    'relative, so it holds behind every front',
  );
  const names = operationsOf(document).map(([, , { operationId }]) => operationId);
  t.equal(new Set(names).size, names.length, 'each name is used once');
  for (const [method, path, { operationId, description }] of operationsOf(document)) {
    t.match(operationId, /^[a-z]+[A-Z]\w+$/, `${method} ${path} is named by verb and noun`);
    t.match(description, /\.$/, `${method} ${path} is described in sentences`);
  }
});

t.test('every body has a realistic example that its schema accepts', async (t) => {
  const { call } = await startFakeService(t);
  const document = (await call('GET', '//openapi.json')).json<Document>();
  for (const [method, path, { requestBody, responses }] of operationsOf(document)) {
    const media = [
      requestBody?.content,
      ...Object.entries(responses).map(([status, { content }]) => (Number(status) < 400 ? content : undefined)),
    ].flatMap((content) => content?.['application/json'] ?? []);
    for (const { schema, example } of media) {
      const shown = JSON.stringify(example);
      t.notMatch(shown, `"${NO_EXAMPLE}"`, `the table of examples has a value for each member of ${method} ${path}`);
      t.ok(Schema.Check({ components: document.components, ...schema }, example), `${method} ${path} ${shown}`);
    }
  }
});

t.test('every code of the problem table is listed by an operation, and has an example', async (t) => {
  const { call } = await startFakeService(t);
  const document = (await call('GET', '//openapi.json')).json<Document>();
  const listed = operationsOf(document).flatMap(([, , { responses }]) =>
    Object.values(responses).flatMap(({ description }) => description.split(' · ')),
  );
  const ofNoOperation = ['ROUTE_NOT_FOUND', 'METHOD_NOT_ALLOWED'];
  for (const code of Object.keys(problemTable)) {
    t.ok(listed.includes(code) || ofNoOperation.includes(code), code);
    t.match(document.components.examples[code], { value: { code, detail: String } });
  }
});

t.test('the tests notice an answer whose code the document does not list', async (t) => {
  const check = createCodeCheck({ paths: { '/a/{b}': { get: 'SEAT_TAKEN' }, '/a/c': { get: 'RATE_LIMITED' } } });
  const problem = JSON.stringify({ code: 'SEAT_TAKEN' });
  check('GET', '/a/1', problem);
  check('POST', '/a/1', problem);
  t.throws(() => check('GET', '/a/c?d=1', problem), { message: /GET \/a\/c answered SEAT_TAKEN/ });
});

t.test('bodies that may be missing are not required, and routes that take a key document it', async (t) => {
  const { call } = await startFakeService(t);
  const { paths } = (await call('GET', '//openapi.json')).json<Document>();
  const keyed = operationsOf({ paths } as Document)
    .filter(([, , { parameters = [] }]) => parameters.some(({ name }) => name === 'idempotency-key'))
    .map(([, path]) => path);
  t.same(keyed.toSorted(), [
    '/api/v1/admin/concerts',
    '/api/v1/admin/concerts/{concertId}/cancel',
    '/api/v1/admin/concerts/{concertId}/schedules',
    '/api/v1/admin/keys',
    '/api/v1/admin/payments/{paymentId}/refund',
    '/api/v1/admin/reservations/{reservationId}/move',
    '/api/v1/admin/schedules/{scheduleId}/cancel',
    '/api/v1/admin/schedules/{scheduleId}/seats/block',
    '/api/v1/admin/schedules/{scheduleId}/seats/unblock',
    '/api/v1/admin/schedules/{scheduleId}/seats/{seatNumber}/comp',
    '/api/v1/admin/seat-plans',
    '/api/v1/admin/seat-plans/{planId}/versions',
    '/api/v1/concerts/{concertId}/seats/{seatNumber}/reserve',
    '/api/v1/me/balance/charge',
    '/api/v1/payments',
    '/api/v1/payments/{paymentId}/refund',
    '/api/v1/reservations',
    '/api/v1/reservations/extend',
  ]);
  const optional = operationsOf({ paths } as Document)
    .filter(([, , { requestBody }]) => requestBody?.required === false)
    .map(([, path]) => path);
  t.same(optional.toSorted(), [
    '/api/v1/admin/concerts/{concertId}',
    '/api/v1/admin/keys/{keyId}',
    '/api/v1/admin/schedules/{scheduleId}',
    '/api/v1/concerts/{concertId}/seats/{seatNumber}/reserve',
    '/api/v1/me/token',
    '/api/v1/payments/{paymentId}/refund',
    '/api/v1/queue/tokens/{token}',
    '/api/v1/queue/tokens/{token}/activate',
    '/api/v1/reservations/{reservationId}',
  ]);
  t.match(paths['/api/v1/reservations']?.['post']?.responses['201']?.content, {
    'application/json': {
      schema: {
        anyOf: [{ $ref: '#/components/schemas/Reservation' }, { $ref: '#/components/schemas/ReservationList' }],
      },
    },
  });
});

t.test('the page to read it runs nothing but its own script', async (t) => {
  const { call } = await startFakeService(t);
  const page = await call('GET', '//docs');
  t.equal(page.statusCode, 200);
  t.match(page.headers['content-type'], /^text\/html/);
  const policy = String(page.headers['content-security-policy']);
  const [styles, others] = [policy.match(/style-src [^;]*/)?.[0] ?? '', policy.replace(/style-src [^;]*/, '')];
  t.equal(styles, "style-src 'self' 'unsafe-inline'", 'its editor adds style elements');
  t.notMatch(others, /unsafe-inline|unsafe-eval|https?:|\*/);
  t.match(policy, /default-src 'none'/);
  const scripts = [...page.body.matchAll(/<script([^>]*)>([^<]*)<\/script>/g)];
  t.ok(scripts.length > 0);
  t.ok(
    scripts.every(([, , text]) => text === ''),
    'no inline script',
  );
  const script = await call('GET', '//docs/assets/js/scalar.js');
  t.equal(script.statusCode, 200);
  t.match(script.headers['content-type'], /javascript/);
  for (const path of ['//docs/assets', '//docs/assets/', '//docs/']) {
    const answer = await call('GET', path, { headers: { host: 'a%b' } });
    t.match(answer.json(), { status: 404, code: 'ROUTE_NOT_FOUND' }, path);
  }
});
