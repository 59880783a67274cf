import type { SeatMap } from '../../src/actors/command.ts';
import { applyEvent, type Seat } from '../../src/actors/seat.ts';
import type { SeatEvent } from '../../src/actors/seat-event.ts';
import type { Reservation } from '../../src/domain/reservation.ts';
import type { TestDatabase } from '../fixtures/database.ts';
import type { Operation } from './shoppers.ts';

/*
 * Judges what shoppers were told by what the log says.
 *
 * H1. Every granted change is in the log, at the number and under the epoch that its reply named.
 * H2. Every map, every SEAT_TAKEN and every NO_BLOCK is true of the state that the log leads to at its number.
 * H3. A fresh answer to a command that began after another's answer had arrived carries no lower number.
 * H4. Every change in the log but an expiry was granted to somebody, or its command ended unknown.
 * H5. What was answered as not done left nothing: no payment, no recorded key. A key was granted once at most.
 */

interface Logged {
  readonly epoch: number;
  readonly event: SeatEvent;
}

interface Schedule {
  /** The event with number n at n - 1. */
  readonly log: readonly Logged[];
  /** The seats after n events at n. */
  readonly states: readonly (readonly Seat[])[];
}

/** Everything that is wrong, in sentences. */
export async function judgeHistory(database: TestDatabase, operations: readonly Operation[]): Promise<string[]> {
  const cancelled = await readCancelled(database);
  const schedules = await readSchedules(database);
  const faults: string[] = [];
  for (const operation of operations) judgeReply(operation, schedules, faults);
  for (const scheduleId of schedules.keys()) judgeOrder(scheduleId, operations, faults);
  for (const [scheduleId, { log }] of schedules)
    judgeLog(scheduleId, log, operations, cancelled.has(scheduleId), faults);
  await judgeUndone(database, operations, faults);
  return faults;
}

async function readCancelled({ pool }: TestDatabase): Promise<ReadonlySet<number>> {
  const { rows } = await pool.query<{ schedule_id: number }>(
    'SELECT schedule_id FROM schedules WHERE cancellation_id IS NOT NULL',
  );
  return new Set(rows.map((row) => row.schedule_id));
}

async function readSchedules({ pool }: TestDatabase): Promise<Map<number, Schedule>> {
  const schedules = new Map<number, Schedule>();
  const { rows: heads } = await pool.query<{ schedule_id: number }>('SELECT schedule_id FROM schedule_heads');
  for (const { schedule_id: scheduleId } of heads) {
    const { rows: seats } = await pool.query<{ seat_number: number; price: number }>(
      'SELECT seat_number, price FROM seats WHERE schedule_id = $1 ORDER BY seat_number',
      [scheduleId],
    );
    const { rows } = await pool.query<{ epoch: number; events: SeatEvent[] }>(
      'SELECT epoch, events FROM seat_log WHERE schedule_id = $1 ORDER BY first_seq',
      [scheduleId],
    );
    const log = rows.flatMap(({ epoch, events }) => events.map((event) => ({ epoch, event })));
    let state: Seat[] = seats.map((seat) => ({
      seatNumber: seat.seat_number,
      price: seat.price,
      status: 'AVAILABLE',
      live: null,
    }));
    const states = [state];
    for (const { event } of log) {
      state = state.map((seat) => (seat.seatNumber === event.seatNumber ? applyEvent(seat, event) : seat));
      states.push(state);
    }
    schedules.set(scheduleId, { log, states });
  }
  return schedules;
}

/** The reservations that a reply says were changed, and how. */
function changesOf({ reply }: Operation): { type: SeatEvent['type']; reservations: readonly Reservation[] } {
  const none = { type: 'HELD', reservations: [] } as const;
  if (reply?.outcome !== 'granted') return none;
  const { value } = reply;
  if ('amount' in value) return { type: 'COMPED', reservations: value.reservations };
  if ('seatNumber' in value) return { type: 'MOVED_HERE', reservations: [value] };
  const grant = 'grant' in value ? value.grant : value;
  if (!('type' in grant)) return none;
  switch (grant.type) {
    case 'SeatsHeld':
    case 'SeatsAlreadyHeld':
      return { type: 'HELD', reservations: grant.value };
    case 'HoldReleased':
      return { type: 'CANCELLED', reservations: [grant.value] };
    case 'HoldsExtended':
      return { type: 'EXTENDED', reservations: grant.value };
    case 'PaymentCompleted':
      return { type: 'CONFIRMED', reservations: grant.value.reservations };
    case 'PaymentRefunded':
      return { type: 'REFUNDED', reservations: grant.value.reservations };
  }
}

