import type { FastifyRequest } from 'fastify';
import { type Static, Type } from '@fastify/type-provider-typebox';
import type { Admin } from '../../domain/admin.ts';
import { faultsOfPlan } from '../../booking/seat-plans/check-seat-plan.ts';
import { accept, type Decision, type RejectionCode, reject } from '../../domain/errors.ts';
import { newestOf, type SeatPlan, type StoredPlan } from '../../domain/seat-plan.ts';
import { actOnce } from '../answers/admin-act.ts';
import { nextCursorOf, readPageQuery, SEAT_PLANS_LIST } from '../answers/cursor.ts';
import { malformed } from '../answers/request-error.ts';
import { readPlanTable, wordsOfPlanFault } from '../answers/seat-plan-csv.ts';
import { viewPlan, viewPlanSummary } from '../answers/seat-plan-views.ts';
import { IdempotencyHeaders, PathId, refer } from '../schemas/basics.ts';
import { AdminPageQuery } from '../schemas/admin-keys.ts';
import { normaliseText } from '../schemas/formats.ts';
import { NewSeatPlan, SeatPlanPage, SeatPlanWithSeats } from '../schemas/seat-plans.ts';
import type { App, Services } from '../services.ts';

/** A seat of a plan takes some 100 bytes in JSON with long labels. */
const BODY_LIMIT = 1_048_576;
/** The name of a plan in CSV that gives none. */
const UNNAMED = 'Seat plan';
/** The most faults that one answer lists. */
const FAULTS_LISTED = 20;
const KEY_REFUSALS: readonly RejectionCode[] = ['IDEMPOTENCY_IN_PROGRESS', 'IDEMPOTENCY_KEY_REUSED'];
/** A table arrives as text. A union would report the faults of a plan as those of a text too. */
const PlanBody = Type.Unsafe<Static<typeof NewSeatPlan> | string>({
  type: ['object', 'string'],
  if: { type: 'string' },
  else: NewSeatPlan,
});
const PlanParams = Type.Object({ planId: PathId });
/** A table has no place for the name of its plan. */
const PlanQuery = Type.Object(
  {
    name: Type.Optional(
      Type.String({
        format: 'seat-label',
        description: 'The name of a plan in CSV. A new version keeps the name by default.',
      }),
    ),
  },
  { additionalProperties: false },
);
const VersionQuery = Type.Object(
  { version: Type.Optional(Type.String({ format: 'positive-integer', description: 'The newest by default.' })) },
  { additionalProperties: false },
);

