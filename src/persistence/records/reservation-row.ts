import type { Reservation, ReservationStatus } from '../../domain/reservation.ts';

/** A row of `reservations` with the start of its schedule. */
export interface ReservationRow {
  reservation_id: string;
  concert_id: number;
  schedule_id: number;
  starts_at: Date;
  seat_number: number;
  price: number;
  status: ReservationStatus;
  created_at: Date;
  expires_at: Date;
  confirmed_at: Date | null;
  payment_id: string | null;
  epoch: number;
  seq: number;
}

/** The columns of a ReservationRow where `r` is `reservations` and `s` its row of `schedules`. */
export const RESERVATION_COLUMNS = `r.reservation_id, r.concert_id, r.schedule_id, s.starts_at, r.seat_number, r.price, r.status,
  r.created_at, r.expires_at, r.confirmed_at, r.payment_id, r.epoch, r.seq`;

/** The reservation as every answer shows it. A confirmed reservation shows no deadline. */
export function reservationOf(row: ReservationRow): Reservation {
  return {
    reservationId: row.reservation_id,
    concertId: row.concert_id,
    scheduleId: row.schedule_id,
    startsAt: row.starts_at.toISOString(),
    seatNumber: row.seat_number,
    price: row.price,
    status: row.status,
    createdAt: row.created_at.toISOString(),
    expiresAt: row.confirmed_at === null ? row.expires_at.toISOString() : null,
    confirmedAt: row.confirmed_at === null ? null : row.confirmed_at.toISOString(),
    paymentId: row.payment_id,
    epoch: row.epoch,
    seq: row.seq,
  };
}