function mapOf({ reply }: Operation): SeatMap | null {
  return reply?.outcome === 'granted' && 'seats' in reply.value ? reply.value : null;
}

function takenOf({ reply }: Operation): { readonly seatNumbers: readonly number[]; readonly seq: number } | null {
  if (reply?.outcome !== 'refused' || reply.rejection.code !== 'SEAT_TAKEN') return null;
  const { seatNumbers, seq } = reply.rejection.members;
  if (!Array.isArray(seatNumbers) || typeof seq !== 'number') throw new Error('SEAT_TAKEN without its members');
  return { seatNumbers, seq };
}

/** The number of the state that a refusal rests on. */
function seqOfRefusal({ reply }: Operation): number | null {
  if (reply?.outcome !== 'refused') return null;
  const { code, members } = reply.rejection;
  return (code === 'SEAT_TAKEN' || code === 'NO_BLOCK') && typeof members.seq === 'number' ? members.seq : null;
}

/** A block is refused only where the state at the number has none, and the longest is as long as the refusal says. */
function judgeNoBlock(operation: Operation, { states }: Schedule, faults: string[]): void {
  const { command, reply } = operation;
  if (command.type !== 'HoldBestSeats' || reply?.outcome !== 'refused' || reply.rejection.code !== 'NO_BLOCK') return;
  const { largestBlock, seq } = reply.rejection.members;
  const seats = typeof seq === 'number' ? states[seq] : undefined;
  const marks = (seats ?? []).map(({ status, price }) =>
    status === 'AVAILABLE' && price <= (command.filter.maxPrice ?? Number.POSITIVE_INFINITY) ? '.' : '#',
  );
  const rows = marks.join('').match(/.{1,10}/g) ?? [];
  const blocks = rows.flatMap((row) => row.split('#')).map((block) => block.length);
  const most = Math.max(0, ...blocks);
  const reach = command.isTogether ? most : blocks.reduce((sum, length) => sum + length, 0);
  if (seats === undefined || largestBlock !== most || command.count <= reach) {
    faults.push(`H2: ${describe(operation)}, but the hall was ${rows.join(' ')}`);
  }
}

function describe({ command, reply }: Operation): string {
  return `${JSON.stringify(command)} was answered ${JSON.stringify(reply)}`;
}

function judgeReply(operation: Operation, schedules: ReadonlyMap<number, Schedule>, faults: string[]): void {
  const { command } = operation;
  const schedule = schedules.get(command.scheduleId);
  if (schedule === undefined) return;
  const { type, reservations } = changesOf(operation);
  // The last change of a hold may be an extension.
  const isLasting = type === 'HELD' || type === 'EXTENDED';
  const types: readonly SeatEvent['type'][] = isLasting ? ['HELD', 'EXTENDED', 'MOVED_HERE'] : [type];
  for (const { reservationId, seatNumber, seq, epoch } of reservations) {
    const logged = schedule.log[seq - 1];
    const isThere =
      logged !== undefined &&
      // A reservation that has its new seat already is shown as it is.
      (types.includes(logged.event.type) || command.type === 'MoveReservation') &&
      'reservationId' in logged.event &&
      logged.event.reservationId === reservationId &&
      logged.event.seatNumber === seatNumber &&
      logged.epoch === epoch;
    if (!isThere) faults.push(`H1: ${describe(operation)}, but the log says ${JSON.stringify(logged)}`);
  }
  judgeBlock(operation, schedule, faults);
  const map = mapOf(operation);
  if (map !== null && !showsState(map, schedule.states[map.seq])) {
    faults.push(`H2: ${describe(operation)}, which is not the log folded to ${map.seq}`);
  }
  judgeNoBlock(operation, schedule, faults);
  const taken = takenOf(operation);
  if (taken !== null) {
    const asked = 'seatNumbers' in command ? command.seatNumbers : 'seatNumber' in command ? [command.seatNumber] : [];
    const truly = asked.filter((seatNumber) => isInTheWay(schedule.states[taken.seq]?.[seatNumber - 1], command));
    if (command.type !== 'HoldBestSeats' && truly.sort((a, b) => a - b).join() !== taken.seatNumbers.join()) {
      faults.push(`H2: ${describe(operation)}, but taken were ${truly.join()}`);
    }
  }
}

