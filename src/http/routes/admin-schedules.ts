import { type Static, Type } from '@fastify/type-provider-typebox';
import type { FastifyRequest } from 'fastify';
import type { ReadSeatMap } from '../../actors/command.ts';
import { type Admin, admitsConcert } from '../../domain/admin.ts';
import type { ScheduleChange } from '../../domain/catalogue-edits.ts';
import { accept, type Decision, reject } from '../../domain/errors.ts';
import { refuseEdit, reloadOwners, stampOf } from '../answers/admin-act.ts';
import { viewAdminSchedule } from '../answers/concert-views.ts';
import { malformed } from '../answers/request-error.ts';
import { type LevelPrice, pricesOfNamedSeats, pricesOfSeats } from '../answers/seat-prices.ts';
import { AdminSchedule, ChangedPrices, PricesChange, ScheduleChange as ScheduleChangeBody } from '../schemas/admin.ts';
import { NoBody, NoQuery, PathId, refer } from '../schemas/basics.ts';
import { AdminSeatMap } from '../schemas/catalogue.ts';
import type { App, Services } from '../services.ts';

const ScheduleParams = Type.Object({ scheduleId: PathId });
const GONE = { 204: { type: 'null', description: 'It is deleted.' } } as const;

/** Routes that change the dates of a concert. */
export function adminScheduleRoutes(app: App, services: Services): void {
  const { catalogue, edits, guards, responder, router } = services;

  app.patch(
    '/admin/schedules/:scheduleId',
    {
      schema: {
        operationId: 'changeSchedule',
        summary: 'Change the times of a date, or close or open it',
        description:
          'Holds and refunds follow from the answer on. A hold that would outlive the new start ends by it. `planVersion` moves the date to a newer version of its plan, in which every reserved seat has the same number; free seats that are not in it disappear.',
        tags: ['admin'],
        params: ScheduleParams,
        body: ScheduleChangeBody,
        querystring: NoQuery,
        response: { 200: refer(AdminSchedule) },
      },
      config: { guard: 'admin', refuses: ['SCHEDULE_NOT_FOUND', 'SCHEDULE_CANCELLED', 'SEATS_NOT_IN_PLAN'] },
    },
    async (request, reply) => {
      const { planVersion, levels } = request.body;
      if (levels !== undefined && planVersion === undefined) {
        const members = malformed('body', '/levels', 'need a planVersion');
        return responder.refuse(reply, { code: 'VALIDATION_FAILED', members });
      }
      const found = await findSchedule(request, Number(request.params.scheduleId));
      if (!found.ok) return responder.refuse(reply, found.rejection);
      const { admin, scheduleId } = found.value;
      const changed = await edits.changeSchedule(scheduleId, readScheduleChange(request.body), stampOf(request, admin));
      if (changed.outcome !== 'granted') return refuseEdit(responder, reply, changed);
      await reloadOwners(services, changed.value.raised);
      const all = await catalogue.listSchedules(changed.value.schedule.concertId);
      const shown = all.find((schedule) => schedule.scheduleId === scheduleId);
      if (shown === undefined) return responder.refuse(reply, { code: 'SCHEDULE_NOT_FOUND', members: {} });
      reply.send(viewAdminSchedule(shown));
    },
  );

  app.put(
    '/admin/schedules/:scheduleId/prices',
    {
      schema: {
        operationId: 'changePrices',
        summary: 'Change the prices of seats without a live reservation',
        description: 'A price is fixed for a reservation when it is granted.',
        tags: ['admin'],
        params: ScheduleParams,
        body: PricesChange,
        querystring: NoQuery,
        response: { 200: ChangedPrices },
      },
      config: { guard: 'admin', refuses: ['SCHEDULE_NOT_FOUND', 'SCHEDULE_CANCELLED'] },
    },
    async (request, reply) => {
      const { price, prices: ranges } = request.body;
      if ((price === undefined) === (ranges === undefined)) {
        const members = malformed('body', '', 'needs either price or prices');
        return responder.refuse(reply, { code: 'VALIDATION_FAILED', members });
      }
      const found = await findSchedule(request, Number(request.params.scheduleId));
      if (!found.ok) return responder.refuse(reply, found.rejection);
      const { admin, scheduleId, totalSeats } = found.value;
      const prices = readPrices(totalSeats, price, ranges);
      if (!prices.ok) return responder.refuse(reply, prices.rejection);
      const changed = await edits.changePrices(scheduleId, prices.value, stampOf(request, admin));
      if (changed.outcome !== 'granted') return refuseEdit(responder, reply, changed);
      await reloadOwners(services, changed.value.raised);
      reply.send({ scheduleId, unchanged: [...changed.value.unchanged] });
    },
  );

  app.get(
    '/admin/schedules/:scheduleId/seats',
    {
      schema: {
        operationId: 'getSeatMapAsOrganiser',
        summary: 'The seats of a date, with the users who have them',
        description: 'Shows committed changes only, as the date’s owner has them.',
        tags: ['admin'],
        params: ScheduleParams,
        querystring: NoQuery,
        response: { 200: refer(AdminSeatMap) },
      },
      config: { guard: 'admin', refuses: ['SCHEDULE_NOT_FOUND'] },
    },
    async (request, reply) => {
      const found = await findSchedule(request, Number(request.params.scheduleId));
      if (!found.ok) return responder.refuse(reply, found.rejection);
      const { scheduleId } = found.value;
      const answer = await router.dispatch<ReadSeatMap>({ type: 'ReadSeatMap', scheduleId });
      if (answer.outcome !== 'granted') return responder.decline(reply, answer);
      const { epoch, seq, availableSeats, seats } = answer.value;
      const shown = seats.map(({ seatNumber, price, status, heldUntil, userId }) => ({
        seatNumber,
        price,
        status,
        heldUntil,
        userId,
      }));
      reply.send({ scheduleId, epoch, seq, availableSeats, seats: shown });
    },
  );

  app.delete(
    '/admin/schedules/:scheduleId',
    {
      schema: {
        operationId: 'deleteSchedule',
        summary: 'Delete a date of which no seat was ever reserved',
        description: 'Holds that have ended count as reserved.',
        tags: ['admin'],
        params: ScheduleParams,
        body: NoBody,
        querystring: NoQuery,
      },
      config: { guard: 'admin', refuses: ['SCHEDULE_NOT_FOUND', 'HAS_RESERVATIONS'], answers: GONE },
    },
    async (request, reply) => {
      const found = await findSchedule(request, Number(request.params.scheduleId));
      if (!found.ok) return responder.refuse(reply, found.rejection);
      const { admin, scheduleId } = found.value;
      const deleted = await edits.deleteSchedule(scheduleId, stampOf(request, admin));
      if (deleted.outcome !== 'granted') return refuseEdit(responder, reply, deleted);
      reply.code(204).send();
    },
  );

  async function findSchedule(
    request: FastifyRequest,
    scheduleId: number,
  ): Promise<Decision<{ readonly admin: Admin; readonly scheduleId: number; readonly totalSeats: number }>> {
    const admin = await guards.admin(request);
    if (!admin.ok) return admin;
    const schedule = await catalogue.findSchedule(scheduleId);
    if (schedule === null || !admitsConcert(admin.value, schedule.concertId)) return reject('SCHEDULE_NOT_FOUND');
    return accept({ admin: admin.value, scheduleId, totalSeats: schedule.totalSeats });
  }
}

