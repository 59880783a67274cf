import type { ActToRecord } from '../domain/owner-act.ts';
import type { Flush } from './flush.ts';
import type { BoxOfficeRows, CompInsert, SeatBlock } from './journal-port.ts';

/** Lays out what organisers change in a flush, whose changes are numbered from `firstSeq` on. */
export function composeBoxOffice(flush: Flush, acts: readonly ActToRecord[], firstSeq: number): BoxOfficeRows {
  const blocks = new Map<number, SeatBlock>();
  /** Seats that were blocked before the flush, of those that it blocks or unblocks. */
  const wereBlocked = new Set<number>();
  const comps: CompInsert[] = [];
  let seq = firstSeq;
  for (const event of flush.events) {
    if (event.type === 'BLOCKED' || event.type === 'UNBLOCKED') {
      const { seatNumber, type } = event;
      if (type === 'UNBLOCKED' && !blocks.has(seatNumber)) wereBlocked.add(seatNumber);
      blocks.set(seatNumber, { seatNumber, isBlocked: type === 'BLOCKED', seq });
    } else if (event.type === 'COMPED') {
      const { reservationId, userId, seatNumber, paymentId, at } = event;
      comps.push({ reservationId, userId, seatNumber, paymentId, at, seq });
    }
    seq += 1;
  }
  return {
    acts: acts.map(({ act, entry, value }) => ({ act, entry, value: value() })),
    // A seat that is blocked and unblocked in one flush never had a row.
    blocks: [...blocks.values()].filter(({ seatNumber, isBlocked }) => isBlocked || wereBlocked.has(seatNumber)),
    comps,
  };
}
