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
  const inserts = new Map<string, ReservationInsert>();
  const ends: ReservationEnd[] = [];
  for (const [position, event] of flush.events.entries()) {
    const seq = firstSeq + position;
    switch (event.type) {
      case 'HELD':
        inserts.set(event.reservationId, {
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
      case 'CANCELLED': {
        const insert = inserts.get(event.reservationId);
        const end = { status: event.type, endedAt: event.at, seq };
        if (insert === undefined) ends.push({ reservationId: event.reservationId, ...end });
        else inserts.set(event.reservationId, { ...insert, ...end });
        break;
      }
      case 'CONFIRMED':
      case 'REFUNDED':
        throw new Error('settlements are not appended by flushes');
    }
  }
  return {
    scheduleId: facts.scheduleId,
    concertId: facts.concertId,
    epoch: confirmed.epoch,
    firstSeq,
    lastSeq: confirmed.seq + flush.events.length,
    nextExpiryAt: flush.nextExpiryAt,
    batchId,
    events: flush.events,
    inserts: [...inserts.values()],
    ends,
    keys: flush.keys.map((key) => ({
      userId: key.userId,
      key: key.key,
      fingerprint: key.fingerprint,
      status: key.status,
      body: key.body(),
    })),
  };
}