function pricesByName(levels: readonly LevelPrice[]): ReadonlyMap<string, number> {
  return new Map(levels.map(({ name, price }) => [name, price]));
}

function readScheduleChange(body: Static<typeof ScheduleChangeBody>): ScheduleChange {
  const {
    startsAt,
    endsAt,
    reservationOpensAt,
    singleSeats,
    accessibleReleaseAt,
    closed,
    planVersion,
    levels = [],
  } = body;
  const instantOf = (text: string | null): number | null => (text === null ? null : Date.parse(text));
  return {
    ...(startsAt === undefined ? {} : { startsAtMs: Date.parse(startsAt) }),
    ...(endsAt === undefined ? {} : { endsAtMs: instantOf(endsAt) }),
    ...(reservationOpensAt === undefined ? {} : { reservationOpensAtMs: instantOf(reservationOpensAt) }),
    ...(planVersion === undefined ? {} : { planMove: { version: planVersion, levels: pricesByName(levels) } }),
    ...(singleSeats === undefined ? {} : { singleSeats }),
    ...(accessibleReleaseAt === undefined ? {} : { accessibleReleaseAtMs: instantOf(accessibleReleaseAt) }),
    ...(closed === undefined ? {} : { closed }),
  };
}

function readPrices(
  totalSeats: number,
  price: number | undefined,
  ranges: Static<typeof PricesChange>['prices'],
): Decision<ReadonlyMap<number, number>> {
  if (ranges !== undefined) return pricesOfNamedSeats(totalSeats, ranges);
  const all = pricesOfSeats(totalSeats, price, undefined);
  return all.ok ? accept(new Map(all.value.map((each, index) => [index + 1, each]))) : all;
}
