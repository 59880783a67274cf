import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Outcome, Replayed } from '../../booking/outcome.ts';
import { type Admin, admitsConcert, type AdminAnswer } from '../../domain/admin.ts';
import { accept, type Decision, Fault, type RejectionCode, reject } from '../../domain/errors.ts';
import type { OwnerAct } from '../../domain/owner-act.ts';
import type { Payment as Paid } from '../../domain/payment.ts';
import type { Reservation as Reserved } from '../../domain/reservation.ts';
import { actAtOwner } from '../answers/owner-act.ts';
import { IdempotencyHeaders, NoQuery, refer } from '../schemas/basics.ts';
import { ChangedSeats, Comp, MoveRequest, ScheduleParams, SeatParams, SeatsToChange } from '../schemas/box-office.ts';
import { normaliseText } from '../schemas/formats.ts';
import { Payment } from '../schemas/payments.ts';
import { Reservation, ReservationParams } from '../schemas/reservations.ts';
import type { App, Services } from '../services.ts';

const REFUSALS: readonly RejectionCode[] = ['SCHEDULE_CANCELLED', 'IDEMPOTENCY_IN_PROGRESS', 'IDEMPOTENCY_KEY_REUSED'];

/** Routes with which the box office changes seats. The schedule's owner decides each. */
export function boxOfficeRoutes(app: App, services: Services): void {
  const { catalogue, guards, newId, reservations, responder, router, seatNames, users } = services;

  for (const { name, command, summary, description } of [
    {
      name: 'block',
      command: 'BlockSeats',
      summary: 'Take seats out of the sale',
      description:
        'All of the seats, or none. Maps show them as BLOCKED, without the reason. A seat that is blocked stays so.',
    },
    {
      name: 'unblock',
      command: 'UnblockSeats',
      summary: 'Put blocked seats back into the sale',
      description: 'All of the seats, or none. A seat that is free stays so.',
    },
  ] as const) {
    app.post(
      `/admin/schedules/:scheduleId/seats/${name}`,
      {
        schema: {
          operationId: `${name}Seats`,
          summary,
          description,
          tags: ['admin'],
          params: ScheduleParams,
          body: SeatsToChange,
          querystring: NoQuery,
          headers: IdempotencyHeaders,
          response: { 200: refer(ChangedSeats) },
        },
        config: { guard: 'admin', refuses: ['SCHEDULE_NOT_FOUND', 'SEAT_NOT_FOUND', 'SEAT_TAKEN', ...REFUSALS] },
      },
      async (request, reply) => {
        const admin = await findSchedule(request, Number(request.params.scheduleId));
        if (!admin.ok) return responder.refuse(reply, admin.rejection);
        const { scheduleId } = request.params;
        const { seatNumbers, reason } = request.body;
        const outcome = await act(request, admin.value, 200, reason, async (ownerAct) =>
          router.dispatch({ type: command, scheduleId: Number(scheduleId), seatNumbers, act: ownerAct }),
        );
        responder.respond(reply, outcome, (recorded) => recorded);
      },
    );
  }

  app.post(
    '/admin/schedules/:scheduleId/seats/:seatNumber/comp',
    {
      schema: {
        operationId: 'compSeat',
        summary: 'Give a free seat to a user',
        description:
          'The ticket costs 0 won and is not in the ledger; its refund gives back 0 won. The booking window and the limit of seats do not apply.',
        tags: ['admin'],
        params: SeatParams,
        body: Comp,
        querystring: NoQuery,
        headers: IdempotencyHeaders,
        response: { 201: refer(Payment) },
      },
      config: {
        guard: 'admin',
        refuses: ['SCHEDULE_NOT_FOUND', 'SEAT_NOT_FOUND', 'USER_NOT_FOUND', 'SEAT_TAKEN', ...REFUSALS],
      },
    },
    async (request, reply) => {
      const scheduleId = Number(request.params.scheduleId);
      const seatNumber = Number(request.params.seatNumber);
      const admin = await findSchedule(request, scheduleId, seatNumber);
      if (!admin.ok) return responder.refuse(reply, admin.rejection);
      const { userId, reason } = request.body;
      if ((await users.find(userId)) === null) return responder.refuse(reply, { code: 'USER_NOT_FOUND', members: {} });
      const outcome = await act(request, admin.value, 201, reason, async (ownerAct) =>
        router.dispatch({ type: 'CompSeat', scheduleId, userId, seatNumber, paymentId: newId(), act: ownerAct }),
      );
      await answerNamed(reply, outcome, async (body) => {
        const payment = body as Paid;
        return { ...payment, reservations: await seatNames.name(payment.reservations) };
      });
    },
  );

  app.post(
    '/admin/reservations/:reservationId/move',
    {
      schema: {
        operationId: 'moveReservation',
        summary: 'Move a reservation to another seat of its date',
        description: 'Holds and paid reservations keep their price, and holds their end. Both seats change at once.',
        tags: ['admin'],
        params: ReservationParams,
        body: MoveRequest,
        querystring: NoQuery,
        headers: IdempotencyHeaders,
        response: { 200: refer(Reservation) },
      },
      config: {
        guard: 'admin',
        refuses: ['RESERVATION_NOT_FOUND', 'SEAT_NOT_FOUND', 'SEAT_TAKEN', 'RESERVATION_NOT_HELD', ...REFUSALS],
      },
    },
    async (request, reply) => {
      const admin = await guards.admin(request);
      if (!admin.ok) return responder.refuse(reply, admin.rejection);
      const { reservationId } = request.params;
      const reservation = await reservations.find(reservationId);
      if (reservation === null || !admitsConcert(admin.value, reservation.concertId)) {
        return responder.refuse(reply, { code: 'RESERVATION_NOT_FOUND', members: {} });
      }
      const { scheduleId } = reservation;
      const { seatNumber, reason } = request.body;
      const outcome = await act(request, admin.value, 200, reason, async (ownerAct) =>
        withStatus(
          await router.dispatch({ type: 'MoveReservation', scheduleId, reservationId, seatNumber, act: ownerAct }),
          reservationId,
        ),
      );
      await answerNamed(reply, outcome, async (body) => {
        const [named] = await seatNames.name([body as Reserved]);
        return named ?? body;
      });
    },
  );

  async function findSchedule(request: FastifyRequest, scheduleId: number, seatNumber = 1): Promise<Decision<Admin>> {
    const admin = await guards.admin(request);
    if (!admin.ok) return admin;
    const schedule = await catalogue.findSchedule(scheduleId);
    if (schedule === null || !admitsConcert(admin.value, schedule.concertId)) return reject('SCHEDULE_NOT_FOUND');
    return seatNumber > schedule.totalSeats ? reject('SEAT_NOT_FOUND') : accept(admin.value);
  }

  function act<T extends object>(
    request: FastifyRequest,
    admin: Admin,
    status: OwnerAct['status'],
    reason: string,
    perform: (ownerAct: OwnerAct) => Promise<Outcome<T>>,
  ): Promise<Outcome<AdminAnswer> | Replayed<AdminAnswer>> {
    return actAtOwner(services, request, admin, { status, reason: normaliseText(reason) }, perform);
  }

  /** The owner remembers the latest ends only; the row knows all. */
  async function withStatus<T>(outcome: Outcome<T>, reservationId: string): Promise<Outcome<T>> {
    if (outcome.outcome !== 'refused' || outcome.rejection.code !== 'RESERVATION_NOT_HELD') return outcome;
    const ended = await reservations.find(reservationId);
    if (ended === null) return outcome;
    return { outcome: 'refused', rejection: { code: 'RESERVATION_NOT_HELD', members: { status: ended.status } } };
  }

  /** As `respondWithSeats`: an answer whose seats cannot be named may have been granted. */
  async function answerNamed(
    reply: FastifyReply,
    outcome: Outcome<AdminAnswer> | Replayed<AdminAnswer>,
    name: (body: object) => Promise<object>,
  ): Promise<void> {
    if (outcome.outcome !== 'granted' && outcome.outcome !== 'replayed') return responder.decline(reply, outcome);
    try {
      const { status, body } = outcome.value;
      const named = await name(body);
      responder.respond(reply, outcome, () => ({ status, body: named }));
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      responder.failed(reply, new Fault(error.code, 'unknown', { cause: error }));
    }
  }
}
