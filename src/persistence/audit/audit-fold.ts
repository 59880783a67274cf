/**
 * Folds the log of one schedule, event by event, and compares the result with the rows that the service wrote. It trusts only the
 * log. It reports an event that breaks a rule once and applies the event as far as possible, so that one fault causes no further
 * reports.
 */
import type { ReservationStatus } from '../../domain/reservation.ts';

export type FoldInvariant =
  | 'log-gapless'
  | 'log-epochs'
  | 'log-times'
  | 'log-legal'
  | 'log-equals-rows'
  | 'no-early-expiry'
  | 'alarm-covers-holds'
  | 'seat-limit'
  | 'blocks-equal-log';

export type ReportViolation = (invariant: FoldInvariant, row: object) => void;

/** A row of `seat_log`. */
export interface LogRow {
  readonly schedule_id: number;
  readonly first_seq: number;
  readonly last_seq: number;
  readonly epoch: number;
  readonly events: unknown;
}

/** A row of `schedule_heads`; instants in epoch milliseconds. */
export interface HeadRow {
  readonly schedule_id: number;
  readonly epoch: number;
  readonly seq: number;
  readonly next_expiry_ms: number | null;
}

/** A row of `reservations`, as far as the log says what must be in it; instants in epoch milliseconds. */
export interface LoggedReservation {
  readonly reservation_id: string;
  readonly schedule_id: number;
  readonly user_id: string;
  readonly seat_number: number;
  readonly price: number;
  readonly status: ReservationStatus;
  readonly created_ms: number;
  readonly expires_ms: number;
  readonly first_held_ms: number | null;
  readonly extensions: number;
  readonly moves: number;
  readonly confirmed_ms: number | null;
  readonly ended_ms: number | null;
  readonly payment_id: string | null;
  readonly epoch: number;
  readonly seq: number;
}

/** A row of `blocked_seats`. */
export interface BlockedSeat {
  readonly schedule_id: number;
  readonly seat_number: number;
  readonly epoch: number;
  readonly seq: number;
}

const COMPARED = [
  'user_id',
  'seat_number',
  'price',
  'status',
  'created_ms',
  'expires_ms',
  'first_held_ms',
  'extensions',
  'moves',
  'confirmed_ms',
  'ended_ms',
  'payment_id',
  'epoch',
  'seq',
] as const;

/**
 * How far `at` may fall in log order. An owner knows the database's time to within a round trip, and a hold that waits for a
 * settlement in flight is logged behind it. Both are bounded by the seconds that a statement may take.
 */
const FALL_LIMIT_MS = 10_000;

type Known = { -readonly [K in keyof LoggedReservation]: LoggedReservation[K] };

/** An event as far as the audit reads it; missing members and those of another type are undefined. */
interface ReadEvent {
  readonly type: string | undefined;
  readonly seatNumber: number | undefined;
  readonly reservationId: string | undefined;
  readonly userId: string | undefined;
  readonly paymentId: string | undefined;
  readonly at: number | undefined;
  readonly expiresAt: number | undefined;
  readonly price: number | undefined;
  readonly firstHeldAt: number | undefined;
  readonly toSeatNumber: number | undefined;
  readonly fromSeatNumber: number | undefined;
}

function readEvent(event: unknown): ReadEvent {
  const members = new Map(typeof event === 'object' && event !== null ? Object.entries(event) : []);
  const text = (name: string): string | undefined => {
    const value: unknown = members.get(name);
    return typeof value === 'string' ? value : undefined;
  };
  const whole = (name: string): number | undefined => {
    const value: unknown = members.get(name);
    return Number.isSafeInteger(value) ? Number(value) : undefined;
  };
  return {
    type: text('type'),
    seatNumber: whole('seatNumber'),
    reservationId: text('reservationId'),
    userId: text('userId'),
    paymentId: text('paymentId'),
    at: whole('at'),
    expiresAt: whole('expiresAt'),
    price: whole('price'),
    firstHeldAt: whole('firstHeldAt'),
    toSeatNumber: whole('toSeatNumber'),
    fromSeatNumber: whole('fromSeatNumber'),
  };
}

export interface ScheduleFold {
  /** The next row of the schedule's log, in order of `first_seq`. */
  append(row: LogRow): void;
  /** Compares with the schedule's head, reservations and blocked seats once the whole log was appended. */
  finish(
    head: HeadRow | undefined,
    reservations: readonly LoggedReservation[],
    blockedSeats: readonly BlockedSeat[],
  ): void;
}

