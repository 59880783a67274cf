import { type Static, Type } from '@fastify/type-provider-typebox';
import { listDates } from '../../booking/concert-listings.ts';
import { admitsConcert } from '../../domain/admin.ts';
import type { Concert as Stored, NewSchedule as ScheduleToCreate } from '../../domain/catalogue.ts';
import { accept, type Decision, type Rejection, type RejectionCode, reject } from '../../domain/errors.ts';
import { newestOf, type SeatPlans } from '../../domain/seat-plan.ts';
import { actOnce, stampOf } from '../answers/admin-act.ts';
import { viewConcert, viewSchedule } from '../answers/concert-views.ts';
import { malformed } from '../answers/request-error.ts';
import { ConcertWithPolicy, NewConcert, NewSchedule, QueuePolicyChange } from '../schemas/admin.ts';
import { IdempotencyHeaders, NoQuery, PathId, refer } from '../schemas/basics.ts';
import { Concert, Schedule } from '../schemas/catalogue.ts';
import { canonicalTimeZone, normaliseText } from '../schemas/formats.ts';
import { pricesOfLevels, pricesOfSeats } from '../answers/seat-prices.ts';
import type { App, Services } from '../services.ts';

const DEFAULT_TIME_ZONE = 'Asia/Seoul';
const DEFAULT_SEAT_COUNT = 50;
const KEY_REFUSALS: readonly RejectionCode[] = ['IDEMPOTENCY_IN_PROGRESS', 'IDEMPOTENCY_KEY_REUSED'];
const CONCERT_NOT_FOUND: Rejection = { code: 'CONCERT_NOT_FOUND', members: {} };
const ConcertParams = Type.Object({ concertId: PathId });

/** Routes that change what is sold. They exist only when there is an admin token. */
export function adminRoutes(app: App, services: Services): void {
  const { edits, seatPlans, room, guards, responder, options } = services;

  app.post(
    '/admin/concerts',
    {
      schema: {
        operationId: 'createConcert',
        summary: 'Create a concert',
        description:
          "The concert has no dates yet. A part of the queue's policy that is left out has the value of the configuration.",
        tags: ['admin'],
        body: NewConcert,
        querystring: NoQuery,
        headers: IdempotencyHeaders,
        response: { 201: refer(Concert) },
      },
      config: { guard: 'admin', refuses: KEY_REFUSALS },
    },
    async (request, reply) => {
      const { title, artist, venue, timeZone = DEFAULT_TIME_ZONE, queue = {}, ...window } = request.body;
      const bookingOpensAtMs = Date.parse(window.bookingOpensAt);
      const bookingClosesAtMs = Date.parse(window.bookingClosesAt);
      if (bookingOpensAtMs >= bookingClosesAtMs) {
        const members = malformed('body', '/bookingClosesAt', 'is not after bookingOpensAt');
        return responder.refuse(reply, { code: 'VALIDATION_FAILED', members });
      }
      const admin = await guards.admin(request);
      if (!admin.ok) return responder.refuse(reply, admin.rejection);
      // A key that is limited to concerts has no place for another one.
      if (admin.value.concertIds !== null) return responder.refuse(reply, { code: 'FORBIDDEN', members: {} });
      const concert = {
        title: normaliseText(title),
        artist: normaliseText(artist),
        venue: normaliseText(venue),
        timeZone: canonicalTimeZone(timeZone) ?? DEFAULT_TIME_ZONE,
        bookingOpensAtMs,
        bookingClosesAtMs,
        queue: { ...options.queuePolicy, paused: false, ...queue },
      };
      const answer = { status: 201, view: (created: Stored) => viewConcert(created, []) } as const;
      responder.respond(
        reply,
        await actOnce(services, request, admin.value, answer, (act) => edits.createConcert(concert, act)),
        (recorded) => recorded,
      );
    },
  );

  app.post(
    '/admin/concerts/:concertId/schedules',
    {
      schema: {
        operationId: 'createSchedule',
        summary: 'Add a schedule to a concert',
        description:
          'All seats have one `price`, or `prices` gives a price to each range of seats. Without `seatCount` there are 50 seats.',
        tags: ['admin'],
        params: ConcertParams,
        body: NewSchedule,
        querystring: NoQuery,
        headers: IdempotencyHeaders,
        response: { 201: refer(Schedule) },
      },
      config: {
        guard: 'admin',
        refuses: ['CONCERT_NOT_FOUND', 'CONCERT_CANCELLED', 'SEAT_PLAN_NOT_FOUND', ...KEY_REFUSALS],
      },
    },
    async (request, reply) => {
      const wanted = await readSchedule(request.body, seatPlans);
      if (!wanted.ok) return responder.refuse(reply, wanted.rejection);
      const admin = await guards.admin(request);
      if (!admin.ok) return responder.refuse(reply, admin.rejection);
      const concertId = Number(request.params.concertId);
      if (!admitsConcert(admin.value, concertId)) return responder.refuse(reply, CONCERT_NOT_FOUND);
      const answer = { status: 201, view: viewSchedule } as const;
      responder.respond(
        reply,
        await actOnce(services, request, admin.value, answer, (act) =>
          edits.createSchedule(concertId, wanted.value, act),
        ),
        (recorded) => recorded,
      );
    },
  );

  app.patch(
    '/admin/concerts/:concertId/queue',
    {
      schema: {
        operationId: 'changeQueue',
        summary: 'Change or pause the queue of a concert',
        description:
          'Applies to later admissions; ACTIVE tokens stay ACTIVE. `paused` true admits nobody and keeps the policy, so `paused` false resumes at the former pace. `batch` 0 or `maxActive` 0 admits nobody either.',
        tags: ['admin'],
        params: ConcertParams,
        body: QueuePolicyChange,
        querystring: NoQuery,
        response: { 200: refer(ConcertWithPolicy) },
      },
      config: { guard: 'admin', refuses: ['CONCERT_NOT_FOUND'] },
    },
    async (request, reply) => {
      const admin = await guards.admin(request);
      if (!admin.ok) return responder.refuse(reply, admin.rejection);
      const concertId = Number(request.params.concertId);
      if (!admitsConcert(admin.value, concertId)) return responder.refuse(reply, CONCERT_NOT_FOUND);
      const changed = await edits.changeQueuePolicy(concertId, { ...request.body }, stampOf(request, admin.value));
      if (changed.outcome !== 'granted') return responder.decline(reply, changed);
      room.notePolicyChanged(concertId);
      const concert = changed.value;
      reply.send({ ...viewConcert(concert, await listDates(services, concertId)), queue: concert.queue });
    },
  );
}

