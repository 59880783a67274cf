import { accept, type Decision, reject } from '../../domain/errors.ts';
import { malformed } from './request-error.ts';

export interface PriceRange {
  readonly from: number;
  readonly to: number;
  readonly price: number;
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