/** Whether the seat is a reason to refuse the command. */
function isInTheWay(seat: Seat | undefined, command: Operation['command']): boolean {
  if (seat === undefined || seat.status === 'AVAILABLE') return false;
  if (command.type === 'BlockSeats' || command.type === 'UnblockSeats') return seat.live !== null;
  return command.type !== 'HoldSeats' || !(seat.status === 'HELD' && seat.live.userId === command.userId);
}

/** H1 of seats that were blocked or unblocked. */
function judgeBlock(operation: Operation, { log }: Schedule, faults: string[]): void {
  const { reply } = operation;
  if (reply?.outcome !== 'granted' || !('changed' in reply.value)) return;
  const { changed, status, epoch, seq } = reply.value;
  const type = status === 'BLOCKED' ? 'BLOCKED' : 'UNBLOCKED';
  for (const [position, seatNumber] of changed.toReversed().entries()) {
    const logged = log[seq - 1 - position];
    const isThere = logged?.event.type === type && logged.event.seatNumber === seatNumber && logged.epoch === epoch;
    if (!isThere) faults.push(`H1: ${describe(operation)}, but the log says ${JSON.stringify(logged)}`);
  }
}

function showsState(map: SeatMap, state: readonly Seat[] | undefined): boolean {
  if (state === undefined || state.length !== map.seats.length) return false;
  return map.seats.every((shown, index) => {
    const seat = state[index];
    const heldUntil = seat?.status === 'HELD' ? new Date(seat.live.expiresAt).toISOString() : null;
    return (
      shown.status === seat?.status &&
      shown.price === seat.price &&
      shown.userId === (seat.live?.userId ?? null) &&
      shown.heldUntil === heldUntil
    );
  });
}

/** The number that a reply carries, and whether it must be as new as every answer that had arrived before it was asked for. */
function numberOf(operation: Operation): { readonly seq: number; readonly isFresh: boolean } | null {
  const map = mapOf(operation);
  if (map !== null) return { seq: map.seq, isFresh: true };
  const refusedAt = seqOfRefusal(operation);
  if (refusedAt !== null) return { seq: refusedAt, isFresh: true };
  const { reservations } = changesOf(operation);
  if (reservations.length === 0) return null;
  const { reply } = operation;
  const isKept = reply?.outcome === 'granted' && 'type' in reply.value && reply.value.type === 'SeatsAlreadyHeld';
  // A reservation may have its new seat already.
  const isOld = isKept || operation.command.type === 'MoveReservation';
  return { seq: Math.max(...reservations.map(({ seq }) => seq)), isFresh: !isOld };
}

function judgeOrder(scheduleId: number, operations: readonly Operation[], faults: string[]): void {
  const numbered = operations.flatMap((operation) => {
    const number = operation.command.scheduleId === scheduleId ? numberOf(operation) : null;
    return number === null ? [] : [{ operation, ...number }];
  });
  const byEnd = numbered.toSorted((a, b) => a.operation.endedAtTurn - b.operation.endedAtTurn);
  let seen = 0;
  let next = 0;
  for (const { operation, seq, isFresh } of numbered) {
    for (let ended = byEnd[next]; ended !== undefined; ended = byEnd[next]) {
      if (ended.operation.endedAtTurn > operation.beganAtTurn) break;
      seen = Math.max(seen, ended.seq);
      next += 1;
    }
    if (isFresh && seq < seen) faults.push(`H3: ${describe(operation)}, after ${seen} had been answered`);
  }
}

function judgeLog(
  scheduleId: number,
  log: readonly Logged[],
  operations: readonly Operation[],
  isCancelled: boolean,
  faults: string[],
): void {
  const own = operations.filter(({ command }) => command.scheduleId === scheduleId);
  const granted = new Set(
    own.flatMap((operation) => {
      const { type, reservations } = changesOf(operation);
      return reservations.map(({ reservationId }) => `${type} ${reservationId}`);
    }),
  );
  const holders = new Map<string, string>();
  for (const [index, { event }] of log.entries()) {
    const reservationId = 'reservationId' in event ? event.reservationId : '';
    if (event.type === 'HELD') holders.set(reservationId, event.userId);
    // The cancellation of the date ends holds and refunds payments.
    if (isCancelled && (event.type === 'CANCELLED' || event.type === 'REFUNDED')) continue;
    if (event.type === 'EXPIRED' || granted.has(`${event.type} ${reservationId}`)) continue;
    const userId = holders.get(reservationId);
    if (!own.some((operation) => mayHaveDone(operation, event, userId))) {
      faults.push(`H4: nobody was told of, or left in doubt about, ${index + 1} ${JSON.stringify(event)}`);
    }
  }
}

