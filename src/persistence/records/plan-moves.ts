import type { Schedule } from '../../domain/catalogue.ts';
import type { PlanMove } from '../../domain/catalogue-edits.ts';
import type { Rejection } from '../../domain/errors.ts';
import { numberSeats, type SeatPlan, seatsNotIn } from '../../domain/seat-plan.ts';
import type { Query } from '../journal/transaction.ts';

const VERSIONS = 'SELECT version, plan FROM seat_plan_versions WHERE plan_id = $1 AND version = ANY($2::int[])';

const SEATS = `
  SELECT seat_number, price, EXISTS (
    SELECT FROM reservations r WHERE r.schedule_id = s.schedule_id AND r.seat_number = s.seat_number
      AND r.status IN ('HELD', 'CONFIRMED')
  ) OR EXISTS (
    SELECT FROM blocked_seats b WHERE b.schedule_id = s.schedule_id AND b.seat_number = s.seat_number
  ) AS is_kept
  FROM seats s WHERE schedule_id = $1 ORDER BY seat_number`;

const REMOVE_SEATS = 'DELETE FROM seats WHERE schedule_id = $1 AND seat_number > $2';

const PUT_SEATS = `
  INSERT INTO seats (schedule_id, seat_number, price)
  SELECT $1, seat_number, price FROM unnest($2::bigint[]) WITH ORDINALITY AS _ (price, seat_number)
  ON CONFLICT (schedule_id, seat_number) DO UPDATE SET price = excluded.price WHERE seats.price <> excluded.price`;

const MOVE = 'UPDATE schedules SET plan_version = $2, total_seats = $3 WHERE schedule_id = $1';

interface SeatRow {
  readonly seat_number: number;
  readonly price: number;
  readonly is_kept: boolean;
}

function fault(en: string, ko: string, path = '/planVersion'): Rejection {
  return { code: 'VALIDATION_FAILED', members: { errors: [{ in: 'body', path, message: { en, ko } }] } };
}

/**
 * Moves a schedule to a newer version of its plan. The schedule and its head are locked. A seat that is reserved or blocked must be
 * the same seat under the same number, and keeps its price; so do seats whose level stays. Other seats get the price of their
 * level. Returns a rejection to undo everything, else null.
 */
export async function moveToVersion(query: Query, schedule: Schedule, move: PlanMove): Promise<Rejection | null> {
  const { scheduleId, plan: key } = schedule;
  if (key === null) return fault('needs a date with a seat plan', '배치도가 있는 회차에만 쓸 수 있습니다');
  if (move.version < key.version) {
    return fault(
      `is older than the date's version ${key.version}`,
      `회차의 배치도 버전 ${key.version}보다 오래되었습니다`,
    );
  }
  const rows = await query<{ version: number; plan: SeatPlan }>(VERSIONS, [key.planId, [key.version, move.version]]);
  const [before, after] = [key.version, move.version].map((wanted) => rows.find(({ version }) => version === wanted));
  if (before === undefined || after === undefined)
    return fault('is no version of the plan', '배치도에 없는 버전입니다');
  const seats = await query<SeatRow>(SEATS, [scheduleId]);
  const kept = seats.filter((seat) => seat.is_kept).map((seat) => seat.seat_number);
  const seatNumbers = seatsNotIn(after.plan, before.plan, kept);
  if (seatNumbers.length > 0) return { code: 'SEATS_NOT_IN_PLAN', members: { seatNumbers } };
  const prices = pricesIn(after.plan, before.plan, seats, move.levels);
  if ('code' in prices) return prices;
  await query(REMOVE_SEATS, [scheduleId, prices.length]);
  await query(PUT_SEATS, [scheduleId, prices]);
  await query(MOVE, [scheduleId, move.version, prices.length]);
  return null;
}

function pricesIn(
  after: SeatPlan,
  before: SeatPlan,
  seats: readonly SeatRow[],
  given: PlanMove['levels'],
): readonly number[] | Rejection {
  const levelNames = new Set(after.levels.map(({ name }) => name));
  const unknown = [...given.keys()].find((name) => !levelNames.has(name));
  if (unknown !== undefined)
    return fault(`name ${unknown}, which is no level of the plan`, `배치도에 없는 등급입니다: ${unknown}`, '/levels');
  const levelsBefore = numberSeats(before).map(({ seat }) => seat.level);
  const lowest = new Map<string, number>();
  for (const { seat_number: seatNumber, price } of seats) {
    const level = levelsBefore[seatNumber - 1] ?? '';
    lowest.set(level, Math.min(price, lowest.get(level) ?? price));
  }
  const prices: number[] = [];
  for (const { seatNumber, seat } of numberSeats(after)) {
    const now = seats[seatNumber - 1];
    const keeps = now !== undefined && (now.is_kept || levelsBefore[seatNumber - 1] === seat.level);
    const price = keeps ? now.price : (given.get(seat.level) ?? lowest.get(seat.level));
    if (price === undefined) {
      return fault(`leave level ${seat.level} without a price`, `등급 ${seat.level}의 가격이 없습니다`, '/levels');
    }
    prices.push(price);
  }
  return prices;
}
