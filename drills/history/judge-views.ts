import { describeOperation, holdEndsOf, type Operation } from './operation.ts';
import type { SaleRecord, ScheduleRecord } from './sale-record.ts';

interface SeatState {
  /** Null: nobody's, because an organiser has blocked the seat. */
  readonly userId: string | null;
  readonly isPaid: boolean;
  readonly expiresAt: number;
}

interface View {
  readonly operation: Operation;
  readonly scheduleId: number;
  readonly seq: number;
  readonly epoch: number;
}

/** R3: folds the log of each schedule once, and compares each shown map at its number on the way. */
export function judgeViews(record: SaleRecord, operations: readonly Operation[]): string[] {
  const faults: string[] = [];
  const views = operations.flatMap((operation): View[] => {
    const { matter } = operation;
    const shown = matter.kind === 'map' ? matter.view : matter.kind === 'hold' ? matter.taken : null;
    if (shown === null || !('scheduleId' in matter)) return [];
    return [{ operation, scheduleId: matter.scheduleId, seq: shown.seq, epoch: shown.epoch }];
  });
  for (const [scheduleId, own] of Map.groupBy(views, (view) => view.scheduleId)) {
    const schedule = record.schedules.get(scheduleId);
    if (schedule !== undefined) judgeSchedule(schedule, own, faults);
  }
  return faults;
}

function judgeSchedule({ log, totalSeats }: ScheduleRecord, views: View[], faults: string[]): void {
  views.sort((one, other) => one.seq - other.seq);
  const seats = new Map<number, SeatState>();
  let folded = 0;
  for (const { operation, seq, epoch } of views) {
    if (seq > log.length) {
      faults.push(`R3: ${describeOperation(operation)}, but the log ends at ${log.length}`);
      continue;
    }
    for (; folded < seq; folded += 1) apply(seats, log[folded]);
    const logged = log[seq - 1];
    if (logged !== undefined && epoch < logged.epoch) {
      faults.push(`R3: ${describeOperation(operation)}, but change ${seq} was made under epoch ${logged.epoch}`);
    }
    const { matter, userId } = operation;
    if (matter.kind === 'map' && matter.view !== null) {
      const truly = viewOf(seats, totalSeats, userId);
      if (truly.seats !== matter.view.seats || truly.holdEnds !== matter.view.holdEnds) {
        faults.push(`R3: ${describeOperation(operation)}, but the log leads to ${truly.seats}`);
      }
    }
    if (matter.kind === 'hold' && matter.taken !== null) {
      const truly = matter.seatNumbers.filter((seatNumber) => {
        const seat = seats.get(seatNumber);
        return seat !== undefined && (seat.isPaid || seat.userId !== userId);
      });
      if (truly.toSorted((a, b) => a - b).join() !== matter.taken.seatNumbers.toSorted((a, b) => a - b).join()) {
        faults.push(`R3: ${describeOperation(operation)}, but taken were ${truly.join(', ') || 'none'}`);
      }
    }
  }
}

function apply(seats: Map<number, SeatState>, logged: ScheduleRecord['log'][number] | undefined): void {
  if (logged === undefined) return;
  const { event } = logged;
  const { seatNumber } = event;
  const seat = seats.get(seatNumber);
  switch (event.type) {
    case 'HELD':
      seats.set(seatNumber, { userId: event.userId, isPaid: false, expiresAt: event.expiresAt });
      break;
    case 'EXTENDED':
      if (seat !== undefined) seats.set(seatNumber, { ...seat, expiresAt: event.expiresAt });
      break;
    case 'CONFIRMED':
      if (seat !== undefined) seats.set(seatNumber, { ...seat, isPaid: true });
      break;
    case 'COMPED':
      seats.set(seatNumber, { userId: event.userId, isPaid: true, expiresAt: event.at });
      break;
    case 'MOVED_HERE': {
      const { userId, status, expiresAt } = event;
      seats.set(seatNumber, { userId, isPaid: status === 'CONFIRMED', expiresAt });
      break;
    }
    case 'BLOCKED':
      seats.set(seatNumber, { userId: null, isPaid: false, expiresAt: event.at });
      break;
    case 'UNBLOCKED':
    case 'MOVED_AWAY':
    case 'EXPIRED':
    case 'CANCELLED':
    case 'REFUNDED':
      seats.delete(seatNumber);
      break;
  }
}

function letterOf(seat: SeatState | undefined): 'A' | 'B' | 'C' | 'H' {
  if (seat === undefined) return 'A';
  if (seat.userId === null) return 'B';
  return seat.isPaid ? 'C' : 'H';
}

function viewOf(
  seats: ReadonlyMap<number, SeatState>,
  totalSeats: number,
  userId: string,
): { seats: string; holdEnds: number } {
  let shown = '';
  const holds: (readonly [number, number])[] = [];
  for (let seatNumber = 1; seatNumber <= totalSeats; seatNumber += 1) {
    const seat = seats.get(seatNumber);
    const letter = letterOf(seat);
    shown += seat?.userId === userId ? letter.toLowerCase() : letter;
    if (seat !== undefined && letter === 'H') holds.push([seatNumber, seat.expiresAt]);
  }
  return { seats: shown, holdEnds: holdEndsOf(holds) };
}
