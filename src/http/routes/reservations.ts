import type { Static } from 'typebox';
import { nextCursorOf, readPageQuery, RESERVATIONS_LIST } from '../answers/cursor.ts';
import { respondWithSeats } from '../answers/seat-answer.ts';
import { claimOf } from '../identity/claim.ts';
import { chooseSchedule } from '../../booking/choose-schedule.ts';
import { extendHolds, type HoldWish, holdSeats, type SeatSelection, type Shopper } from '../../booking/hold-seats.ts';
import { type Outcome, refused } from '../../booking/outcome.ts';
import { nameReservation } from '../../booking/seat-names.ts';
import { readSettled } from '../../booking/read-reservations.ts';
import { releaseHold } from '../../booking/release-hold.ts';
import type { RejectionCode } from '../../domain/errors.ts';
import type { Schedule } from '../../domain/catalogue.ts';
import { IdempotencyHeaders, NoBody, NoQuery, refer } from '../schemas/basics.ts';
import {
  ExtendRequest,
  HoldRequest,
  Reservation,
  ReservationList,
  ReservationPage,
  ReservationParams,
  ReservationsQuery,
  ReserveParams,
  ReserveRequest,
} from '../schemas/reservations.ts';
import type { App, Services } from '../services.ts';
import { soon } from '../../booking/soon.ts';

const holdRefusals: readonly RejectionCode[] = [
  'SCHEDULE_NOT_FOUND',
  'SEAT_NOT_FOUND',
  'QUEUE_WRONG_CONCERT',
  'BOOKING_NOT_OPEN',
  'BOOKING_CLOSED',
  'RESERVATION_NOT_OPEN',
  'SCHEDULE_CANCELLED',
  'SEAT_LIMIT_REACHED',
  'SEAT_TAKEN',
  'EXTENSION_LIMIT_REACHED',
  'LEAVES_SINGLE_SEAT',
  'SEAT_ACCESSIBLE_ONLY',
  'IDEMPOTENCY_IN_PROGRESS',
  'IDEMPOTENCY_KEY_REUSED',
];

