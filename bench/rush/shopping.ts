import { randomUUID } from 'node:crypto';
import { readInteger, readObjects, readText } from '../json.ts';
import type { JsonObject } from '../json.ts';
import type { AcknowledgedSeat } from './acknowledgement.ts';
import type { Fan } from './fan.ts';
import type { RushContext } from './rush-context.ts';

/** Seats that a fan holds on one date. */
export interface Held {
  readonly scheduleId: number;
  readonly seats: readonly AcknowledgedSeat[];
  readonly price: number;
  readonly createdAtMs: number;
  readonly expiresAtMs: number;
}

/**
 * How a visit to the shop came to no hold: `queue-again` when the turn ended, `nothing-left` when no seat was to be had,
 * `enough` when the fan has as many seats as one may have.
 */
export type NoHold = 'queue-again' | 'nothing-left' | 'enough';

const THINK_LEAST_MS = 60;
const THINK_MOST_MS = 500;
/** Looks at a shop without a free seat; others' holds may end meanwhile. */
const EMPTY_LOOKS_MOST = 8;
const EMPTY_LOOK_MS = 300;
/** Everybody wants the front: so many of the first free seats are thought of. */
const FRONT_SEATS = 6;
/** After so many disappointments a fan takes any seat. */
const FRONT_ATTEMPTS = 3;

/** A moment of thought. */
export function think({ stage, random }: RushContext): Promise<void> {
  return stage.pause(THINK_LEAST_MS + random.next() * (THINK_MOST_MS - THINK_LEAST_MS));
}

/** Looks for free seats and holds some, again and again while others are quicker. */
export async function findSeats(context: RushContext, fan: Fan, token: string): Promise<Held | NoHold> {
  let emptyLooks = 0;
  for (let attempt = 1; ; attempt += 1) {
    const date = await chooseDate(context, token);
    if (date === 'queue-again') {
      return date;
    }
    const free = date === null ? [] : await readFreeSeats(context, date, token);
    if (free === 'queue-again') {
      return free;
    }
    if (date === null || free.length === 0) {
      emptyLooks += 1;
      if (emptyLooks > EMPTY_LOOKS_MOST || context.stage.isOver()) {
        return 'nothing-left';
      }
      await context.stage.pause(EMPTY_LOOK_MS);
      continue;
    }
    const seatNumbers = chooseSeats(context, free, fan.seatsWanted, attempt);
    await think(context);
    const held = await hold(context, fan, token, date, seatNumbers);
    if (held !== 'taken') {
      return held;
    }
  }
}

/** A date with seats left; earlier dates are liked better. Null when all are gone for now. */
async function chooseDate(
  { client, stage, random }: RushContext,
  token: string,
): Promise<number | null | 'queue-again'> {
  const path = `/concerts/${stage.concertId}/schedules`;
  const answer = await client.ask({ step: 'dates', method: 'GET', path, token });
  if (answer.status !== 200) {
    return refusedAs(answer.status, answer.code, 'dates');
  }
  const dates = readObjects(answer.body, 'schedules').map((schedule) => readInteger(schedule, 'scheduleId'));
  return dates.find(() => random.chance(0.5)) ?? dates[0] ?? null;
}

async function readFreeSeats(
  { client }: RushContext,
  scheduleId: number,
  token: string,
): Promise<number[] | 'queue-again'> {
  const path = `/schedules/${scheduleId}/seats?status=AVAILABLE`;
  const answer = await client.ask({ step: 'seat map', method: 'GET', path, token });
  if (answer.status !== 200) {
    return refusedAs(answer.status, answer.code, 'the seat map');
  }
  return readObjects(answer.body, 'seats').map((seat) => readInteger(seat, 'seatNumber'));
}

function chooseSeats({ random }: RushContext, free: readonly number[], wanted: number, attempt: number): number[] {
  const count = Math.min(wanted, free.length);
  const starts = free.length - count + 1;
  const first = random.below(attempt <= FRONT_ATTEMPTS ? Math.min(FRONT_SEATS, starts) : starts);
  return free.slice(first, first + count);
}

async function hold(
  { client, stage, statistics, acknowledgements, random }: RushContext,
  fan: Fan,
  token: string,
  scheduleId: number,
  seatNumbers: readonly number[],
): Promise<Held | NoHold | 'taken'> {
  const [seatNumber = 0] = seatNumbers;
  const common = { step: 'hold', method: 'POST', token, idempotencyKey: randomUUID() } as const;
  const request =
    seatNumbers.length > 1
      ? { ...common, path: '/reservations', body: { scheduleId, seatNumbers } }
      : random.chance(0.2)
        ? { ...common, path: `/concerts/${stage.concertId}/seats/${seatNumber}/reserve`, body: { scheduleId } }
        : { ...common, path: '/reservations', body: { scheduleId, seatNumber } };
  const answer = await client.ask(request);
  switch (answer.code) {
    case null:
      break;
    case 'SEAT_TAKEN':
      return 'taken';
    case 'SEAT_LIMIT_REACHED':
      return 'enough';
    default:
      return refusedAs(answer.status, answer.code, 'a hold');
  }
  const reservations = seatNumbers.length > 1 ? readObjects(answer.body, 'reservations') : [answer.body];
  const [first = {}] = reservations;
  const held = {
    scheduleId,
    seats: reservations.map(readSeat),
    price: reservations.reduce((sum, reservation) => sum + readInteger(reservation, 'price'), 0),
  };
  const createdAt = readText(first, 'createdAt');
  const expiresAt = readText(first, 'expiresAt');
  if (held.seats.some((seat, index) => seat.seatNumber !== seatNumbers[index])) {
    statistics.noteSurprise(`seats ${seatNumbers.join()} were asked for and others were held`);
  }
  if (answer.status === 201) {
    const { seats } = held;
    acknowledgements.note({ kind: 'hold', userId: fan.userId, scheduleId, seats, createdAt, expiresAt });
  }
  return { ...held, createdAtMs: Date.parse(createdAt), expiresAtMs: Date.parse(expiresAt) };
}

/** What a seat of an answer acknowledges. */
export function readSeat(reservation: JsonObject): AcknowledgedSeat {
  return {
    reservationId: readText(reservation, 'reservationId'),
    seatNumber: readInteger(reservation, 'seatNumber'),
    seq: readInteger(reservation, 'seq'),
  };
}

/** An ended turn is part of the game; anything else must not happen to a fan who does everything right. */
function refusedAs(status: number, code: string | null, what: string): 'queue-again' {
  if (code?.startsWith('QUEUE_') === true) {
    return 'queue-again';
  }
  throw new Error(`${what} was refused with ${status} ${code}`);
}
