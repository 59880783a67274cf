import { type Admin, admitsConcert } from '../../domain/admin.ts';
import type { Catalogue } from '../../domain/catalogue.ts';
import { accept, type Decision, reject } from '../../domain/errors.ts';
import { isoOf } from '../../domain/instant.ts';
import { nextCursorOf, readPageQuery, SEAT_HISTORY_LIST } from '../answers/cursor.ts';
import { AdminPageQuery } from '../schemas/admin-keys.ts';
import { SalesQuery, SalesReport, SeatHistory, SeatParams } from '../schemas/reports.ts';
import type { App, Services } from '../services.ts';

/** Routes that show an organiser the sales and the changes of a seat. */
export function reportRoutes(app: App, services: Services): void {
  const { catalogue, databaseClock, guards, reports, responder } = services;

  app.get(
    '/admin/reports/sales',
    {
      schema: {
        operationId: 'getSales',
        summary: 'Seats and money by concert, date, section or hour',
        description:
          'All sums are of one snapshot. A refunded seat counts as sold and as refunded, so `net` is what is left. An hour has what was paid and refunded in it, in the concert’s time zone; the other rows have all that was ever paid.',
        tags: ['admin'],
        querystring: SalesQuery,
        response: { 200: SalesReport },
      },
      config: { guard: 'admin', refuses: ['CONCERT_NOT_FOUND'] },
    },
    async (request, reply) => {
      const admin = await guards.admin(request);
      if (!admin.ok) return responder.refuse(reply, admin.rejection);
      const { by, concertId } = request.query;
      const concertIds = await concertsOf(catalogue, concertId, admin.value);
      if (!concertIds.ok) return responder.refuse(reply, concertIds.rejection);
      const { rows, totals } = await reports.sales(by, concertIds.value);
      reply.send({
        by,
        concertId: concertId === undefined ? null : Number(concertId),
        at: isoOf(databaseClock.lowerMs()),
        rows: rows.map(({ startsAtMs, ...row }) => ({
          ...row,
          startsAt: startsAtMs === null ? null : isoOf(startsAtMs),
        })),
        totals,
      });
    },
  );

  app.get(
    '/admin/schedules/:scheduleId/seats/:seatNumber/history',
    {
      schema: {
        operationId: 'getSeatHistory',
        summary: 'Every change of a seat, newest first',
        description:
          'As the schedule’s log has it: time, number, cause, user and payment. `details` has the other members of the logged change.',
        tags: ['admin'],
        params: SeatParams,
        querystring: AdminPageQuery,
        response: { 200: SeatHistory },
      },
      config: { guard: 'admin', refuses: ['SCHEDULE_NOT_FOUND', 'SEAT_NOT_FOUND'] },
    },
    async (request, reply) => {
      const scheduleId = Number(request.params.scheduleId);
      const seatNumber = Number(request.params.seatNumber);
      const scope = `${scheduleId} ${seatNumber}`;
      const page = readPageQuery(request.query, SEAT_HISTORY_LIST, scope);
      if (!page.ok) return responder.refuse(reply, page.rejection);
      const admin = await guards.admin(request);
      if (!admin.ok) return responder.refuse(reply, admin.rejection);
      const schedule = await catalogue.findSchedule(scheduleId);
      if (schedule === null || !admitsConcert(admin.value, schedule.concertId)) {
        return responder.refuse(reply, { code: 'SCHEDULE_NOT_FOUND', members: {} });
      }
      if (seatNumber > schedule.totalSeats) return responder.refuse(reply, { code: 'SEAT_NOT_FOUND', members: {} });
      const found = await reports.seatHistory(scheduleId, seatNumber, page.value);
      reply.send({
        scheduleId,
        seatNumber,
        changes: found.items.map(({ atMs, loggedAtMs, ...change }) => ({
          ...change,
          at: atMs === null ? null : isoOf(atMs),
          loggedAt: isoOf(loggedAtMs),
        })),
        nextCursor: nextCursorOf(found, SEAT_HISTORY_LIST, scope),
      });
    },
  );
}

/** The concerts that an organiser asks for; null: all. Another's concert is like an unknown one. */
export async function concertsOf(
  catalogue: Pick<Catalogue, 'findConcert'>,
  concertId: string | undefined,
  admin: Admin,
): Promise<Decision<readonly number[] | null>> {
  if (concertId === undefined) return accept(admin.concertIds);
  const id = Number(concertId);
  const isKnown = admitsConcert(admin, id) && (await catalogue.findConcert(id)) !== null;
  return isKnown ? accept([id]) : reject('CONCERT_NOT_FOUND');
}
