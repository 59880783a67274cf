/** A reservation that keeps its seat from others. Instants are epoch milliseconds of the database's clock. */
export interface LiveReservation {
  readonly reservationId: string;
  readonly userId: string;
  /** Won. It is fixed when the seat is granted, and stays when the reservation moves. */
  readonly price: number;
  readonly createdAt: number;
  readonly expiresAt: number;
  /** When the user began to hold the seat, where that was before `createdAt`; else null. */
  readonly firstHeldAt: number | null;
  /** How often the hold got more time. */
  readonly extensions: number;
  readonly confirmedAt: number | null;
  readonly paymentId: string | null;
}
