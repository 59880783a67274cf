import { Type } from '@fastify/type-provider-typebox';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ReadSeatMap } from '../../actors/command.ts';
import type { Schedule } from '../../domain/catalogue.ts';
import type { Rejection, RejectionCode } from '../../domain/errors.ts';
import type { SeatStatus } from '../../domain/reservation.ts';
import { isReservationOpen } from '../../domain/booking-window.ts';
import { chooseSchedule } from '../../booking/choose-schedule.ts';
import { type Listing, listConcerts, listDates } from '../../booking/concert-listings.ts';
import { viewListedConcert, viewSchedule } from '../answers/concert-views.ts';
import type { Shopper } from '../../booking/hold-seats.ts';
import { admittedShopper } from '../identity/identity.ts';
import { NoQuery, PathId, refer } from '../schemas/basics.ts';
import {
  ConcertPage,
  ConcertsQuery,
  ConcertWithQueue,
  ConditionalHeaders,
  SeatMap,
  SeatMapByDateQuery,
  SeatMapQuery,
  Schedules,
  SchedulesQuery,
} from '../schemas/catalogue.ts';
import { namesEntityTag, NOT_MODIFIED, sendConstant } from '../answers/constant-answer.ts';
import { CONCERTS_LIST, nextCursorOf, readPageQuery, UPCOMING_LIST } from '../answers/cursor.ts';
import { createListingCache, LISTING_CACHE_CONTROL } from '../answers/listing-cache.ts';
import { createSeatMapWriter } from '../answers/seat-map-text.ts';
import { varyBy } from '../answers/vary.ts';
import type { App, Services } from '../services.ts';

const ConcertParams = Type.Object({ concertId: PathId });
const ScheduleParams = Type.Object({ scheduleId: PathId });

const CONCERT_NOT_FOUND: Rejection = { code: 'CONCERT_NOT_FOUND', members: {} };
const SCHEDULE_NOT_FOUND: Rejection = { code: 'SCHEDULE_NOT_FOUND', members: {} };
const WRONG_CONCERT: Rejection = { code: 'QUEUE_WRONG_CONCERT', members: {} };
const LISTINGS = {
  available: {
    operationId: 'listConcerts',
    summary: 'Concerts that can be booked now, newest first',
    list: CONCERTS_LIST,
  },
  upcoming: {
    operationId: 'listUpcomingConcerts',
    summary: 'Concerts whose booking opens later, newest first',
    list: UPCOMING_LIST,
  },
} as const satisfies Record<Listing, object>;
const mapRefusals: readonly RejectionCode[] = ['SCHEDULE_NOT_FOUND', 'QUEUE_WRONG_CONCERT'];

