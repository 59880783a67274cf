import type { LiveSeat } from '../../src/client/live/live-events.ts';
import type { SeatMapSeen } from './page-event.ts';
import type { Hall } from './page-state.ts';

/**
 * Applies a map to the hall. A map older than the shown one changes nothing, whatever its source: answers and frames overtake
 * each other.
 */
export function seeMap(hall: Hall | null, map: SeatMapSeen): Hall {
  if (hall === null || hall.scheduleId !== map.scheduleId) {
    const { scheduleId, seats, epoch, seq } = map;
    return {
      scheduleId,
      seats,
      epoch,
      seq,
      chosen: [],
      changes: new Map(),
      cursor: null,
      onlyPrice: null,
      isWishing: false,
      wish: null,
      needsAccessible: false,
    };
  }
  if (map.seq < hall.seq) return hall;
  const changed = map.changed ?? differences(hall.seats, map.seats);
  const changes = new Map(hall.changes);
  for (const seatNumber of changed) changes.set(seatNumber, (changes.get(seatNumber) ?? 0) + 1);
  return { ...hall, seats: map.seats, epoch: map.epoch, seq: map.seq, changes };
}

/** The hall without chosen seats that are no longer free, or that the caller holds already. */
export function dropTaken(hall: Hall, own: ReadonlySet<number>): Hall {
  const free = new Set(hall.seats.filter(({ status }) => status === 'AVAILABLE').map(({ seatNumber }) => seatNumber));
  const chosen = hall.chosen.filter((seatNumber) => free.has(seatNumber) && !own.has(seatNumber));
  return chosen.length === hall.chosen.length ? hall : { ...hall, chosen };
}

/** Chosen seats that left the choice because another user took them. */
export function lostSeats(before: Hall | null, hall: Hall | null, own: ReadonlySet<number>): readonly number[] {
  if (before === null || hall === null || before.scheduleId !== hall.scheduleId) return [];
  const taken = new Set(hall.seats.filter(({ status }) => status !== 'AVAILABLE').map(({ seatNumber }) => seatNumber));
  return before.chosen.filter((seat) => !hall.chosen.includes(seat) && taken.has(seat) && !own.has(seat));
}

/** Numbers of the seats whose status differs. */
function differences(before: readonly LiveSeat[], after: readonly LiveSeat[]): number[] {
  const statusBefore = new Map(before.map(({ seatNumber, status }) => [seatNumber, status]));
  return after
    .filter(({ seatNumber, status }) => statusBefore.get(seatNumber) !== status)
    .map(({ seatNumber }) => seatNumber);
}

/** The choice with the seat added or removed; unchanged if the seat is not free. */
export function toggleSeat(hall: Hall, seatNumber: number): Hall {
  if (hall.chosen.includes(seatNumber)) {
    return { ...hall, chosen: hall.chosen.filter((chosen) => chosen !== seatNumber), cursor: seatNumber };
  }
  const isFree = hall.seats.some((seat) => seat.seatNumber === seatNumber && seat.status === 'AVAILABLE');
  return { ...hall, chosen: isFree ? [...hall.chosen, seatNumber] : hall.chosen, cursor: seatNumber };
}

/** The unpaid holds of a hall without a free seat, with the first and the last instant at which they end. */
export interface Returning {
  readonly count: number;
  /** Epoch milliseconds. */
  readonly firstAtMs: number;
  /** Epoch milliseconds. */
  readonly lastAtMs: number;
}

/** Null when no hold can return. */
export function returningSeats(seats: readonly LiveSeat[]): Returning | null {
  const endsMs = seats.flatMap(({ status, heldUntil }) =>
    status === 'HELD' && heldUntil !== undefined ? [Date.parse(heldUntil)] : [],
  );
  if (endsMs.length === 0) return null;
  return { count: endsMs.length, firstAtMs: Math.min(...endsMs), lastAtMs: Math.max(...endsMs) };
}