/** `maxSeats`: live seats that a user may have of the schedule, or null when that is not to be judged. */
export function createScheduleFold(scheduleId: number, maxSeats: number | null, report: ReportViolation): ScheduleFold {
  const reservations = new Map<string, Known>();
  /** The live reservation of each seat. */
  const seats = new Map<number, Known>();
  /** The change that blocked each blocked seat. */
  const blocked = new Map<number, { readonly epoch: number; readonly seq: number }>();
  /** The change before moved this reservation away from its seat. */
  let moving: { readonly reservation: Known; readonly toSeatNumber: number | undefined } | null = null;
  /** A date without reservations can be deleted; its blocks are all that the log has of it. */
  let hasOnlyBlocks = true;
  const liveSeatsByUser = new Map<string, number>();
  let seq = 0;
  let epoch = 0;
  let latestAt = Number.NEGATIVE_INFINITY;

  function countSeats(userId: string, change: 1 | -1): number {
    const count = (liveSeatsByUser.get(userId) ?? 0) + change;
    liveSeatsByUser.set(userId, count);
    return count;
  }

  function free(reservation: Known): void {
    if (seats.get(reservation.seat_number) === reservation) seats.delete(reservation.seat_number);
    countSeats(reservation.user_id, -1);
  }

  function hold(event: ReadEvent, eventSeq: number, fault: (reason: string) => void): void {
    const { seatNumber, reservationId, userId, at, expiresAt, price, firstHeldAt } = event;
    if (seatNumber === undefined || reservationId === undefined || userId === undefined) return fault('incomplete');
    if (at === undefined || expiresAt === undefined || price === undefined) return fault('incomplete');
    if (expiresAt <= at) fault('a hold that ends before it begins');
    if (firstHeldAt !== undefined && firstHeldAt > at) fault('a hold that its user began later');
    if (reservations.has(reservationId)) return fault('a reservation that was there already');
    checkFree(seatNumber, fault);
    const held: Known = {
      reservation_id: reservationId,
      schedule_id: scheduleId,
      user_id: userId,
      seat_number: seatNumber,
      price,
      status: 'HELD',
      created_ms: at,
      expires_ms: expiresAt,
      first_held_ms: firstHeldAt ?? null,
      extensions: 0,
      moves: 0,
      confirmed_ms: null,
      ended_ms: null,
      payment_id: null,
      epoch,
      seq: eventSeq,
    };
    reservations.set(reservationId, held);
    seats.set(seatNumber, held);
    const seatCount = countSeats(userId, 1);
    if (maxSeats !== null && seatCount > maxSeats) {
      report('seat-limit', { scheduleId, seq: eventSeq, userId, seats: seatCount, limit: maxSeats });
    }
  }

  function checkFree(seatNumber: number, fault: (reason: string) => void): void {
    const holder = seats.get(seatNumber);
    if (holder !== undefined) fault(`the seat is ${holder.status} by ${holder.reservation_id}`);
    if (blocked.has(seatNumber)) fault('the seat is blocked');
  }

  /** An organiser has taken a free seat out of the sale, or put it back. */
  function block(event: ReadEvent, isBlocked: boolean, eventSeq: number, fault: (reason: string) => void): void {
    const { seatNumber } = event;
    if (seatNumber === undefined || event.at === undefined) return fault('incomplete');
    if (isBlocked) {
      checkFree(seatNumber, fault);
      blocked.set(seatNumber, { epoch, seq: eventSeq });
    } else if (!blocked.delete(seatNumber)) fault('the seat is not blocked');
  }

  /** An organiser has given a free seat away. No limit of seats applies. */
  function comp(event: ReadEvent, eventSeq: number, fault: (reason: string) => void): void {
    const { seatNumber, reservationId, userId, paymentId, at } = event;
    if (seatNumber === undefined || reservationId === undefined || userId === undefined) return fault('incomplete');
    if (paymentId === undefined || at === undefined) return fault('incomplete');
    if (reservations.has(reservationId)) return fault('a reservation that was there already');
    checkFree(seatNumber, fault);
    const comped: Known = {
      reservation_id: reservationId,
      schedule_id: scheduleId,
      user_id: userId,
      seat_number: seatNumber,
      price: 0,
      status: 'CONFIRMED',
      created_ms: at,
      expires_ms: at,
      first_held_ms: null,
      extensions: 0,
      moves: 0,
      confirmed_ms: at,
      ended_ms: null,
      payment_id: paymentId,
      epoch,
      seq: eventSeq,
    };
    reservations.set(reservationId, comped);
    seats.set(seatNumber, comped);
    countSeats(userId, 1);
  }

  function moveAway(event: ReadEvent, fault: (reason: string) => void): void {
    const reservation = reservations.get(event.reservationId ?? '');
    if (reservation === undefined) return fault('no such reservation');
    if (reservation.seat_number !== event.seatNumber) fault(`the reservation is of seat ${reservation.seat_number}`);
    if (reservation.status !== 'HELD' && reservation.status !== 'CONFIRMED') {
      return fault(`the reservation is ${reservation.status}`);
    }
    if (seats.get(reservation.seat_number) === reservation) seats.delete(reservation.seat_number);
    moving = { reservation, toSeatNumber: event.toSeatNumber };
  }

  /** Only the change right after the one that moved the reservation away gives it its new seat. */
  function moveHere(event: ReadEvent, eventSeq: number, fault: (reason: string) => void): void {
    const { seatNumber, reservationId, fromSeatNumber } = event;
    if (seatNumber === undefined) return fault('incomplete');
    if (moving === null || moving.reservation.reservation_id !== reservationId)
      return fault('it has not left its seat');
    const { reservation, toSeatNumber } = moving;
    moving = null;
    if (toSeatNumber !== seatNumber || reservation.seat_number !== fromSeatNumber) fault('it left for another seat');
    checkFree(seatNumber, fault);
    seats.set(seatNumber, reservation);
    reservation.seat_number = seatNumber;
    reservation.moves += 1;
    reservation.epoch = epoch;
    reservation.seq = eventSeq;
  }

  function change(
    event: ReadEvent,
    status: ReservationStatus,
    eventSeq: number,
    fault: (reason: string) => void,
  ): void {
    const reservation = reservations.get(event.reservationId ?? '');
    if (reservation === undefined) return fault('no such reservation');
    if (reservation.seat_number !== event.seatNumber) fault(`the reservation is of seat ${reservation.seat_number}`);
    const from: ReservationStatus = status === 'REFUNDED' ? 'CONFIRMED' : 'HELD';
    if (reservation.status !== from) return fault(`the reservation is ${reservation.status}`);
    if (status === 'EXPIRED' && (event.at ?? Number.NEGATIVE_INFINITY) < reservation.expires_ms) {
      report('no-early-expiry', { scheduleId, seq: eventSeq, ...event, expiresAt: reservation.expires_ms });
    }
    if (status === 'CONFIRMED' || status === 'REFUNDED') {
      if (event.paymentId === undefined) fault('no payment');
      else if (status === 'REFUNDED' && event.paymentId !== reservation.payment_id) {
        fault(`it was paid by ${reservation.payment_id}`);
      }
    }
    if (event.at === undefined) fault('no time');
    if (status === 'CONFIRMED') {
      reservation.payment_id = event.paymentId ?? null;
      reservation.confirmed_ms = event.at ?? null;
    } else {
      reservation.ended_ms = event.at ?? null;
      free(reservation);
    }
    reservation.status = status;
    reservation.epoch = epoch;
    reservation.seq = eventSeq;
  }

  /** An organiser has moved the start to before the hold's end. */
  function shorten(event: ReadEvent, eventSeq: number, fault: (reason: string) => void): void {
    const reservation = reservations.get(event.reservationId ?? '');
    if (reservation === undefined) return fault('no such reservation');
    if (reservation.seat_number !== event.seatNumber) fault(`the reservation is of seat ${reservation.seat_number}`);
    if (reservation.status !== 'HELD') return fault(`the reservation is ${reservation.status}`);
    const { expiresAt } = event;
    if (expiresAt === undefined || expiresAt >= reservation.expires_ms) return fault('no earlier end');
    reservation.expires_ms = expiresAt;
    reservation.epoch = epoch;
    reservation.seq = eventSeq;
  }

  function extend(event: ReadEvent, eventSeq: number, fault: (reason: string) => void): void {
    const reservation = reservations.get(event.reservationId ?? '');
    if (reservation === undefined) return fault('no such reservation');
    if (reservation.seat_number !== event.seatNumber) fault(`the reservation is of seat ${reservation.seat_number}`);
    if (reservation.status !== 'HELD') return fault(`the reservation is ${reservation.status}`);
    const { expiresAt, at } = event;
    if (at === undefined) fault('no time');
    if (expiresAt === undefined || expiresAt < reservation.expires_ms) return fault('an earlier end');
    reservation.expires_ms = expiresAt;
    reservation.extensions += 1;
    reservation.epoch = epoch;
    reservation.seq = eventSeq;
  }

  function apply(event: ReadEvent, eventSeq: number): void {
    const fault = (reason: string): void => report('log-legal', { scheduleId, seq: eventSeq, ...event, reason });
    if (event.at !== undefined) {
      if (event.at < latestAt - FALL_LIMIT_MS)
        report('log-times', { scheduleId, seq: eventSeq, at: event.at, latestAt });
      latestAt = Math.max(latestAt, event.at);
    }
    if (event.type !== 'BLOCKED' && event.type !== 'UNBLOCKED') hasOnlyBlocks = false;
    if (moving !== null && event.type !== 'MOVED_HERE') {
      fault(`reservation ${moving.reservation.reservation_id} was moved nowhere`);
      moving = null;
    }
    switch (event.type) {
      case 'BLOCKED':
      case 'UNBLOCKED':
        return block(event, event.type === 'BLOCKED', eventSeq, fault);
      case 'COMPED':
        return comp(event, eventSeq, fault);
      case 'MOVED_AWAY':
        return moveAway(event, fault);
      case 'MOVED_HERE':
        return moveHere(event, eventSeq, fault);
      case 'HELD':
        return hold(event, eventSeq, fault);
      case 'EXTENDED':
        return extend(event, eventSeq, fault);
      case 'SHORTENED':
        return shorten(event, eventSeq, fault);
      case 'EXPIRED':
      case 'CANCELLED':
      case 'CONFIRMED':
      case 'REFUNDED':
        return change(event, event.type, eventSeq, fault);
      default:
        return fault('an unknown type');
    }
  }

  function compareReservations(rows: readonly LoggedReservation[]): void {
    const unseen = new Map(reservations);
    for (const row of rows) {
      const folded = unseen.get(row.reservation_id);
      unseen.delete(row.reservation_id);
      if (folded === undefined) {
        report('log-equals-rows', { scheduleId, reservationId: row.reservation_id, reason: 'a row without a log' });
        continue;
      }
      const differences = COMPARED.filter((column) => row[column] !== folded[column]);
      if (differences.length === 0) continue;
      const inLog = Object.fromEntries(differences.map((column) => [column, folded[column]]));
      const inRow = Object.fromEntries(differences.map((column) => [column, row[column]]));
      report('log-equals-rows', { scheduleId, reservationId: row.reservation_id, inLog, inRow });
    }
    for (const { reservation_id: reservationId, status } of unseen.values()) {
      report('log-equals-rows', { scheduleId, reservationId, status, reason: 'a log without a row' });
    }
  }

  function compareBlocks(rows: readonly BlockedSeat[]): void {
    const unseen = new Map(blocked);
    for (const { seat_number: seatNumber, epoch: rowEpoch, seq: rowSeq } of rows) {
      const logged = unseen.get(seatNumber);
      unseen.delete(seatNumber);
      if (logged?.epoch === rowEpoch && logged.seq === rowSeq) continue;
      report('blocks-equal-log', {
        scheduleId,
        seatNumber,
        inRow: { epoch: rowEpoch, seq: rowSeq },
        inLog: logged ?? null,
      });
    }
    for (const [seatNumber, inLog] of unseen) {
      report('blocks-equal-log', { scheduleId, seatNumber, inRow: null, inLog });
    }
  }

  function compareDeadline(head: HeadRow, rows: readonly LoggedReservation[]): void {
    const deadlines = rows.filter((row) => row.status === 'HELD').map((row) => row.expires_ms);
    const earliest = deadlines.reduce((least, deadline) => Math.min(least, deadline), Number.POSITIVE_INFINITY);
    if (deadlines.length > 0 && (head.next_expiry_ms === null || head.next_expiry_ms > earliest)) {
      report('alarm-covers-holds', { scheduleId, nextExpiry: head.next_expiry_ms, earliestDeadline: earliest });
    }
  }

  return {
    append(row) {
      const { first_seq: first, last_seq: last } = row;
      const events: readonly unknown[] = Array.isArray(row.events) ? row.events : [];
      if (first !== seq + 1) report('log-gapless', { scheduleId, first, last, expectedFirst: seq + 1 });
      if (events.length !== last - first + 1) {
        report('log-gapless', { scheduleId, first, last, events: events.length });
      }
      if (row.epoch < epoch) report('log-epochs', { scheduleId, first, epoch: row.epoch, before: epoch });
      epoch = row.epoch;
      seq = last;
      events.forEach((event, index) => apply(readEvent(event), first + index));
    },

    finish(head, rows, blockedSeats) {
      if (head === undefined && seq > 0 && hasOnlyBlocks && rows.length + blockedSeats.length === 0) return;
      if (head === undefined) {
        report('log-gapless', { scheduleId, last: seq, reason: 'a schedule without a head' });
      } else {
        if (head.seq !== seq) report('log-gapless', { scheduleId, last: seq, headSeq: head.seq });
        if (head.epoch < epoch) report('log-epochs', { scheduleId, last: seq, epoch, headEpoch: head.epoch });
        compareDeadline(head, rows);
      }
      compareReservations(rows);
      compareBlocks(blockedSeats);
    },
  };
}