/** Whether this operation, which was not granted the change by name, may be the one that made it. */
function mayHaveDone({ command, reply }: Operation, event: SeatEvent, userId: string | undefined): boolean {
  const isUnknown = reply?.outcome === 'failed' && reply.effect === 'unknown';
  const isBoxOffice = isUnknown || reply?.outcome === 'granted' || reply?.outcome === 'key-taken';
  switch (command.type) {
    case 'HoldSeats':
      return (
        isUnknown &&
        event.type === 'HELD' &&
        command.userId === userId &&
        command.seatNumbers.includes(event.seatNumber)
      );
    case 'HoldBestSeats':
      return isUnknown && event.type === 'HELD' && command.userId === userId;
    case 'ExtendHolds':
      return isUnknown && event.type === 'EXTENDED' && command.userId === userId;
    case 'ReleaseHold':
      return isUnknown && event.type === 'CANCELLED' && command.reservationId === event.reservationId;
    case 'EndToken':
      return (isUnknown || reply?.outcome === 'granted') && event.type === 'CANCELLED' && command.userId === userId;
    case 'PayReservations':
      return (
        (isUnknown || reply?.outcome === 'granted' || reply?.outcome === 'key-taken') &&
        event.type === 'CONFIRMED' &&
        event.paymentId === command.paymentId
      );
    case 'RefundPayment':
      return (
        (isUnknown || reply?.outcome === 'granted') &&
        event.type === 'REFUNDED' &&
        event.paymentId === command.paymentId
      );
    case 'BlockSeats':
      return isBoxOffice && event.type === 'BLOCKED' && command.seatNumbers.includes(event.seatNumber);
    case 'UnblockSeats':
      return isBoxOffice && event.type === 'UNBLOCKED' && command.seatNumbers.includes(event.seatNumber);
    case 'CompSeat':
      return isBoxOffice && event.type === 'COMPED' && event.paymentId === command.paymentId;
    case 'MoveReservation': {
      if (!isBoxOffice || (event.type !== 'MOVED_AWAY' && event.type !== 'MOVED_HERE')) return false;
      const to = event.type === 'MOVED_AWAY' ? event.toSeatNumber : event.seatNumber;
      return event.reservationId === command.reservationId && to === command.seatNumber;
    }
    case 'ReadSeatMap':
    case 'WakeSchedule':
    case 'ReloadSchedule':
      return false;
  }
}

async function judgeUndone({ pool }: TestDatabase, operations: readonly Operation[], faults: string[]): Promise<void> {
  const { rows: paid } = await pool.query<{ payment_id: string }>('SELECT payment_id FROM payments');
  const { rows: keys } = await pool.query<{ user_id: string; key: string }>(
    'SELECT user_id, key FROM idempotency_keys',
  );
  const payments = new Set(paid.map((row) => row.payment_id));
  const recorded = new Set(keys.map((row) => `${row.user_id} ${row.key}`));
  const uses = Map.groupBy(
    operations.filter(({ command }) => 'claim' in command && command.claim !== null),
    ({ command }) => ('claim' in command ? `${command.userId} ${command.claim?.key}` : ''),
  );
  for (const operation of operations) {
    const { command, reply } = operation;
    const isUndone = reply?.outcome === 'refused' || (reply?.outcome === 'failed' && reply.effect === 'none');
    if (
      isUndone &&
      (command.type === 'PayReservations' || command.type === 'CompSeat') &&
      payments.has(command.paymentId)
    ) {
      faults.push(`H5: ${describe(operation)}, but it was paid`);
    }
  }
  for (const [key, sharing] of uses) {
    const done = sharing.filter((operation) => changesOf(operation).reservations.length > 0);
    if (done.length > 1) faults.push(`H5: ${key} was granted ${done.length} times`);
    if (done.length > 0 && !recorded.has(key)) faults.push(`H5: ${key} was granted and is not recorded`);
    // A command that only records its key, and whose answer was lost, is tried again and meets its own record.
    const mayBeDone = sharing.some(
      ({ reply }) =>
        reply?.outcome === 'granted' ||
        reply?.outcome === 'key-taken' ||
        (reply?.outcome === 'failed' && reply.effect === 'unknown'),
    );
    if (!mayBeDone && recorded.has(key)) faults.push(`H5: ${key} is recorded, but nothing was done under it`);
  }
}
