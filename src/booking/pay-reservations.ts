import type { PayReservations } from '../actors/command.ts';
import { accept, type Decision, reject } from '../domain/errors.ts';
import type { IdempotencyClaim } from '../domain/idempotency.ts';
import type { Payment } from '../domain/payment.ts';
import type { Reservation, ReservationStatus } from '../domain/reservation.ts';
import { announceCompletion, announceEarlierCompletion } from './announce-end.ts';
import { done, type KeyTaken, type Outcome, outcomeOf, type Replayed, refused } from './outcome.ts';
import { answerEarlierPayment, type PaymentAnswer } from './payment-answer.ts';
import type { Services } from './services.ts';

/** The three ways to name what is to be paid. */
export type PaymentWish =
  | { readonly reservationId: string; readonly seatNumber?: number }
  | { readonly reservationIds: readonly string[] }
  | { readonly scheduleId: number; readonly seatNumber: number };

/**
 * Pays holds of the user, all of one schedule and all or nothing. When an earlier payment that stands has paid for exactly
 * these, it is the answer. Reservations that are final in the store are refused from there; the owner decides about holds.
 */
export async function payReservations(
  services: Services,
  userId: string,
  wish: PaymentWish,
  claim: IdempotencyClaim | null,
): Promise<Outcome<PaymentAnswer> | Replayed | KeyTaken> {
  const outcome = await services.idempotency.run(userId, claim, () => pay(services, userId, wish, claim));
  if (outcome.kind !== 'replayed') return outcome;
  return (await announceEarlierCompletion(services, userId, readReplayedPayment(outcome.body))) ?? outcome;
}

/** What a recorded payment says of its token's end. A body without these members is a bug. */
function readReplayedPayment(body: unknown): { concertId: number; paidAt: string } {
  const { concertId, paidAt } = body as { readonly concertId?: unknown; readonly paidAt?: unknown };
  if (typeof concertId !== 'number' || typeof paidAt !== 'string') throw new Error('a recorded payment is incomplete');
  return { concertId, paidAt };
}

async function pay(
  services: Services,
  userId: string,
  wish: PaymentWish,
  claim: IdempotencyClaim | null,
): Promise<Outcome<PaymentAnswer> | KeyTaken> {
  const found = await findReservations(services, userId, wish);
  if (!found.ok) return { kind: 'refused', rejection: found.rejection };
  const reservations = found.value;
  const [first] = reservations;
  if (first === undefined) return refused('RESERVATION_NOT_FOUND');
  const { scheduleId } = first;
  if (reservations.some((reservation) => reservation.scheduleId !== scheduleId))
    return refused('PAYMENT_SPANS_SCHEDULES');

  const paid = await findEarlierPayment(services, userId, reservations);
  if (paid !== null) return answerEarlierPayment(services, userId, paid, claim);
  const odd = reservations.find(({ status }) => status !== 'HELD');
  if (odd !== undefined) return refusalOf(reservations, odd.status);

  const reply = await services.router.dispatch<PayReservations>({
    type: 'PayReservations',
    scheduleId,
    userId,
    paymentId: services.newId(),
    reservationIds: reservations.map(({ reservationId }) => reservationId),
    claim,
  });
  if (reply.outcome === 'granted' && 'alreadyPaid' in reply.value) {
    const payment = await services.payments.find(userId, reply.value.alreadyPaid);
    if (payment?.status !== 'COMPLETED') return refused('RESERVATION_NOT_HELD', { status: 'REFUNDED' });
    return answerEarlierPayment(services, userId, payment, claim);
  }
  if (reply.outcome === 'granted' && 'completedToken' in reply.value && reply.value.completedToken !== null) {
    const failed = await announceCompletion(services, userId, reply.value.completedToken);
    if (failed !== null) return failed;
  }
  return outcomeOf<PayReservations, PaymentAnswer>(reply, (granted) => {
    if ('alreadyPaid' in granted) throw new Error('an earlier payment was answered before');
    return done(201, { ...granted.payment, remainingBalance: granted.remainingBalance });
  });
}

/** The reservations in the order in which they were named. Somebody else's are not found, like unknown ones. */
async function findReservations(
  { reservations, catalogue }: Services,
  userId: string,
  wish: PaymentWish,
): Promise<Decision<readonly Reservation[]>> {
  if ('scheduleId' in wish) {
    const newest = await reservations.findNewestOfSeat(userId, wish.scheduleId, wish.seatNumber);
    if (newest !== null) return accept([newest]);
    const schedule = await catalogue.findSchedule(wish.scheduleId);
    if (schedule === null) return reject('SCHEDULE_NOT_FOUND');
    return reject(wish.seatNumber > schedule.totalSeats ? 'SEAT_NOT_FOUND' : 'RESERVATION_NOT_FOUND');
  }
  const ids = 'reservationIds' in wish ? wish.reservationIds : [wish.reservationId];
  const found = new Map(
    (await reservations.findMany(userId, ids)).map((reservation) => [reservation.reservationId, reservation]),
  );
  const named: Reservation[] = [];
  for (const id of ids) {
    const reservation = found.get(id);
    if (reservation === undefined) return reject('RESERVATION_NOT_FOUND');
    if ('seatNumber' in wish && wish.seatNumber !== undefined && reservation.seatNumber !== wish.seatNumber) {
      return reject('RESERVATION_NOT_FOUND');
    }
    named.push(reservation);
  }
  return accept(named);
}

/** The payment that stands and paid exactly these reservations, or null. */
async function findEarlierPayment(
  { payments }: Services,
  userId: string,
  reservations: readonly Reservation[],
): Promise<Payment | null> {
  const paymentId = reservations[0]?.paymentId ?? null;
  if (
    paymentId === null ||
    reservations.some((other) => other.status !== 'CONFIRMED' || other.paymentId !== paymentId)
  ) {
    return null;
  }
  const payment = await payments.find(userId, paymentId);
  return payment?.status === 'COMPLETED' && payment.reservations.length === reservations.length ? payment : null;
}

function refusalOf(reservations: readonly Reservation[], oddStatus: ReservationStatus): Outcome<never> {
  if (reservations.every(({ status }) => status === 'EXPIRED')) return refused('RESERVATION_EXPIRED');
  if (reservations.every(({ status }) => status === 'CANCELLED')) return refused('RESERVATION_CANCELLED');
  return refused('RESERVATION_NOT_HELD', { status: oddStatus });
}
