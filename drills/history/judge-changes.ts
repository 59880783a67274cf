import type { SeatEvent } from '../../src/actors/seat-event.ts';
import { describeOperation, type Operation, type SeatMatter } from './operation.ts';
import { orderOf, type SaleRecord, type ScheduleRecord } from './sale-record.ts';

/** R1, R2 and R5: the log against itself, the answers against the log, the log against the answers. */
export function judgeChanges(record: SaleRecord, operations: readonly Operation[]): string[] {
  const faults: string[] = [];
  const bySchedule = Map.groupBy(operations, ({ matter }) => ('scheduleId' in matter ? matter.scheduleId : null));
  const leavers = new Set(operations.filter(({ matter }) => matter.kind === 'leave').map(({ userId }) => userId));
  for (const scheduleId of bySchedule.keys()) {
    if (scheduleId !== null && !record.schedules.has(scheduleId))
      faults.push(`R2: schedule ${scheduleId} was sold, but is not recorded`);
  }
  for (const [scheduleId, schedule] of record.schedules) {
    const own = bySchedule.get(scheduleId) ?? [];
    const holders = judgeLog(schedule, faults);
    judgeGrants(schedule, own, holders, faults);
    judgeOrigins(schedule, own, holders, leavers, faults);
    judgeOrders(schedule, record.orders, faults);
  }
  judgePayments(record, operations, faults);
  return faults;
}

/** R1. Returns the holder of each reservation. */
function judgeLog({ scheduleId, log }: ScheduleRecord, faults: string[]): Map<string, string> {
  const holders = new Map<string, string>();
  const seats = new Map<number, { readonly reservationId: string; readonly isPaid: boolean }>();
  const blocked = new Set<number>();
  /** What the change before moved away; the next one says where to. */
  let moving: MovedAway | null = null;
  for (const [index, { event }] of log.entries()) {
    const live = seats.get(event.seatNumber);
    const fault = (words: string): void =>
      void faults.push(`R1: schedule ${scheduleId}, change ${index + 1}: ${words}: ${JSON.stringify(event)}`);
    if (moving !== null && (event.type !== 'MOVED_HERE' || event.reservationId !== moving.reservationId)) {
      fault(`${moving.reservationId} moved nowhere`);
    }
    if (isTaking(event) && blocked.has(event.seatNumber)) fault('the seat was blocked');
    if (isOfBoxOffice(event)) {
      if (event.type !== 'MOVED_AWAY' && live !== undefined) fault(`${live.reservationId} had the seat`);
      switch (event.type) {
        case 'BLOCKED':
          if (blocked.has(event.seatNumber)) fault('blocked twice');
          blocked.add(event.seatNumber);
          break;
        case 'UNBLOCKED':
          if (!blocked.delete(event.seatNumber)) fault('it was not blocked');
          break;
        case 'COMPED':
          if (holders.has(event.reservationId)) fault('given away twice');
          holders.set(event.reservationId, event.userId);
          seats.set(event.seatNumber, { reservationId: event.reservationId, isPaid: true });
          break;
        case 'MOVED_AWAY':
          if (live?.reservationId !== event.reservationId) fault('another reservation had the seat');
          seats.delete(event.seatNumber);
          break;
        case 'MOVED_HERE':
          if (moving?.toSeatNumber !== event.seatNumber) fault('the reservation did not leave its seat');
          if (holders.get(event.reservationId) !== event.userId) fault('the reservation changed hands');
          seats.set(event.seatNumber, { reservationId: event.reservationId, isPaid: event.status === 'CONFIRMED' });
          break;
      }
      moving = event.type === 'MOVED_AWAY' ? event : null;
      continue;
    }
    moving = null;
    if (event.type === 'HELD') {
      if (live !== undefined) fault(`held while ${live.reservationId} has the seat`);
      if (holders.has(event.reservationId)) fault('held twice');
      holders.set(event.reservationId, event.userId);
      seats.set(event.seatNumber, { reservationId: event.reservationId, isPaid: false });
      continue;
    }
    if (event.type === 'EXTENDED') {
      if (live?.reservationId !== event.reservationId || live.isPaid) fault('it was not on hold');
      continue;
    }
    const isRight = live?.reservationId === event.reservationId && live.isPaid === (event.type === 'REFUNDED');
    if (!isRight) fault(live === undefined ? 'the seat was free' : `${live.reservationId} had the seat`);
    if (event.type === 'CONFIRMED') seats.set(event.seatNumber, { reservationId: event.reservationId, isPaid: true });
    else seats.delete(event.seatNumber);
  }
  return holders;
}

type BoxOfficeChange = Extract<
  SeatEvent,
  { readonly type: 'BLOCKED' | 'UNBLOCKED' | 'COMPED' | 'MOVED_AWAY' | 'MOVED_HERE' }
>;
type MovedAway = Extract<SeatEvent, { readonly type: 'MOVED_AWAY' }>;

/** Organisers make these changes, so no user asks for them or is granted them. */
function isOfBoxOffice(event: SeatEvent): event is BoxOfficeChange {
  switch (event.type) {
    case 'BLOCKED':
    case 'UNBLOCKED':
    case 'COMPED':
    case 'MOVED_AWAY':
    case 'MOVED_HERE':
      return true;
    default:
      return false;
  }
}