export function catalogueRoutes(app: App, services: Services): void {
  const { catalogue, room, router, clock, databaseClock, guards, responder, options } = services;
  const { maxSeatsPerUser } = options;
  const writer = createSeatMapWriter();
  const listings = createListingCache({ clock, changes: () => catalogue.changes });

  for (const [listing, { operationId, summary, list }] of Object.entries(LISTINGS)) {
    app.get(
      `/concerts/${listing}`,
      {
        schema: {
          operationId,
          summary,
          description:
            'With dates, prices, seats left and queues, all at most 3 s old. Needs no token. A page has 20 concerts unless `limit` says otherwise.',
          tags: ['catalogue'],
          querystring: ConcertsQuery,
          headers: ConditionalHeaders,
          response: { 200: ConcertPage },
        },
        config: { answers: NOT_MODIFIED },
      },
      async (request, reply) => {
        const query = readPageQuery(request.query, list, '');
        if (!query.ok) return responder.refuse(reply, query.rejection);
        const answer = await listings.get(listing, query.value, async () => {
          const page = await listConcerts(services, listing as Listing, query.value);
          return { concerts: page.items.map(viewListedConcert), nextCursor: nextCursorOf(page, list, '') };
        });
        reply.header('cache-control', LISTING_CACHE_CONTROL);
        sendConstant(request, reply, answer);
        return reply;
      },
    );
  }

  app.get(
    '/concerts/:concertId',
    {
      schema: {
        operationId: 'getConcert',
        summary: 'A concert with its dates and its queue',
        description: "Needs no token. The queue's lengths are those of this moment.",
        tags: ['catalogue'],
        params: ConcertParams,
        querystring: NoQuery,
        response: { 200: refer(ConcertWithQueue) },
      },
      config: { refuses: ['CONCERT_NOT_FOUND'] },
    },
    async (request, reply) => {
      const concert = await catalogue.findConcert(Number(request.params.concertId));
      if (concert === null) return responder.refuse(reply, CONCERT_NOT_FOUND);
      const [schedules, queue] = await Promise.all([
        listDates(services, concert.concertId),
        room.counts(concert.concertId),
      ]);
      reply.send({ ...viewListedConcert({ concert, schedules, queue }), maxSeatsPerUser });
    },
  );

  app.get(
    '/concerts/:concertId/schedules',
    {
      schema: {
        operationId: 'listSchedules',
        summary: 'Dates with seats left',
        description:
          'Schedules that are open for reservation and have seats left; all=true adds sold-out, unopened and cancelled ones. Schedules that have begun are never listed.',
        tags: ['catalogue'],
        params: ConcertParams,
        querystring: SchedulesQuery,
        response: { 200: Schedules },
      },
      config: { guard: 'admittedShopper', refuses: ['CONCERT_NOT_FOUND', 'SCHEDULE_NOT_FOUND', 'QUEUE_WRONG_CONCERT'] },
    },
    async (request, reply) => {
      const shopper = await admittedShopper(guards, request);
      if (!shopper.ok) return responder.refuse(reply, shopper.rejection);
      const concertId = Number(request.params.concertId);
      const refusal = await refusalOfConcert(concertId, shopper.value);
      if (refusal !== null) return responder.refuse(reply, refusal);

      const all = await catalogue.listSchedules(concertId);
      if (all.length === 0) return responder.refuse(reply, SCHEDULE_NOT_FOUND);
      const nowMs = databaseClock.lowerMs();
      const wantsAll = request.query.all === 'true';
      const schedules = all.filter(
        (schedule) =>
          (schedule.cancelled || !schedule.closed) &&
          nowMs < schedule.startsAtMs &&
          (wantsAll || (schedule.availableSeats > 0 && isReservationOpen(schedule, nowMs))),
      );
      reply.send({ concertId, schedules: schedules.map(viewSchedule) });
    },
  );

  app.get(
    '/schedules/:scheduleId/seats',
    {
      schema: {
        operationId: 'getSeatMap',
        summary: 'Seat map of a schedule',
        description:
          "Shows committed changes only. `mine` marks the caller's own seats. A poller that sends the last `ETag` as `If-None-Match` gets 304 while nothing has changed.",
        tags: ['catalogue'],
        params: ScheduleParams,
        querystring: SeatMapQuery,
        headers: ConditionalHeaders,
        response: { 200: refer(SeatMap) },
      },
      config: { guard: 'admittedShopper', refuses: mapRefusals, answers: NOT_MODIFIED },
    },
    async (request, reply) => {
      const shopper = await admittedShopper(guards, request);
      if (!shopper.ok) return responder.refuse(reply, shopper.rejection);
      const schedule = await catalogue.findSchedule(Number(request.params.scheduleId));
      if (schedule === null) return responder.refuse(reply, SCHEDULE_NOT_FOUND);
      if (schedule.concertId !== shopper.value.queue.concertId) return responder.refuse(reply, WRONG_CONCERT);
      await answerMap(request, reply, schedule, shopper.value, request.query.status ?? null);
    },
  );

  app.get(
    '/concerts/:concertId/seats',
    {
      schema: {
        operationId: 'getSeatMapByDate',
        summary: 'Seat map by concert and date',
        description: 'The date is optional when the concert has one schedule.',
        tags: ['catalogue'],
        params: ConcertParams,
        querystring: SeatMapByDateQuery,
        headers: ConditionalHeaders,
        response: { 200: refer(SeatMap) },
      },
      config: {
        guard: 'admittedShopper',
        refuses: ['CONCERT_NOT_FOUND', 'SCHEDULE_AMBIGUOUS', ...mapRefusals],
        answers: NOT_MODIFIED,
      },
    },
    async (request, reply) => {
      const shopper = await admittedShopper(guards, request);
      if (!shopper.ok) return responder.refuse(reply, shopper.rejection);
      const concertId = Number(request.params.concertId);
      const refusal = await refusalOfConcert(concertId, shopper.value);
      if (refusal !== null) return responder.refuse(reply, refusal);
      const schedule = await chooseSchedule(catalogue, concertId, { date: request.query.date });
      if (!schedule.ok) return responder.refuse(reply, schedule.rejection);
      await answerMap(request, reply, schedule.value, shopper.value, request.query.status ?? null);
    },
  );

  async function refusalOfConcert(concertId: number, shopper: Shopper): Promise<Rejection | null> {
    if ((await catalogue.findConcert(concertId)) === null) return CONCERT_NOT_FOUND;
    return shopper.queue.concertId === concertId ? null : WRONG_CONCERT;
  }

  /** The schedule's owner answers both map and 304, so a caller that has seen a change never sees an older state. */
  async function answerMap(
    request: FastifyRequest,
    reply: FastifyReply,
    { scheduleId }: Schedule,
    shopper: Shopper,
    status: SeatStatus | null,
  ): Promise<void> {
    const answer = await router.dispatch<ReadSeatMap>({ type: 'ReadSeatMap', scheduleId });
    if (answer.outcome !== 'granted') return responder.decline(reply, answer);
    const map = answer.value;
    const tag = writer.tagOf(map, shopper.userId);
    reply.header('etag', tag).header('cache-control', 'private, no-cache');
    varyBy(reply, 'Authorization');
    if (namesEntityTag(request.raw.headers['if-none-match'], tag)) {
      reply.code(304).send();
      return;
    }
    reply.header('content-type', 'application/json; charset=utf-8').send(writer.write(map, shopper.userId, status));
  }
}
