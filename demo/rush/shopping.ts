import type { Reservation } from '../../src/client/answers.ts';
import type { ApiProblem } from '../../src/client/failures.ts';
import type { AcknowledgedSeat } from './acknowledgement.ts';
import type { Fan } from './fan.ts';
import { refusalOf } from './fans-client.ts';
import type { RushContext, Turn } from './rush-context.ts';
import type { ShopWindow } from './shop-window.ts';

/** Seats that a fan holds on one date. */
export interface Held {
  readonly scheduleId: number;
  readonly seats: readonly AcknowledgedSeat[];
  readonly price: number;
  readonly createdAtMs: number;
  readonly expiresAtMs: number;
}

/**
 * Why a visit ended without a hold: `queue-again` when the turn ended, `nothing-left` when no seat was free,
 * `enough` when the fan has as many seats as a fan may have.
 */
export type NoHold = 'queue-again' | 'nothing-left' | 'enough';

const THINK_LEAST_MS = 60;
const THINK_MOST_MS = 500;
/** Looks at maps without a free seat, while others' holds may end. */
const EMPTY_LOOKS_MOST = 8;
const EMPTY_LOOK_MS = 300;
/** Fans choose among this many of the first free seats, because they want the front. */
const FRONT_SEATS = 6;
/** After so many disappointments a fan takes any seat. */
const FRONT_ATTEMPTS = 3;

/** A moment of thought. */
export function think({ stage, random }: RushContext): Promise<void> {
  return stage.pause(THINK_LEAST_MS + random.next() * (THINK_MOST_MS - THINK_LEAST_MS));
}

/** Looks for free seats and holds some, again and again while others are quicker. */
export async function findSeats(
  context: RushContext,
  fan: Fan,
  turn: Turn,
  window: ShopWindow,
): Promise<Held | NoHold> {
  let emptyLooks = 0;
  for (let attempt = 1; ; attempt += 1) {
    const date = await chooseDate(context, turn);
    if (date === 'queue-again') return date;
    const free = date === null ? [] : await window.freeSeats(date);
    if (free === 'queue-again') return context.stage.isOver() ? 'nothing-left' : free;
    if (date === null || free.length === 0) {
      emptyLooks += 1;
      if (emptyLooks > EMPTY_LOOKS_MOST || context.stage.isOver()) return 'nothing-left';
      await window.change(EMPTY_LOOK_MS);
      continue;
    }
    await think(context);
    // The map may have changed while the fan thought.
    const stillFree = await window.freeSeats(date);
    if (stillFree === 'queue-again' || stillFree.length === 0) continue;
    const held = await hold(context, fan, turn, date, chooseSeats(context, stillFree, fan.seatsWanted, attempt));
    if (held !== 'taken') return held;
  }
}

/** A date with seats left; fans prefer earlier dates. Null when all seats are gone for now. */
async function chooseDate({ stage, random }: RushContext, { shopper }: Turn): Promise<number | null | 'queue-again'> {
  try {
    const dates = (await shopper.schedules(stage.concertId)).map((schedule) => schedule.scheduleId);
    return dates.find(() => random.chance(0.5)) ?? dates[0] ?? null;
  } catch (error) {
    return refusedAs(refusalOf(error), 'dates');
  }
}

function chooseSeats({ random }: RushContext, free: readonly number[], wanted: number, attempt: number): number[] {
  const count = Math.min(wanted, free.length);
  const starts = free.length - count + 1;
  const first = random.below(attempt <= FRONT_ATTEMPTS ? Math.min(FRONT_SEATS, starts) : starts);
  return free.slice(first, first + count);
}

async function hold(
  { statistics, acknowledgements }: RushContext,
  fan: Fan,
  { shopper }: Turn,
  scheduleId: number,
  seatNumbers: readonly number[],
): Promise<Held | NoHold | 'taken'> {
  let holds: Awaited<ReturnType<typeof shopper.hold>>;
  try {
    holds = await shopper.hold(scheduleId, seatNumbers);
  } catch (error) {
    const refusal = refusalOf(error);
    switch (refusal.code) {
      case 'SEAT_TAKEN':
        return 'taken';
      case 'SEAT_LIMIT_REACHED':
        return 'enough';
      default:
        return refusedAs(refusal, 'a hold');
    }
  }
  const { reservations, isNew } = holds;
  const seats = reservations.map(acknowledgedSeat);
  const [first] = reservations;
  if (first?.expiresAt == null || seats.some((seat, index) => seat.seatNumber !== seatNumbers[index])) {
    statistics.noteSurprise(`seats ${seatNumbers.join()} were asked for and not held`);
    return 'taken';
  }
  const { createdAt, expiresAt } = first;
  if (isNew) acknowledgements.note({ kind: 'hold', userId: fan.userId, scheduleId, seats, createdAt, expiresAt });
  return {
    scheduleId,
    seats,
    price: reservations.reduce((sum, reservation) => sum + reservation.price, 0),
    createdAtMs: Date.parse(createdAt),
    expiresAtMs: Date.parse(expiresAt),
  };
}

/** The acknowledgement of a seat in an answer. */
export function acknowledgedSeat({ reservationId, seatNumber, seq }: Reservation): AcknowledgedSeat {
  return { reservationId, seatNumber, seq };
}

/** The end of a turn is normal; any other refusal is a fault, because the fans keep to the rules. */
function refusedAs({ status, code }: ApiProblem, what: string): 'queue-again' {
  if (code.startsWith('QUEUE_')) return 'queue-again';
  throw new Error(`${what} was refused with ${status} ${code}`);
}