export function reservationRoutes(app: App, services: Services): void {
  const { catalogue, reservations, seatNames, guards, idempotency, responder } = services;

  /** Acts on a schedule for a shopper whose token is ACTIVE. */
  function onSchedule(
    scheduleId: number,
    { queue }: Shopper,
    act: (schedule: Schedule) => Outcome | Promise<Outcome>,
  ): Outcome | Promise<Outcome> {
    return soon(guards.admit(queue), (rejection) => {
      if (rejection !== null) return { outcome: 'refused', rejection };
      return soon(catalogue.findSchedule(scheduleId), (schedule) =>
        schedule === null ? refused('SCHEDULE_NOT_FOUND') : act(schedule),
      );
    });
  }

  app.post(
    '/reservations',
    {
      schema: {
        operationId: 'holdSeats',
        summary: 'Hold one seat, several at once, or the best ones',
        description:
          "201 with a Reservation for `seatNumber`, else with a list of them; 200 when all were the caller's holds already. With `count` the service chooses: front rows first, then the centre of the row, side by side unless `together` is false. `section`, `level` and `maxPrice` say which seats will do.",
        tags: ['reservations'],
        body: HoldRequest,
        querystring: NoQuery,
        headers: IdempotencyHeaders,
        response: { 200: refer(Reservation), 201: refer(Reservation) },
      },
      config: {
        guard: 'admittedShopper',
        refuses: [...holdRefusals, 'NO_BLOCK'],
        answers: { 200: oneOrMany(), 201: oneOrMany() },
      },
    },
    (request, reply) =>
      soon(guards.shopper(request), (shopper) => {
        if (!shopper.ok) return responder.refuse(reply, shopper.rejection);
        const { body } = request;
        const claim = claimOf(request, 'POST /reservations');
        const isAccessible = body.accessible === true;
        const wish: HoldWish = { shopper: shopper.value, selection: selectionOf(body), isAccessible, claim };
        const perform = () =>
          onSchedule(body.scheduleId, wish.shopper, (schedule) => holdSeats(services, schedule, wish));
        return soon(idempotency.run(shopper.value.userId, claim, perform), (outcome) =>
          respondWithSeats(services, reply, outcome, 'seatNumber' in body ? 'one' : 'many'),
        );
      }),
  );

  app.post(
    '/reservations/extend',
    {
      schema: {
        operationId: 'extendHolds',
        summary: "Give the caller's holds of a schedule more time",
        description:
          'A hold can be extended 10 times, and lasts HOLD_TOTAL_MS in all at most; holding a seat again within a minute counts from the first hold. The answer has all holds of the schedule, also those that are at their limit; 409 when all are.',
        tags: ['reservations'],
        body: ExtendRequest,
        querystring: NoQuery,
        headers: IdempotencyHeaders,
        response: { 200: refer(ReservationList) },
      },
      config: {
        guard: 'admittedShopper',
        refuses: [
          'SCHEDULE_NOT_FOUND',
          'RESERVATION_NOT_FOUND',
          'QUEUE_WRONG_CONCERT',
          'BOOKING_NOT_OPEN',
          'BOOKING_CLOSED',
          'RESERVATION_NOT_OPEN',
          'SCHEDULE_CANCELLED',
          'EXTENSION_LIMIT_REACHED',
          'IDEMPOTENCY_IN_PROGRESS',
          'IDEMPOTENCY_KEY_REUSED',
        ],
      },
    },
    async (request, reply) => {
      const shopper = await guards.shopper(request);
      if (!shopper.ok) return responder.refuse(reply, shopper.rejection);
      const claim = claimOf(request, 'POST /reservations/extend');
      const { scheduleId } = request.body;
      const outcome = await idempotency.run(shopper.value.userId, claim, () =>
        onSchedule(scheduleId, shopper.value, (schedule) => extendHolds(services, schedule, shopper.value, claim)),
      );
      return respondWithSeats(services, reply, outcome);
    },
  );

  app.post(
    '/concerts/:concertId/seats/:seatNumber/reserve',
    {
      schema: {
        operationId: 'holdSeatByNumber',
        summary: 'Hold one seat, named by concert and number',
        description: 'The body names the schedule or date; it is optional when the concert has one schedule.',
        tags: ['reservations'],
        params: ReserveParams,
        body: ReserveRequest,
        querystring: NoQuery,
        headers: IdempotencyHeaders,
        response: { 200: refer(Reservation), 201: refer(Reservation) },
      },
      config: { guard: 'admittedShopper', refuses: ['CONCERT_NOT_FOUND', 'SCHEDULE_AMBIGUOUS', ...holdRefusals] },
    },
    async (request, reply) => {
      const shopper = await guards.shopper(request);
      if (!shopper.ok) return responder.refuse(reply, shopper.rejection);
      const claim = claimOf(request, 'POST /concerts/:concertId/seats/:seatNumber/reserve');
      const wish: HoldWish = {
        shopper: shopper.value,
        selection: { seatNumbers: [Number(request.params.seatNumber)] },
        claim,
      };
      const concertId = Number(request.params.concertId);
      const outcome = await idempotency.run(shopper.value.userId, claim, () =>
        holdByConcert(concertId, request.body ?? {}, shopper.value, (schedule) => holdSeats(services, schedule, wish)),
      );
      return respondWithSeats(services, reply, outcome);
    },
  );

  async function holdByConcert(
    concertId: number,
    choice: { scheduleId?: number; date?: string },
    { queue }: Shopper,
    hold: (schedule: Schedule) => Outcome | Promise<Outcome>,
  ): Promise<Outcome> {
    const refusal = await guards.admit(queue);
    if (refusal !== null) return { outcome: 'refused', rejection: refusal };
    if ((await catalogue.findConcert(concertId)) === null) return refused('CONCERT_NOT_FOUND');
    if (queue.concertId !== concertId) return refused('QUEUE_WRONG_CONCERT');
    const schedule = await chooseSchedule(catalogue, concertId, choice);
    return schedule.ok ? hold(schedule.value) : { outcome: 'refused', rejection: schedule.rejection };
  }

  app.get(
    '/reservations/:reservationId',
    {
      schema: {
        operationId: 'getReservation',
        summary: "One of the caller's reservations",
        description: 'While a payment of the hold is being decided, the answer waits for its outcome.',
        tags: ['reservations'],
        params: ReservationParams,
        querystring: NoQuery,
        response: { 200: refer(Reservation) },
      },
      config: { guard: 'userOrShopper', refuses: ['RESERVATION_NOT_FOUND'] },
    },
    async (request, reply) => {
      const caller = await guards.userOrShopper(request);
      if (!caller.ok) return responder.refuse(reply, caller.rejection);
      const { userId } = caller.value;
      const ids = [request.params.reservationId];
      const [reservation] = await readSettled(
        services,
        () => reservations.findMany(userId, ids),
        (found) => found,
      );
      if (reservation === undefined) return responder.refuse(reply, { code: 'RESERVATION_NOT_FOUND', members: {} });
      reply.send(nameReservation(reservation, await seatNames.of(reservation.scheduleId)));
    },
  );

  app.get(
    '/me/reservations',
    {
      schema: {
        operationId: 'listReservations',
        summary: "The caller's reservations, newest first",
        description: '`status` selects the reservations in one status.',
        tags: ['reservations'],
        querystring: ReservationsQuery,
        response: { 200: ReservationPage },
      },
      config: { guard: 'userOrShopper' },
    },
    async (request, reply) => {
      const caller = await guards.userOrShopper(request);
      if (!caller.ok) return responder.refuse(reply, caller.rejection);
      const { userId } = caller.value;
      const status = request.query.status ?? null;
      const scope = `${userId} ${status ?? ''}`;
      const query = readPageQuery(request.query, RESERVATIONS_LIST, scope);
      if (!query.ok) return responder.refuse(reply, query.rejection);
      const page = await readSettled(
        services,
        () => reservations.list(userId, status, query.value),
        ({ items }) => items,
      );
      reply.send({
        reservations: await seatNames.name(page.items),
        nextCursor: nextCursorOf(page, RESERVATIONS_LIST, scope),
      });
    },
  );

  app.delete(
    '/reservations/:reservationId',
    {
      schema: {
        operationId: 'releaseHold',
        summary: 'Release a hold',
        description:
          'The seat is free at once. Only a HELD reservation can be released; a paid one is refunded with its payment.',
        tags: ['reservations'],
        params: ReservationParams,
        body: NoBody,
        querystring: NoQuery,
        response: { 200: refer(Reservation) },
      },
      config: { guard: 'userOrShopper', refuses: ['RESERVATION_NOT_FOUND', 'RESERVATION_NOT_HELD'] },
    },
    async (request, reply) => {
      const caller = await guards.userOrShopper(request);
      if (!caller.ok) return responder.refuse(reply, caller.rejection);
      const outcome = await releaseHold(services, caller.value.userId, request.params.reservationId);
      return respondWithSeats(services, reply, outcome);
    },
  );
}

function selectionOf(body: Static<typeof HoldRequest>): SeatSelection {
  if ('seatNumbers' in body) return { seatNumbers: body.seatNumbers };
  if ('seatNumber' in body) return { seatNumbers: [body.seatNumber] };
  const { count, together = true, section = null, level = null, maxPrice = null } = body;
  return { count, isTogether: together, filter: { section, level, maxPrice } };
}

function oneOrMany(): object {
  return { anyOf: [refer(Reservation), refer(ReservationList)] };
}
