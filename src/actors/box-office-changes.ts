import type { Block, Comp, Move } from './schedule-machine-event.ts';
import type { Seat } from './seat.ts';
import { type Changed, log, type ScheduleContext } from './seat-decisions.ts';
import type { SeatEvent } from './seat-event.ts';

/** What organisers change in a hall: the guards and the changes of the machine's events. */

export function mayBlock({ hall }: ScheduleContext, { seatNumbers }: Block): boolean {
  return seatNumbers.every((seatNumber) => hall.seats[seatNumber - 1]?.live === null);
}

/** Logs nothing for a seat that is as it should be. */
export function block(context: ScheduleContext, { seatNumbers, isBlocked, at }: Block): Changed {
  const from = isBlocked ? 'AVAILABLE' : 'BLOCKED';
  const events: SeatEvent[] = seatNumbers
    .filter((seatNumber) => context.hall.seats[seatNumber - 1]?.status === from)
    .map((seatNumber) => ({ type: isBlocked ? 'BLOCKED' : 'UNBLOCKED', seatNumber, at }));
  return log(context, events);
}

export function mayComp({ hall }: ScheduleContext, { seatNumber }: Comp): boolean {
  return isFree(hall.seats[seatNumber - 1]);
}

export function comp(context: ScheduleContext, event: Comp): Changed {
  const { seatNumber, reservationId, userId, paymentId, at } = event;
  return log(context, [{ type: 'COMPED', seatNumber, reservationId, userId, paymentId, at }]);
}

export function mayMove(context: ScheduleContext, event: Move): boolean {
  return eventsOfMove(context, event).length > 0;
}

export function move(context: ScheduleContext, event: Move): Changed {
  return log(context, eventsOfMove(context, event));
}

/** Both seats' changes; none where the move is not possible. */
function eventsOfMove({ hall }: ScheduleContext, { reservationId, seatNumber, at }: Move): readonly SeatEvent[] {
  const from = hall.seats.find((seat) => seat.live?.reservationId === reservationId);
  if (from === undefined || (from.status !== 'HELD' && from.status !== 'CONFIRMED')) return [];
  if (!isFree(hall.seats[seatNumber - 1])) return [];
  const { seatNumber: fromSeatNumber, status, live } = from;
  return [
    { type: 'MOVED_AWAY', seatNumber: fromSeatNumber, reservationId, at, toSeatNumber: seatNumber },
    { type: 'MOVED_HERE', seatNumber, at, fromSeatNumber, status, ...live },
  ];
}

function isFree(seat: Seat | undefined): boolean {
  return seat?.status === 'AVAILABLE';
}
