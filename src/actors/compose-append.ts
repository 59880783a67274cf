import type { ConfirmedSeats } from './confirmed-seats.ts';
import type { Flush } from './flush.ts';
import type { AppendBatch, ReservationEnd, ReservationInsert } from './journal-port.ts';
import type { ScheduleFacts } from './reservation-view.ts';

/**
 * Numbers a flush from the confirmed tail on and lays it out as rows. A reservation that is held and ended in one flush is
 * one insert with its last status, because an update could not see it.
 */
export function composeAppend(
  flush: Flush,
  facts: ScheduleFacts,
  confirmed: ConfirmedSeats,
  batchId: string,
): AppendBatch {
  const firstSeq = confirmed.seq + 1;
  flush.number(confirmed.epoch, firstSeq);
  const inserts: ReservationInsert[] = [];
  const ends: ReservationEnd[] = [];
  let seq = firstSeq;
  for (const event of flush.events) {
    switch (event.type) {
      case 'HELD':
        inserts.push({
          reservationId: event.reservationId,
          userId: event.userId,
          seatNumber: event.seatNumber,
          price: event.price,
          status: 'HELD',
          createdAt: event.at,
          expiresAt: event.expiresAt,
          endedAt: null,
          seq,
        });
        break;
      case 'EXPIRED':
      case 'CANCELLED':
        ends.push({ reservationId: event.reservationId, status: event.type, endedAt: event.at, seq });
        break;
      case 'CONFIRMED':
      case 'REFUNDED':
        throw new Error('settlements are not appended by flushes');
    }
    seq += 1;
  }
  if (inserts.length > 0 && ends.length > 0) joinEnds(inserts, ends);
  return {
    scheduleId: facts.scheduleId,
    concertId: facts.concertId,
    epoch: confirmed.epoch,
    firstSeq,
    lastSeq: confirmed.seq + flush.events.length,
    nextExpiryAt: flush.nextExpiryAt,
    batchId,
    events: flush.events,
    inserts,
    ends,
    keys: flush.keys.map(({ userId, claim, grant }) => ({ userId, claim, grant: grant() })),
  };
}

/** Moves the ends of reservations that are inserted by the same flush into their inserts. */
function joinEnds(inserts: ReservationInsert[], ends: ReservationEnd[]): void {
  const positions = new Map(inserts.map(({ reservationId }, position) => [reservationId, position]));
  const others = ends.filter((end) => {
    const position = positions.get(end.reservationId);
    const insert = position === undefined ? undefined : inserts[position];
    if (position === undefined || insert === undefined) return true;
    inserts[position] = { ...insert, ...end };
    return false;
  });
  ends.splice(0, ends.length, ...others);
}
