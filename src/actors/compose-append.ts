import { composeBoxOffice } from './compose-box-office.ts';
import type { ConfirmedSeats } from './confirmed-seats.ts';
import type { Flush } from './flush.ts';
import type { AppendBatch, ReservationChange, ReservationInsert } from './journal-port.ts';
import type { ScheduleFacts } from './reservation-view.ts';
import type { HoldEnded, HoldExtended, MovedHere } from './seat-event.ts';

/**
 * Numbers a flush from the confirmed tail on and lays it out as rows. A reservation that is held and changed in one flush
 * is one insert as it is at the end, because an update could not see it.
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
  const changes = new Map<string, ReservationChange>();
  let isExtending = false;
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
          firstHeldAt: event.firstHeldAt ?? null,
          extensions: 0,
          seq,
        });
        if (event.firstHeldAt !== undefined) isExtending = true;
        break;
      case 'EXTENDED':
        changes.set(event.reservationId, extend(changes.get(event.reservationId), event, seq));
        isExtending = true;
        break;
      case 'EXPIRED':
      case 'CANCELLED':
        changes.set(event.reservationId, end(changes.get(event.reservationId), event, seq));
        break;
      case 'MOVED_HERE':
        changes.set(event.reservationId, move(event, seq));
        break;
      case 'MOVED_AWAY':
      case 'BLOCKED':
      case 'UNBLOCKED':
      case 'COMPED':
        break;
      case 'CONFIRMED':
      case 'REFUNDED':
        throw new Error('settlements are not appended by flushes');
    }
    seq += 1;
  }
  if (inserts.length > 0 && changes.size > 0) joinChanges(inserts, changes);
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
    changes: [...changes.values()],
    isExtending,
    keys: flush.keys.map(({ userId, claim, grant }) => ({ userId, claim, grant: grant() })),
    boxOffice: flush.acts === null ? null : composeBoxOffice(flush, flush.acts, firstSeq),
  };
}

function extend(before: ReservationChange | undefined, event: HoldExtended, seq: number): ReservationChange {
  const { reservationId, expiresAt } = event;
  const extensions = (before?.extensions ?? 0) + 1;
  return { ...before, reservationId, status: 'HELD', endedAt: null, expiresAt, extensions, seq };
}

function end(before: ReservationChange | undefined, event: HoldEnded, seq: number): ReservationChange {
  const { reservationId, type: status, at: endedAt } = event;
  const { expiresAt, extensions } = before ?? { expiresAt: null, extensions: 0 };
  return { ...before, reservationId, status, endedAt, expiresAt, extensions, seq };
}

/** A reservation is durable when it moves, so its move is its first change in a flush. */
function move({ reservationId, seatNumber, status }: MovedHere, seq: number): ReservationChange {
  return { reservationId, status, endedAt: null, expiresAt: null, extensions: 0, seq, movedTo: seatNumber };
}

/** Moves the changes of reservations that are inserted by the same flush into their inserts. */
function joinChanges(inserts: ReservationInsert[], changes: Map<string, ReservationChange>): void {
  for (const [position, insert] of inserts.entries()) {
    const change = changes.get(insert.reservationId);
    if (change === undefined) continue;
    changes.delete(insert.reservationId);
    const { status, endedAt, extensions, seq } = change;
    if (status === 'CONFIRMED') throw new Error('a reservation moved in the flush in which it was made');
    inserts[position] = {
      ...insert,
      status,
      endedAt,
      extensions,
      seq,
      expiresAt: change.expiresAt ?? insert.expiresAt,
    };
  }
}
