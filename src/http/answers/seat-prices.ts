import { accept, type Decision, reject } from '../../domain/errors.ts';
import { numberSeats, type SeatPlan } from '../../domain/seat-plan.ts';
import { malformed } from './request-error.ts';

export interface PriceRange {
  readonly from: number;
  readonly to: number;
  readonly price: number;
}

export interface LevelPrice {
  readonly name: string;
  readonly price: number;
}

/** The prices of a plan's seats in order of number, from a price for each of its levels. */
export function pricesOfLevels(plan: SeatPlan, levels: readonly LevelPrice[]): Decision<readonly number[]> {
  const prices = new Map<string, number>();
  const names = new Set(plan.levels.map(({ name }) => name));
  for (const [index, { name, price }] of levels.entries()) {
    const path = `/levels/${index}/name`;
    if (!names.has(name)) return reject('VALIDATION_FAILED', malformed('body', path, 'is no level of the plan'));
    if (prices.has(name)) return reject('VALIDATION_FAILED', malformed('body', path, 'prices the level again'));
    prices.set(name, price);
  }
  const [missing] = [...names].filter((name) => !prices.has(name));
  if (missing !== undefined) {
    return reject(
      'VALIDATION_FAILED',
      malformed('body', '/levels', {
        en: `leave level ${missing} without a price`,
        ko: `등급 ${missing}의 가격이 없습니다`,
      }),
    );
  }
  return accept(numberSeats(plan).map(({ seat }) => prices.get(seat.level) ?? 0));
}

/** The prices of `seatCount` seats (index i is seat i + 1), from one price for all or from ranges that cover every seat once. */
export function pricesOfSeats(
  seatCount: number,
  price: number | undefined,
  ranges: readonly PriceRange[] | undefined,
): Decision<readonly number[]> {
  if ((price === undefined) === (ranges === undefined)) {
    return reject('VALIDATION_FAILED', malformed('body', '', 'needs either price or prices'));
  }
  if (ranges === undefined) return accept(Array.from({ length: seatCount }, () => price ?? 0));
  const named = pricesOfNamedSeats(seatCount, ranges);
  if (!named.ok) return named;
  const prices = Array.from({ length: seatCount }, (_, index) => named.value.get(index + 1));
  const complete = prices.filter((each) => each !== undefined);
  if (complete.length === seatCount) return accept(complete);
  const missing = prices.indexOf(undefined) + 1;
  return reject(
    'VALIDATION_FAILED',
    malformed('body', '/prices', {
      en: `leave seat ${missing} without a price`,
      ko: `${missing}번 좌석의 가격이 없습니다`,
    }),
  );
}

/** The prices by seat number of the seats that the ranges name, each of them once. */
export function pricesOfNamedSeats(
  seatCount: number,
  ranges: readonly PriceRange[],
): Decision<ReadonlyMap<number, number>> {
  const prices = new Map<number, number>();
  for (const [index, range] of ranges.entries()) {
    const path = `/prices/${index}`;
    if (range.from > range.to) return reject('VALIDATION_FAILED', malformed('body', path, 'begins after its end'));
    if (range.to > seatCount) {
      return reject(
        'VALIDATION_FAILED',
        malformed('body', path, {
          en: `names a seat past the last one, ${seatCount}`,
          ko: `마지막 좌석 ${seatCount}번을 넘습니다`,
        }),
      );
    }
    for (let seatNumber = range.from; seatNumber <= range.to; seatNumber += 1) {
      if (prices.has(seatNumber)) {
        return reject(
          'VALIDATION_FAILED',
          malformed('body', path, {
            en: `prices seat ${seatNumber} again`,
            ko: `${seatNumber}번 좌석의 가격이 두 번 주어졌습니다`,
          }),
        );
      }
      prices.set(seatNumber, range.price);
    }
  }
  return accept(prices);
}
