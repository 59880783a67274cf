import t from 'tap';
import type { ListedConcert, Schedule } from '../../../src/client/answers.ts';
import { isBookable, isJoinable, saleOf, saleOfDate, salesOf } from '../../../web/state/sale.ts';
import { at, concert, NOW_MS } from '../fixtures.ts';

const HOUR_MS = 3_600_000;

function date(change: Partial<Schedule> = {}): Schedule {
  const [schedule] = concert.schedules;
  if (schedule === undefined) throw new Error('the concert has a date');
  return { ...schedule, totalSeats: 50, availableSeats: 50, ...change };
}

function sale(change: Partial<ListedConcert>) {
  return saleOf({ ...concert, schedules: [date()], ...change }, NOW_MS);
}

t.test('a concert has one state', async (t) => {
  const queue = { waiting: 0, active: 0, maxActive: 10, paused: true };
  const expected: readonly (readonly [string, Partial<ListedConcert>])[] = [
    ['on-sale', {}],
    ['on-sale', { queue: null }],
    ['on-sale', { schedules: [date({ availableSeats: 5 })] }],
    ['few-left', { schedules: [date({ availableSeats: 4 })] }],
    ['on-sale', { schedules: [date({ availableSeats: 0 }), date()] }],
    ['sold-out', { schedules: [date({ availableSeats: 0 }), date({ availableSeats: 0 })] }],
    ['sold-out', { schedules: [date({ availableSeats: 0 })], queue }],
    ['paused', { queue }],
    ['upcoming', { bookingOpensAt: at(1) }],
    ['upcoming', { bookingOpensAt: at(1), queue }],
    ['upcoming', { schedules: [date({ reservationOpensAt: at(1) })] }],
    ['upcoming', { schedules: [date({ availableSeats: 0 }), date({ reservationOpensAt: at(1) })] }],
    ['on-sale', { bookingOpensAt: at(0), schedules: [date({ reservationOpensAt: at(0) })] }],
    ['closed', { bookingClosesAt: at(-1) }],
    ['on-sale', { bookingClosesAt: at(0) }],
    ['cancelled', { cancelled: true }],
    ['cancelled', { schedules: [date({ cancelled: true, availableSeats: 0 })] }],
    ['on-sale', { schedules: [date({ cancelled: true, availableSeats: 0 }), date()] }],
    ['sold-out', { schedules: [date({ cancelled: true, availableSeats: 0 }), date({ availableSeats: 0 })] }],
    ['undated', { schedules: [] }],
    ['undated', { schedules: [date({ startsAt: at(0) })] }],
  ];
  for (const [name, change] of expected) t.equal(sale(change).name, name, `${name}: ${JSON.stringify(change)}`);
});

t.test('seats left are those of the dates that can be booked now', async (t) => {
  const schedules = [date({ availableSeats: 30 }), date({ reservationOpensAt: at(1) }), date({ startsAt: at(-1) })];
  t.same(sale({ schedules }), { name: 'on-sale', left: 30, total: 50 });
});

t.test('an unopened concert opens at its first opening', async (t) => {
  const schedules = [date({ reservationOpensAt: at(2 * HOUR_MS) }), date({ reservationOpensAt: at(HOUR_MS) })];
  t.same(sale({ schedules }), { name: 'upcoming', opensMs: NOW_MS + HOUR_MS });
  t.same(sale({ bookingOpensAt: at(500), schedules }), { name: 'upcoming', opensMs: NOW_MS + 500 });
});

t.test('a date has one state', async (t) => {
  const stateOf = (change: Partial<Schedule>) => saleOfDate(date(change), NOW_MS).name;
  t.equal(stateOf({}), 'on-sale');
  t.equal(stateOf({ availableSeats: 1 }), 'few-left');
  t.equal(stateOf({ availableSeats: 0 }), 'sold-out');
  t.equal(stateOf({ reservationOpensAt: at(1) }), 'upcoming');
  t.equal(stateOf({ startsAt: at(0) }), 'closed');
});

t.test('it helps to queue only where something can be had', async (t) => {
  const soldOut = { schedules: [date({ availableSeats: 0 })] };
  const states = [{}, soldOut, { schedules: [] }, { bookingOpensAt: at(1) }, { bookingClosesAt: at(-1) }];
  t.same(
    states.map((change) => isJoinable(sale(change))),
    [true, true, false, false, false],
  );
  t.same(
    states.map((change) => isBookable(sale(change))),
    [true, false, false, false, false],
    'seats of a sold-out date may return',
  );
});

t.test('concerts that can be booked come first, those that open later by their opening', async (t) => {
  const named = (concertId: number, change: Partial<ListedConcert>) => ({ ...concert, concertId, ...change });
  const available = [
    named(5, { schedules: [date({ availableSeats: 0 })] }),
    named(4, { schedules: [] }),
    named(3, { schedules: [date()] }),
    named(2, { schedules: [date({ availableSeats: 1 })] }),
    named(1, { schedules: [date()] }),
  ];
  const upcoming = [
    named(8, { bookingOpensAt: at(2 * HOUR_MS), schedules: [date()] }),
    named(7, { bookingOpensAt: at(HOUR_MS), schedules: [date()] }),
    named(6, { bookingOpensAt: at(-1), schedules: [date()] }),
    named(5, { bookingOpensAt: at(-1), schedules: [date()] }),
  ];
  const { now, later } = salesOf(available, upcoming, NOW_MS);
  t.same(
    now.map(({ concert: { concertId } }) => concertId),
    [3, 1, 6, 2, 5, 4],
    'one that has opened meanwhile is among them, once, as it was read last',
  );
  t.equal(now.find(({ concert: { concertId } }) => concertId === 5)?.sale.name, 'sold-out');
  t.same(
    later.map(({ concert: { concertId } }) => concertId),
    [7, 8],
  );
});