/** Whether the change gives the seat to a reservation. */
function isTaking({ type }: SeatEvent): boolean {
  return type === 'HELD' || type === 'COMPED' || type === 'MOVED_HERE';
}

/** R2. */
function judgeGrants(
  { log }: ScheduleRecord,
  operations: readonly Operation[],
  holders: ReadonlyMap<string, string>,
  faults: string[],
): void {
  for (const operation of operations) {
    for (const { reservationId, seatNumber, status, epoch, seq } of grantedOf(operation)) {
      const logged = log[seq - 1];
      const isThere =
        logged !== undefined &&
        statusAfter(logged.event) === status &&
        'reservationId' in logged.event &&
        logged.event.reservationId === reservationId &&
        logged.event.seatNumber === seatNumber &&
        logged.epoch === epoch &&
        holders.get(reservationId) === operation.userId;
      if (!isThere) faults.push(`R2: ${describeOperation(operation)}, but change ${seq} is ${JSON.stringify(logged)}`);
    }
  }
}

/** As what an answer shows the reservation after its change. */
function statusAfter(event: SeatEvent): string {
  switch (event.type) {
    case 'EXTENDED':
      return 'HELD';
    case 'COMPED':
      return 'CONFIRMED';
    case 'MOVED_HERE':
      return event.status;
    default:
      return event.type;
  }
}

/** R5, for the changes that organisers make. */
function judgeOrders({ scheduleId, log }: ScheduleRecord, orders: SaleRecord['orders'], faults: string[]): void {
  const left = new Map(orders);
  for (const [index, { event }] of log.entries()) {
    const order = orderOf(scheduleId, event);
    if (order === null) continue;
    const times = left.get(order) ?? 0;
    left.set(order, times - 1);
    if (times > 0) continue;
    faults.push(
      `R5: schedule ${scheduleId}: no organiser ordered change ${index + 1} ${JSON.stringify(event)}, says the log of changes`,
    );
  }
}

/** R5, for the changes that users make. */
function judgeOrigins(
  { scheduleId, log }: ScheduleRecord,
  operations: readonly Operation[],
  holders: ReadonlyMap<string, string>,
  leavers: ReadonlySet<string>,
  faults: string[],
): void {
  const grants = operations.filter(({ matter }) => matter.kind !== 'list').flatMap(grantedOf);
  const granted = new Set(grants.map(({ status, reservationId }) => `${status} ${reservationId}`));
  // A hold is extended several times, so each time has a grant of its number.
  const extended = new Set(
    operations
      .filter(({ matter }) => matter.kind === 'extend')
      .flatMap((each) => grantedOf(each).map(({ seq }) => seq)),
  );
  const doubtful = Map.groupBy(
    operations.filter(({ effect }) => effect === 'unknown'),
    ({ userId }) => userId,
  );
  for (const [index, { event }] of log.entries()) {
    if (isOfBoxOffice(event)) continue;
    if (event.type === 'EXPIRED' || granted.has(`${event.type} ${event.reservationId}`)) continue;
    if (event.type === 'EXTENDED' && extended.has(index + 1)) continue;
    const userId = holders.get(event.reservationId) ?? '';
    if (event.type === 'CANCELLED' && leavers.has(userId)) continue;
    const mayBe = (doubtful.get(userId) ?? []).some(({ matter }) => mayHaveDone(matter, event));
    if (!mayBe) {
      faults.push(
        `R5: schedule ${scheduleId}: no answer granted, and no request with an unknown outcome asked for, change ${index + 1} ${JSON.stringify(event)} of ${userId}`,
      );
    }
  }
}

/** Whether an operation with an unknown outcome may be the one that made a change of its user. */
function mayHaveDone(matter: Operation['matter'], event: SeatEvent): boolean {
  switch (matter.kind) {
    case 'hold':
      return event.type === 'HELD' && matter.seatNumbers.includes(event.seatNumber);
    case 'extend':
      return event.type === 'EXTENDED';
    case 'release':
      return event.type === 'CANCELLED' && matter.reservationId === event.reservationId;
    case 'pay':
      return event.type === 'CONFIRMED' && matter.reservationIds.includes(event.reservationId);
    case 'refund':
      return event.type === 'REFUNDED' && matter.paymentId === event.paymentId;
    case 'list':
    case 'map':
    case 'charge':
    case 'enter':
    case 'leave':
      return false;
  }
}

function judgePayments({ payments }: SaleRecord, operations: readonly Operation[], faults: string[]): void {
  for (const operation of operations) {
    const { matter, userId } = operation;
    if (matter.kind !== 'pay' || matter.paymentId === null) continue;
    const paid = payments.get(matter.paymentId);
    const isThere =
      paid !== undefined &&
      paid.userId === userId &&
      paid.scheduleId === matter.scheduleId &&
      paid.amount === matter.amount;
    if (!isThere) faults.push(`R2: ${describeOperation(operation)}, but recorded is ${JSON.stringify(paid)}`);
  }
}

function grantedOf({ matter }: Operation): Extract<SeatMatter, { granted: unknown }>['granted'] {
  return 'granted' in matter ? matter.granted : [];
}
