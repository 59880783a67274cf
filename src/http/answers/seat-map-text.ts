import type { MapSeat, SeatMap } from '../../actors/command.ts';
import { createBoundedMap } from '../../runtime/bounded-map.ts';
import type { SeatStatus } from '../../domain/reservation.ts';

/** The most maps that are kept as text, about 5 KiB each at 50 seats; more schedules than one node serves in a rush. */
const REMEMBERED_MAPS = 500;

/** A map without seats of the reader, and the rows from which other readers' maps are built. */
interface MapText {
  readonly epoch: number;
  readonly seq: number;
  readonly head: string;
  readonly rows: readonly string[];
  readonly whole: string;
  readonly holders: ReadonlySet<string | null>;
}

export interface SeatMapWriter {
  /**
   * The entity tag of a map. Epoch and seq determine the content, except for the reader's own seats. The tag of a map with such
   * seats contains the reader, so it never validates another reader's map.
   */
  tagOf(map: SeatMap, readerId: string): string;
  /** The map as JSON text, with `mine` on the reader's seats; only the seats of `status` unless that is null. */
  write(map: SeatMap, readerId: string, status: SeatStatus | null): string;
}

/** Writes maps as text; the part that does not depend on the reader is written once for each change of a schedule. */
export function createSeatMapWriter(): SeatMapWriter {
  const texts = createBoundedMap<number, MapText>(REMEMBERED_MAPS);

  function textOf(map: SeatMap): MapText {
    const known = texts.get(map.scheduleId);
    if (known !== undefined && known.epoch === map.epoch && known.seq === map.seq) return known;
    const { scheduleId, epoch, seq, availableSeats } = map;
    const cancelled = map.isCancelled === true ? '"cancelled":true,' : '';
    const head = `{"scheduleId":${scheduleId},"epoch":${epoch},"seq":${seq},${cancelled}"availableSeats":${availableSeats},"seats":[`;
    const rows = map.seats.map(rowOf);
    const holders = new Set(map.seats.map((seat) => seat.userId));
    const text = { epoch, seq, head, rows, whole: `${head}${rows.join(',')}]}`, holders };
    texts.set(scheduleId, text);
    return text;
  }

  return {
    tagOf(map, readerId) {
      const shared = `${map.epoch}-${map.seq}`;
      return textOf(map).holders.has(readerId) ? `"${shared}-${readerId}"` : `"${shared}"`;
    },

    write(map, readerId, status) {
      const text = textOf(map);
      if (status === null && !text.holders.has(readerId)) return text.whole;
      let rows = '';
      for (const [index, seat] of map.seats.entries()) {
        if (status !== null && seat.status !== status) continue;
        const row = text.rows[index] ?? rowOf(seat);
        if (rows !== '') rows += ',';
        rows += seat.userId === readerId ? `${row.slice(0, -1)},"mine":true}` : row;
      }
      return `${text.head}${rows}]}`;
    },
  };
}

function rowOf({ seatNumber, price, status, heldUntil }: MapSeat): string {
  const until = heldUntil === null ? '' : `,"heldUntil":"${heldUntil}"`;
  return `{"seatNumber":${seatNumber},"price":${price},"status":"${status}"${until}}`;
}