async function readSchedule(body: Static<typeof NewSchedule>, plans: SeatPlans): Promise<Decision<ScheduleToCreate>> {
  const startsAtMs = Date.parse(body.startsAt);
  const endsAtMs = body.endsAt === undefined ? null : Date.parse(body.endsAt);
  const reservationOpensAtMs = body.reservationOpensAt === undefined ? null : Date.parse(body.reservationOpensAt);
  if (endsAtMs !== null && endsAtMs <= startsAtMs) {
    return reject('VALIDATION_FAILED', malformed('body', '/endsAt', 'is not after startsAt'));
  }
  if (reservationOpensAtMs !== null && reservationOpensAtMs >= startsAtMs) {
    return reject('VALIDATION_FAILED', malformed('body', '/reservationOpensAt', 'is not before startsAt'));
  }
  const seats = body.planId === undefined ? seatsWithoutPlan(body) : await seatsOfPlan(body, body.planId, plans);
  const { singleSeats, accessibleReleaseAt = null } = body;
  const accessibleReleaseAtMs = accessibleReleaseAt === null ? null : Date.parse(accessibleReleaseAt);
  const rules = { ...(singleSeats === undefined ? {} : { singleSeats }), accessibleReleaseAtMs };
  return seats.ok ? accept({ startsAtMs, endsAtMs, reservationOpensAtMs, ...rules, ...seats.value }) : seats;
}

type Seats = Decision<Pick<ScheduleToCreate, 'prices' | 'plan'>>;

function seatsWithoutPlan({ levels, seatCount, price, prices }: Static<typeof NewSchedule>): Seats {
  if (levels !== undefined) return reject('VALIDATION_FAILED', malformed('body', '/levels', 'need a planId'));
  const priced = pricesOfSeats(seatCount ?? DEFAULT_SEAT_COUNT, price, prices);
  return priced.ok ? accept({ prices: priced.value }) : priced;
}

async function seatsOfPlan(body: Static<typeof NewSchedule>, planId: number, plans: SeatPlans): Promise<Seats> {
  for (const member of ['seatCount', 'price', 'prices'] as const) {
    if (body[member] === undefined) continue;
    return reject('VALIDATION_FAILED', malformed('body', `/${member}`, 'cannot be given with a planId'));
  }
  const summary = await plans.find(planId);
  if (summary === null) return reject('SEAT_PLAN_NOT_FOUND');
  const key = { planId, version: newestOf(summary).version };
  const plan = await plans.findVersion(key);
  if (plan === null) return reject('SEAT_PLAN_NOT_FOUND');
  const prices = pricesOfLevels(plan, body.levels ?? []);
  return prices.ok ? accept({ prices: prices.value, plan: key }) : prices;
}
