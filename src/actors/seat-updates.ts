import type { SeatUpdate, SeatUpdates } from '../domain/seat-broadcast.ts';
import type { SeatEvent } from './seat-event.ts';

/** What watchers are told of committed events, the last of which has the number `seq`. */
export function seatUpdatesOf(
  scheduleId: number,
  epoch: number,
  seq: number,
  events: readonly SeatEvent[],
): SeatUpdates {
  return { scheduleId, epoch, fromSeq: seq - events.length + 1, seq, updates: events.map(updateOf) };
}

function updateOf(event: SeatEvent): SeatUpdate {
  const { seatNumber } = event;
  switch (event.type) {
    case 'HELD':
    case 'EXTENDED':
      return { seatNumber, status: 'HELD', heldUntil: new Date(event.expiresAt).toISOString() };
    case 'CONFIRMED':
    case 'COMPED':
      return { seatNumber, status: 'CONFIRMED', heldUntil: null };
    case 'EXPIRED':
    case 'CANCELLED':
    case 'REFUNDED':
    case 'UNBLOCKED':
    case 'MOVED_AWAY':
      return { seatNumber, status: 'AVAILABLE', heldUntil: null };
    case 'BLOCKED':
      return { seatNumber, status: 'BLOCKED', heldUntil: null };
    case 'MOVED_HERE': {
      const { status } = event;
      return { seatNumber, status, heldUntil: status === 'HELD' ? new Date(event.expiresAt).toISOString() : null };
    }
  }
}
