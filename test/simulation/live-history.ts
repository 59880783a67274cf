import type { DeltaFrame, SnapshotFrame } from '../../src/domain/live-frames.ts';
import { applyEvent, type Seat } from '../../src/actors/seat.ts';
import type { SeatEvent } from '../../src/actors/seat-event.ts';
import type { TestDatabase } from '../fixtures/database.ts';
import type { CommandRange } from './live-shoppers.ts';
import { seatWord, type SeatWord } from './live-watcher.ts';

/*
 * Judges what watchers were shown by what the log says.
 *
 * W1. A snapshot is the log folded to its number.
 * W2. A delta names the seats that the log changed from its first number to its last, each once, as they are at the last.
 *     After a restart it may name more, as they are: nobody knows when a free seat became free.
 * W3. No frame ends inside a command.
 */

/** The seats after n changes at n, each as a word, and the seat that change n was of at n - 1. */
export interface SeatHistory {
  readonly states: readonly (readonly SeatWord[])[];
  readonly changed: readonly number[];
}

export async function readSeatHistory({ pool }: TestDatabase, scheduleId: number): Promise<SeatHistory> {
  const { rows: seats } = await pool.query<{ seat_number: number; price: number }>(
    'SELECT seat_number, price FROM seats WHERE schedule_id = $1 ORDER BY seat_number',
    [scheduleId],
  );
  const { rows } = await pool.query<{ events: SeatEvent[] }>(
    'SELECT events FROM seat_log WHERE schedule_id = $1 ORDER BY first_seq',
    [scheduleId],
  );
  const state: Seat[] = seats.map((seat) => ({
    seatNumber: seat.seat_number,
    price: seat.price,
    status: 'AVAILABLE',
    live: null,
  }));
  const words = state.map(wordOf);
  const states = [[...words]];
  const changed: number[] = [];
  for (const event of rows.flatMap(({ events }) => events)) {
    const index = event.seatNumber - 1;
    const seat = state[index];
    if (seat === undefined) throw new Error(`the log names seat ${event.seatNumber}`);
    state[index] = applyEvent(seat, event);
    words[index] = wordOf(state[index]);
    states.push([...words]);
    changed.push(event.seatNumber);
  }
  return { states, changed };
}

/** What the database says of the seats now, and the number of the last change, in one snapshot. */
export async function readSeatsNow(
  { pool }: TestDatabase,
  scheduleId: number,
  seatCount: number,
): Promise<{ readonly seq: number; readonly map: readonly SeatWord[] }> {
  const { rows } = await pool.query<{ seq: number; live: { seat: number; status: string; until: number }[] | null }>(
    `SELECT seq, (SELECT json_agg(json_build_object('seat', seat_number, 'status', status,
                    'until', round(extract(epoch FROM expires_at) * 1000)))
                    FROM reservations r WHERE r.schedule_id = h.schedule_id AND status IN ('HELD', 'CONFIRMED')) AS live
       FROM schedule_heads h WHERE schedule_id = $1`,
    [scheduleId],
  );
  const map = Array.from({ length: seatCount }, () => seatWord({ status: 'AVAILABLE' }));
  for (const { seat, status, until } of rows[0]?.live ?? []) {
    map[seat - 1] = seatWord({ status, heldUntil: status === 'HELD' ? new Date(until).toISOString() : null });
  }
  return { seq: rows[0]?.seq ?? 0, map };
}

function wordOf(seat: Seat): SeatWord {
  const heldUntil = seat.status === 'HELD' ? new Date(seat.live.expiresAt).toISOString() : null;
  return seatWord({ status: seat.status, heldUntil });
}

/** Everything that is wrong with a watcher's frames, in sentences. */
export function judgeFrames(
  frames: readonly (SnapshotFrame | DeltaFrame)[],
  { states, changed }: SeatHistory,
  commands: readonly CommandRange[],
  { mayNameMore = false }: { readonly mayNameMore?: boolean } = {},
): string[] {
  const faults: string[] = [];
  const endings = new Set<number>();
  for (const frame of frames) {
    endings.add(frame.seq);
    const state = states[frame.seq];
    if (state === undefined) {
      faults.push(`W1: ${frame.type} ${frame.seq} is of changes that the log does not have`);
    } else if (frame.type === 'snapshot') {
      if (frame.seats.map(seatWord).join() !== state.join()) faults.push(`W1: ${JSON.stringify(frame)} is not the log`);
    } else {
      const named = new Set(frame.changes.map(({ seatNumber }) => seatNumber));
      const shown = frame.changes.map((change) => `${change.seatNumber} ${seatWord(change)}`).join();
      const truly = [...named].map((seatNumber) => `${seatNumber} ${state[seatNumber - 1]}`).join();
      const due = new Set(changed.slice(frame.fromSeq - 1, frame.seq));
      const isRight = shown === truly && due.isSubsetOf(named) && (mayNameMore || named.isSubsetOf(due));
      if (!isRight) faults.push(`W2: ${JSON.stringify(frame)} should show ${[...due].join()}; they are ${truly}`);
    }
  }
  for (const { fromSeq, seq } of commands) {
    for (let inside = fromSeq; inside < seq; inside += 1) {
      if (endings.has(inside)) faults.push(`W3: a frame ended at ${inside}, inside a command of ${fromSeq}–${seq}`);
    }
  }
  return faults;
}
