import { Hall } from './hall.ts';
import { extendedEnd, isOwnHold } from './hold-rules.ts';
import type {
  CancelAllHolds,
  CancelHoldsOfUser,
  Decline,
  Expire,
  Extend,
  Hold,
  Release,
  Restore,
  Settle,
  TakeUpPayment,
  TakeUpRefund,
} from './schedule-machine-event.ts';
import type { Seat } from './seat.ts';
import type { SeatEvent } from './seat-event.ts';

export interface ScheduleContext {
  readonly hall: Hall;
  readonly seatsPerUser: number;
  /** What the last event that was taken logged. An event that is refused changes nothing, this included. */
  readonly logged: readonly SeatEvent[];
  /** Whether the schedule goes on in `sealed`; nothing unseals it. */
  readonly isSealed: boolean;
}

export type Changed = Partial<ScheduleContext>;

const NOTHING: readonly SeatEvent[] = [];

/** The changes of a hold that is legal. */
export function hold(context: ScheduleContext, event: Hold): Changed {
  const { userId, at, expiresAt, reservationIds, resumed } = event;
  const events: SeatEvent[] = [];
  for (const seatNumber of event.seatNumbers) {
    const seat = context.hall.seats[seatNumber - 1];
    const reservationId = reservationIds[events.length];
    if (seat === undefined || seat.status !== 'AVAILABLE' || reservationId === undefined) continue;
    const held = { type: 'HELD', seatNumber, reservationId, userId, at, expiresAt, price: seat.price } as const;
    const before = resumed?.get(seatNumber);
    if (before === undefined) events.push(held);
    else {
      const { firstHeldAt, until } = before;
      events.push({ ...held, expiresAt: Math.min(expiresAt, until), firstHeldAt });
    }
  }
  return log(context, events);
}

export function mayExtend(context: ScheduleContext, event: Extend): boolean {
  return extensionsOf(context, event).length > 0;
}

export function extend(context: ScheduleContext, event: Extend): Changed {
  return log(context, extensionsOf(context, event));
}

function extensionsOf({ hall }: ScheduleContext, { userId, at, expiresAt: wanted, totalMs }: Extend): SeatEvent[] {
  const events: SeatEvent[] = [];
  for (const seat of hall.seats) {
    if (seat.status !== 'HELD' || seat.live.userId !== userId) continue;
    const { seatNumber, live } = seat;
    const expiresAt = extendedEnd(live, wanted, totalMs);
    if (expiresAt === null) continue;
    events.push({ type: 'EXTENDED', seatNumber, reservationId: live.reservationId, at, expiresAt });
  }
  return events;
}

export function mayRelease({ hall }: ScheduleContext, { userId, reservationId }: Release): boolean {
  return hall.seats.some((seat) => isOwnHold(seat, userId) && seat.live?.reservationId === reservationId);
}

export function release(context: ScheduleContext, { reservationId, at }: Release): Changed {
  return endWhere(context, 'CANCELLED', at, (seat) => seat.live?.reservationId === reservationId);
}

export function cancelHolds(context: ScheduleContext, { userId, heldBefore, at }: CancelHoldsOfUser): Changed {
  return endWhere(context, 'CANCELLED', at, ({ live }) => live?.userId === userId && live.createdAt < heldBefore);
}

export function cancelAllHolds(context: ScheduleContext, { at }: CancelAllHolds): Changed {
  return endWhere(context, 'CANCELLED', at, () => true);
}

export function expire(context: ScheduleContext, { dueBy }: Expire): Changed {
  return endWhere(context, 'EXPIRED', dueBy, ({ live }) => live !== null && live.expiresAt <= dueBy);
}

export function mayTakeUpPayment({ hall }: ScheduleContext, { userId, reservationIds }: TakeUpPayment): boolean {
  return reservationIds.every((id) =>
    hall.seats.some((seat) => isOwnHold(seat, userId) && seat.live?.reservationId === id),
  );
}

export function takeUpPayment({ hall }: ScheduleContext, { reservationIds }: TakeUpPayment): Changed {
  hall.turn('HELD', 'PAYING', isReservedAs(reservationIds));
  return { logged: NOTHING };
}

export function mayTakeUpRefund({ hall }: ScheduleContext, { paymentId, userId }: TakeUpRefund): boolean {
  return hall.seats.some(
    ({ status, live }) => status === 'CONFIRMED' && live?.paymentId === paymentId && live.userId === userId,
  );
}

export function takeUpRefund({ hall }: ScheduleContext, { paymentId }: TakeUpRefund): Changed {
  hall.turn('CONFIRMED', 'REFUNDING', (seat) => seat.live?.paymentId === paymentId);
  return { logged: NOTHING };
}

export function settle(context: ScheduleContext, { events }: Settle): Changed {
  return log(context, events);
}

export function decline({ hall }: ScheduleContext, { reservationIds }: Decline): Changed {
  const isMeant = isReservedAs(reservationIds);
  hall.turn('PAYING', 'HELD', isMeant);
  hall.turn('REFUNDING', 'CONFIRMED', isMeant);
  return { logged: NOTHING };
}

export function restore({ seats }: Restore): Changed {
  return { hall: new Hall(seats), logged: NOTHING };
}

function endWhere(
  context: ScheduleContext,
  type: 'EXPIRED' | 'CANCELLED',
  at: number,
  isMeant: (seat: Seat) => boolean,
): Changed {
  const events: SeatEvent[] = [];
  for (const seat of context.hall.seats) {
    if (seat.status !== 'HELD' || !isMeant(seat)) continue;
    events.push({ type, seatNumber: seat.seatNumber, reservationId: seat.live.reservationId, at });
  }
  return log(context, events);
}

function isReservedAs(reservationIds: readonly string[]): (seat: Seat) => boolean {
  return (seat) => seat.live !== null && reservationIds.includes(seat.live.reservationId);
}

/** Applies the events to the hall. */
export function log(context: ScheduleContext, events: readonly SeatEvent[]): Changed {
  context.hall.apply(events);
  return { logged: events };
}