/** Routes for the plans of halls. They exist only when there is an admin token. */
export function seatPlanRoutes(app: App, services: Services): void {
  const { seatPlans, guards, responder } = services;

  /** Plans are of the whole service, so a key that is limited to concerts may only read them. */
  async function unlimitedAdmin(request: FastifyRequest): Promise<Decision<Admin>> {
    const admin = await guards.admin(request);
    return admin.ok && admin.value.concertIds !== null ? reject('FORBIDDEN') : admin;
  }

  const creation = {
    tags: ['admin'],
    body: PlanBody,
    querystring: PlanQuery,
    headers: IdempotencyHeaders,
    response: { 201: refer(SeatPlanWithSeats) },
  };
  const creationConfig = { guard: 'admin', takesCsv: true, takesFractions: true } as const;
  const created = { status: 201, view: viewPlan } as const;

  app.post(
    '/admin/seat-plans',
    {
      bodyLimit: BODY_LIMIT,
      schema: {
        ...creation,
        operationId: 'createSeatPlan',
        summary: 'Create a seat plan',
        description:
          'JSON, or CSV with the columns section, row, seat and level, and optionally x, y and attributes. Seats get the numbers 1, 2, … in the order of the plan.',
      },
      config: { ...creationConfig, refuses: KEY_REFUSALS },
    },
    async (request, reply) => {
      const admin = await unlimitedAdmin(request);
      if (!admin.ok) return responder.refuse(reply, admin.rejection);
      const plan = readPlan(request.body, request.query.name);
      if (!plan.ok) return responder.refuse(reply, plan.rejection);
      const outcome = await actOnce(services, request, admin.value, created, (act) =>
        seatPlans.create(plan.value, act),
      );
      responder.respond(reply, outcome, (answer) => answer);
    },
  );

  app.post(
    '/admin/seat-plans/:planId/versions',
    {
      bodyLimit: BODY_LIMIT,
      schema: {
        ...creation,
        operationId: 'addSeatPlanVersion',
        summary: 'Add a version to a seat plan',
        description: 'Schedules keep the version that they have. CSV as in the creation of a plan.',
        params: PlanParams,
      },
      config: { ...creationConfig, refuses: ['SEAT_PLAN_NOT_FOUND', ...KEY_REFUSALS] },
    },
    async (request, reply) => {
      const admin = await unlimitedAdmin(request);
      if (!admin.ok) return responder.refuse(reply, admin.rejection);
      const planId = Number(request.params.planId);
      const summary = await seatPlans.find(planId);
      if (summary === null) return responder.refuse(reply, { code: 'SEAT_PLAN_NOT_FOUND', members: {} });
      const plan = readPlan(request.body, request.query.name, summary.name);
      if (!plan.ok) return responder.refuse(reply, plan.rejection);
      const outcome = await actOnce(services, request, admin.value, created, (act) =>
        seatPlans.addVersion(planId, plan.value, act),
      );
      responder.respond(reply, outcome, (answer) => answer);
    },
  );

  app.get(
    '/admin/seat-plans',
    {
      schema: {
        operationId: 'listSeatPlans',
        summary: 'The seat plans, newest first',
        description: 'Plans without their seats, with the versions of each.',
        tags: ['admin'],
        querystring: AdminPageQuery,
        response: { 200: SeatPlanPage },
      },
      config: { guard: 'admin' },
    },
    async (request, reply) => {
      const admin = await guards.admin(request);
      if (!admin.ok) return responder.refuse(reply, admin.rejection);
      const query = readPageQuery(request.query, SEAT_PLANS_LIST, '');
      if (!query.ok) return responder.refuse(reply, query.rejection);
      const page = await seatPlans.list(query.value);
      reply.send({ seatPlans: page.items.map(viewPlanSummary), nextCursor: nextCursorOf(page, SEAT_PLANS_LIST, '') });
    },
  );

  app.get(
    '/admin/seat-plans/:planId',
    {
      schema: {
        operationId: 'getSeatPlan',
        summary: 'A seat plan with its versions',
        description: 'One version with its seats, the newest unless `version` names another.',
        tags: ['admin'],
        params: PlanParams,
        querystring: VersionQuery,
        response: { 200: refer(SeatPlanWithSeats) },
      },
      config: { guard: 'admin', refuses: ['SEAT_PLAN_NOT_FOUND'] },
    },
    async (request, reply) => {
      const admin = await guards.admin(request);
      if (!admin.ok) return responder.refuse(reply, admin.rejection);
      const { version } = request.query;
      const stored = await findStored(Number(request.params.planId), version === undefined ? null : Number(version));
      if (stored === null) return responder.refuse(reply, { code: 'SEAT_PLAN_NOT_FOUND', members: {} });
      reply.send(viewPlan(stored));
    },
  );

  async function findStored(planId: number, wanted: number | null): Promise<StoredPlan | null> {
    const summary = await seatPlans.find(planId);
    if (summary === null) return null;
    const version = wanted === null ? newestOf(summary) : summary.versions.find((each) => each.version === wanted);
    if (version === undefined) return null;
    const plan = await seatPlans.findVersion({ planId, version: version.version });
    return plan === null ? null : { summary, version, plan };
  }
}

/** `named` is the name in the query, `otherwise` that of a table without one. */
function readPlan(
  body: Static<typeof NewSeatPlan> | string,
  named: string | undefined,
  otherwise = UNNAMED,
): Decision<SeatPlan> {
  if (typeof body === 'string') return readTable(body, named ?? otherwise);
  if (named !== undefined) {
    return reject('VALIDATION_FAILED', malformed('query', '/name', 'is for plans in CSV'));
  }
  const plan = planOf(body);
  const faults = faultsOfPlan(plan);
  if (faults.length === 0) return accept(plan);
  return reject('VALIDATION_FAILED', {
    errors: faults
      .slice(0, FAULTS_LISTED)
      .map(({ path, fault }) => ({ in: 'body', path, message: wordsOfPlanFault(fault) })),
  });
}

function planOf({ name, sections, levels }: Static<typeof NewSeatPlan>): SeatPlan {
  return {
    name: normaliseText(name),
    sections: sections.map((section) => ({
      name: normaliseText(section.name),
      rows: section.rows.map((row) => ({
        label: normaliseText(row.label),
        seats: row.seats.map(({ label, x, y, attributes = [], level }) => ({
          label: normaliseText(label),
          x,
          y,
          attributes,
          level: normaliseText(level),
        })),
      })),
    })),
    levels: levels.map((level) => ({ name: normaliseText(level.name) })),
  };
}

function readTable(text: string, name: string): Decision<SeatPlan> {
  const read = readPlanTable(normaliseText(name), text);
  if (read.ok) return accept(read.plan);
  const errors = read.faults.slice(0, FAULTS_LISTED).map(({ row, column, message }) => ({
    in: 'body',
    path: `/${row}/${column}`,
    row,
    column,
    message: {
      en: `row ${row}, column ${column}: ${message.en}`,
      ko: `${row}행 ${column} 열: ${message.ko}`,
    },
  }));
  return reject('VALIDATION_FAILED', { errors });
}
