import type { PayReservations } from '../actors/command.ts';
import { accept, type Decision, type Rejection, reject } from '../domain/errors.ts';
import type { IdempotencyClaim } from '../domain/idempotency.ts';
import type { Payment } from '../domain/payment.ts';
import type { QueueIdentity } from '../domain/queue-token.ts';
import type { Reservation, ReservationStatus } from '../domain/reservation.ts';
import { announceCompletion, announceEarlierCompletion } from './announce-end.ts';
import { grantEarlierPayment } from './earlier-payment.ts';
import { granted, type Outcome, type Refused, type Replayed, refused } from './outcome.ts';
import type { Services } from './services.ts';

/** The three ways to name what is to be paid. */
export type PaymentWish =
  | { readonly reservationId: string; readonly seatNumber?: number }
  | { readonly reservationIds: readonly string[] }
  | { readonly scheduleId: number; readonly seatNumber: number };

/** The queue token that a payment must come with, where the queue guards payments. */
export interface PaymentAdmission {
  readonly queue: QueueIdentity;
  /** Why the token may not be used now, or null. */
  refusal(): Promise<Rejection | null>;
}

/**
 * Pays holds of the user, all of one schedule and all or nothing. When an earlier payment that stands has paid for exactly
 * these, it is the answer. Reservations that are final in the store are refused from there; the owner decides about holds.
 */
export async function payReservations(
  services: Services,
  userId: string,
  wish: PaymentWish,
  claim: IdempotencyClaim | null,
  admission: PaymentAdmission | null,
): Promise<Outcome | Replayed> {
  const paid = await services.idempotency.run(userId, claim, () => pay(services, userId, wish, claim, admission));
  if (paid.outcome !== 'replayed') return paid;
  const { value } = paid.value;
  // The key's fingerprint has the route, so the record is one of a payment.
  if (!('paidAt' in value)) throw new Error('a payment met the record of another request');
  return (await announceEarlierCompletion(services, userId, value)) ?? paid;
}

async function pay(
  services: Services,
  userId: string,
  wish: PaymentWish,
  claim: IdempotencyClaim | null,
  admission: PaymentAdmission | null,
): Promise<Outcome> {
  const found = await findReservations(services, userId, wish);
  if (!found.ok) {
    const unadmitted = admission === null ? null : await refusalByQueue(admission, []);
    return { outcome: 'refused', rejection: unadmitted ?? found.rejection };
  }
  const reservations = found.value;
  const [first] = reservations;
  if (first === undefined) return refused('RESERVATION_NOT_FOUND');
  const { scheduleId } = first;
  if (reservations.some((reservation) => reservation.scheduleId !== scheduleId))
    return refused('PAYMENT_SPANS_SCHEDULES');

  const paid = await findEarlierPayment(services, userId, reservations);
  if (paid !== null) return grantEarlierPayment(services, userId, paid, claim);
  const unadmitted = admission === null ? null : await refusalByQueue(admission, reservations);
  if (unadmitted !== null) return { outcome: 'refused', rejection: unadmitted };
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
  if (reply.outcome !== 'granted') return reply;
  if ('alreadyPaid' in reply.value) {
    const payment = await services.payments.find(userId, reply.value.alreadyPaid);
    if (payment?.status !== 'COMPLETED') return refused('RESERVATION_NOT_HELD', { status: 'REFUNDED' });
    return grantEarlierPayment(services, userId, payment, claim);
  }
  const { grant, completedToken } = reply.value;
  const failed = completedToken === null ? null : await announceCompletion(services, userId, completedToken);
  return failed ?? granted(grant);
}

/**
 * Why the queue refuses the payment, or null. Live holds stay payable with the token that granted them, whatever has become of
 * it: they are of its concert, and were made before its end.
 */
async function refusalByQueue(
  { queue, refusal }: PaymentAdmission,
  reservations: readonly Reservation[],
): Promise<Rejection | null> {
  const isOfConcert = reservations.every(({ concertId }) => concertId === queue.concertId);
  const rejection = await refusal();
  if (rejection === null) return isOfConcert ? null : { code: 'QUEUE_WRONG_CONCERT', members: {} };
  const { endedAtMs } = queue;
  const isGrantedByIt = ({ status, createdAt }: Reservation): boolean =>
    status === 'HELD' && endedAtMs !== null && Date.parse(createdAt) <= endedAtMs;
  return isOfConcert && reservations.length > 0 && reservations.every(isGrantedByIt) ? null : rejection;
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

function refusalOf(reservations: readonly Reservation[], oddStatus: ReservationStatus): Refused {
  if (reservations.every(({ status }) => status === 'EXPIRED')) return refused('RESERVATION_EXPIRED');
  if (reservations.every(({ status }) => status === 'CANCELLED')) return refused('RESERVATION_CANCELLED');
  return refused('RESERVATION_NOT_HELD', { status: oddStatus });
}
