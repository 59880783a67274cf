import type { Acknowledgement } from './acknowledgement.ts';

/**
 * Checks the fans' own records without the database. Every change of a seat carries the number that the
 * schedule gave it, so the answers alone show the order in which seats changed hands.
 *
 * S1. Between two sales of a seat lies its refund.
 * S2. A seat is held by one fan at a time: before a later hold, the earlier one was paid and refunded, released, left behind
 *     with the queue, or over by its time.
 * S3. A change has one number, and a number one change.
 */
export function findDoubleSales(acknowledgements: readonly Acknowledgement[]): string[] {
  const faults: string[] = [];
  const left = new Set(acknowledgements.flatMap((note) => (note.kind === 'leave' ? note.reservationIds : [])));
  for (const [seat, changes] of changesBySeat(acknowledgements)) {
    changes.sort((one, other) => one.seq - other.seq);
    let sold = false;
    let hold: SeatChange | null = null;
    let last: SeatChange | null = null;
    for (const change of changes) {
      if (last !== null && last.seq === change.seq) {
        faults.push(`seat ${seat}: change ${change.seq} is both a ${last.kind} and a ${change.kind}`);
      }
      last = change;
      switch (change.kind) {
        case 'hold':
          if (sold) {
            faults.push(`seat ${seat}: held at ${change.seq} while it was sold`);
          } else if (hold !== null && !left.has(hold.reservationId) && change.createdAtMs < hold.expiresAtMs) {
            faults.push(`seat ${seat}: held at ${hold.seq} until later than the hold at ${change.seq}`);
          }
          hold = change;
          break;
        case 'release':
          hold = null;
          break;
        case 'payment':
          if (sold) faults.push(`seat ${seat}: sold again at ${change.seq} without a refund`);
          sold = true;
          hold = null;
          break;
        case 'refund':
          if (!sold) faults.push(`seat ${seat}: refunded at ${change.seq} without a sale`);
          sold = false;
          break;
      }
    }
  }
  return faults;
}

interface SeatChange {
  readonly kind: 'hold' | 'release' | 'payment' | 'refund';
  readonly seq: number;
  readonly reservationId: string;
  readonly createdAtMs: number;
  readonly expiresAtMs: number;
}

function changesBySeat(acknowledgements: readonly Acknowledgement[]): Map<string, SeatChange[]> {
  const changes = acknowledgements.flatMap((note) => {
    if (note.kind === 'charge' || note.kind === 'leave') return [];
    const { kind, scheduleId } = note;
    const createdAtMs = note.kind === 'hold' ? Date.parse(note.createdAt) : 0;
    const expiresAtMs = note.kind === 'hold' ? Date.parse(note.expiresAt) : 0;
    return note.seats.map(({ seatNumber, ...seat }) => {
      return { ...seat, seat: `${scheduleId}/${seatNumber}`, kind, createdAtMs, expiresAtMs };
    });
  });
  return Map.groupBy(changes, ({ seat }) => seat);
}
