import swagger from '@fastify/swagger';
import type { FastifyInstance, FastifySchema } from 'fastify';
import type { AdminRole } from '../../domain/admin.ts';
import { PROBLEM_MEDIA_TYPE, problemStatus } from '../answers/problem.ts';
import type { ProblemCode } from '../answers/problem-table.ts';
import type { RouteGuard } from '../route-config.ts';
import { addExamples } from './examples.ts';

const DESCRIPTION = `Concert seats under a rush: a waiting room, seat holds, a wallet and payments.

Errors are RFC 9457 problem documents; decide by their \`code\`. Every POST that reserves, pays, refunds or charges takes an
\`Idempotency-Key\`. Times are ISO 8601 UTC of the database's clock, money is whole won.`;

const TAGS = [
  { name: 'users', description: 'Registration and access tokens' },
  { name: 'catalogue', description: 'Concerts, dates and seat maps' },
  { name: 'queue', description: 'The waiting room' },
  { name: 'reservations', description: 'Seat holds' },
  { name: 'wallet', description: 'Balance and its entries' },
  { name: 'payments', description: 'Payments and refunds' },
  { name: 'live', description: 'Seat maps and queue positions as they change' },
  { name: 'admin', description: 'For organisers' },
  { name: 'operations', description: 'Health, readiness and figures' },
];

const SECURITY_SCHEMES = {
  accessToken: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT', description: 'Says who the caller is.' },
  queueToken: { type: 'http', scheme: 'bearer', description: 'fq_…; says who queues or shops for one concert.' },
  adminToken: { type: 'http', scheme: 'bearer', description: 'ADMIN_TOKEN, or an API key frk_… with the role.' },
} as const;

const SECURITY: Readonly<Record<RouteGuard, readonly Readonly<Record<string, string[]>>[]>> = {
  user: [{ accessToken: [] }],
  holder: [{ queueToken: [] }],
  admittedShopper: [{ queueToken: [] }],
  userOrShopper: [{ accessToken: [] }, { queueToken: [] }],
  admin: [{ adminToken: [] }],
  nobody: [],
};

const ENDED: readonly ProblemCode[] = ['QUEUE_TOKEN_EXPIRED', 'QUEUE_TOKEN_CANCELLED', 'QUEUE_TOKEN_COMPLETED'];

/** Codes that follow from the guard of a route. */
const GUARD_REFUSALS: Readonly<Record<RouteGuard, readonly ProblemCode[]>> = {
  user: ['UNAUTHENTICATED', 'USER_NOT_FOUND'],
  holder: ['UNAUTHENTICATED'],
  admittedShopper: ['UNAUTHENTICATED', ...ENDED, 'QUEUE_NOT_ACTIVE'],
  userOrShopper: ['UNAUTHENTICATED', 'USER_NOT_FOUND', ...ENDED],
  admin: ['UNAUTHENTICATED', 'FORBIDDEN', 'ROLE_REQUIRED'],
  nobody: [],
};

/** Codes that any route can answer, before its handler or because of a bug. */
const COMMON_REFUSALS: readonly ProblemCode[] = [
  'VALIDATION_FAILED',
  'REQUEST_TIMEOUT',
  'URI_TOO_LONG',
  'HEADERS_TOO_LARGE',
  'INTERNAL_ERROR',
];
const BODY_REFUSALS: readonly ProblemCode[] = ['BODY_TOO_LARGE', 'UNSUPPORTED_MEDIA_TYPE'];
/** Codes that any route under /api/v1 can answer besides those. */
const API_REFUSALS: readonly ProblemCode[] = [
  'RATE_LIMITED',
  'OVERLOADED',
  'STORE_UNAVAILABLE',
  'OWNER_UNAVAILABLE',
  'QUEUE_UNAVAILABLE',
];

const GRANTED: Readonly<Record<string, string>> = { 200: 'Done', 201: 'Created' };

const PROBLEM_CONTENT = { [PROBLEM_MEDIA_TYPE]: { schema: { $ref: 'Problem#' } } };

/** Builds the OpenAPI document from the routes that are registered after this call. */
export async function describeRoutes(app: FastifyInstance, version: string): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'frontrow', version, description: DESCRIPTION, license: { name: 'MIT', identifier: 'MIT' } },
      servers: [{ url: '/', description: 'The service that this document comes from' }],
      tags: TAGS,
      components: { securitySchemes: SECURITY_SCHEMES },
    },
    refResolver: {
      buildLocalReference: (json, _base, _fragment, i) => (typeof json.$id === 'string' ? json.$id : `schema-${i}`),
    },
    transform: ({ schema, url, route }) => {
      if (schema?.hide === true || schema === undefined) return { schema: { hide: true }, url };
      const { guard = 'nobody', role, refuses = [], answers = {} } = route.config ?? {};
      const codes = [
        ...COMMON_REFUSALS,
        ...(schema.body === undefined ? [] : BODY_REFUSALS),
        ...(url.startsWith('/api/') ? API_REFUSALS : []),
        ...GUARD_REFUSALS[guard],
        ...refuses,
      ];
      const described: FastifySchema = {
        ...schema,
        ...(role === undefined ? {} : { description: describeRole(role, schema.description) }),
        security: SECURITY[guard],
        response: { ...grantsOf(schema.response), ...grantsOf(answers), ...problemsOf(codes) },
      };
      return { schema: described, url };
    },
  });
}

function describeRole(role: AdminRole, description: string | undefined): string {
  return `${description === undefined ? '' : `${description} `}Takes the role ${role}.`;
}

/** The document as text, with examples. A missing body is validated as null, which clients may not send, so the text omits the null. */
export function documentText(document: object): string {
  return JSON.stringify(addExamples({ ...document }), (name, value: unknown) => {
    if (name !== 'requestBody' || typeof value !== 'object' || value === null) return value;
    const text = JSON.stringify(value);
    const optional = text.replace('"type":["object","null"]', '"type":"object"');
    if (optional === text) return value;
    const body: unknown = JSON.parse(optional.replace('"required":true', '"required":false'));
    return body;
  });
}

function grantsOf(answers: unknown): Readonly<Record<string, object>> {
  if (typeof answers !== 'object' || answers === null) return {};
  return Object.fromEntries(
    Object.entries(answers).map(([status, schema]) => [
      status,
      { 'x-response-description': GRANTED[status] ?? 'Answer', ...(typeof schema === 'object' ? schema : {}) },
    ]),
  );
}

/** One answer per status; its description lists the codes. */
function problemsOf(codes: readonly ProblemCode[]): Readonly<Record<number, object>> {
  const byStatus = new Map<number, ProblemCode[]>();
  for (const code of new Set(codes)) {
    const status = problemStatus(code);
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  return Object.fromEntries(
    Array.from(byStatus, ([status, sharing]) => [
      status,
      { description: sharing.join(' · '), content: PROBLEM_CONTENT },
    ]),
  );
}
