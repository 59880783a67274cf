import { randomUUID } from 'node:crypto';
import t from 'tap';
import { DEFAULT_SEAT_RULES, SINGLE_SEATS } from '../../src/domain/seat-rules.ts';
import type { SeatPlan } from '../../src/domain/seat-plan.ts';
import { createLoneActor, LONE_SCHEDULE, type LoneActor } from '../fixtures/lone-actor.ts';
import { heldBy, holdCommand } from '../fixtures/owner-node.ts';

/** One row of ten: accessible seats 1 and 9, with a companion's seat at 2. */
const PLAN: SeatPlan = {
  name: '',
  sections: [
    {
      name: '',
      rows: [
        {
          label: 'A',
          seats: Array.from({ length: 10 }, (_, x) => ({
            label: String(x + 1),
            x,
            y: 0,
            level: '1',
            attributes: x === 0 || x === 8 ? ['ACCESSIBLE' as const] : x === 1 ? ['COMPANION' as const] : [],
          })),
        },
      ],
    },
  ],
  levels: [{ name: '1' }],
};
const KEPT = { ...DEFAULT_SEAT_RULES, accessibleReleaseAtMs: 20_000 };

const pick = (lone: LoneActor, isAccessible: boolean, ...seatNumbers: number[]) => {
  const asked = lone.ask({ ...holdCommand(LONE_SCHEDULE, randomUUID(), ...seatNumbers), isAccessible });
  if (asked.reply() === null) lone.commitAppend();
  return asked.reply();
};
const choose = (lone: LoneActor, count: number, isAccessible: boolean, isTogether = true) => {
  const { seatNumbers: _, ...hold } = holdCommand(LONE_SCHEDULE, randomUUID());
  const filter = { section: null, level: null, maxPrice: null };
  const asked = lone.ask({ ...hold, type: 'HoldBestSeats', count, isTogether, filter, isAccessible });
  if (asked.reply() === null) lone.commitAppend();
  return heldBy(asked.reply()).map(({ seatNumber }) => seatNumber);
};

t.test('where single seats are forbidden, a pick that leaves one is refused with other seats', async (t) => {
  const lone = createLoneActor({ rules: { ...DEFAULT_SEAT_RULES, singleSeats: 'FORBID' } });
  pick(lone, false, 1);
  t.match(pick(lone, false, 3), {
    outcome: 'refused',
    rejection: {
      code: 'LEAVES_SINGLE_SEAT',
      members: { seatNumbers: [2], suggestions: [[2], [4], [5]], epoch: 1, seq: 1 },
    },
  });
  t.match(heldBy(pick(lone, false, 4)), [{ seatNumber: 4 }]);
  for (const singleSeats of ['AVOID', 'ALLOW'] as const) {
    const other = createLoneActor({ rules: { ...DEFAULT_SEAT_RULES, singleSeats } });
    pick(other, false, 1);
    t.match(heldBy(pick(other, false, 3)), [{ seatNumber: 3 }], singleSeats);
  }
});

t.test('a refusal for a single seat waits for what it depends on', async (t) => {
  const lone = createLoneActor({ rules: { ...DEFAULT_SEAT_RULES, singleSeats: 'FORBID' } });
  const first = lone.ask(holdCommand(LONE_SCHEDULE, randomUUID(), 1));
  const second = lone.ask(holdCommand(LONE_SCHEDULE, randomUUID(), 3));
  t.equal(second.reply(), null);
  lone.commitAppend();
  t.equal(heldBy(first.reply()).length, 1);
  t.match(second.reply(), { rejection: { code: 'LEAVES_SINGLE_SEAT' } });
});

t.test('only where single seats are allowed does the service leave one for better seats', async (t) => {
  for (const singleSeats of SINGLE_SEATS) {
    const lone = createLoneActor({ rules: { ...DEFAULT_SEAT_RULES, singleSeats } });
    pick(lone, false, 3);
    const leavesSeat4 = choose(lone, 2, false).join() === '5,6';
    t.equal(leavesSeat4, singleSeats === 'ALLOW', singleSeats);
  }
});

t.test('accessible seats and those of companions are kept until their time, and then released', async (t) => {
  const lone = createLoneActor({ rules: KEPT, plan: PLAN });
  t.match(pick(lone, false, 2, 3, 1), {
    outcome: 'refused',
    rejection: {
      code: 'SEAT_ACCESSIBLE_ONLY',
      members: { seatNumbers: [1, 2], accessibleReleaseAt: new Date(20_000).toISOString() },
    },
  });
  t.match(heldBy(pick(lone, false, 3)), [{ seatNumber: 3 }]);
  t.match(heldBy(pick(lone, true, 1)), [{ seatNumber: 1 }]);
  t.strictSame(choose(lone, 6, false), [], 'six side by side would need the kept seat 9');
  lone.now = 20_000;
  t.match(heldBy(pick(lone, false, 9)), [{ seatNumber: 9 }]);
  const never = createLoneActor({ plan: PLAN });
  t.match(heldBy(pick(never, false, 1)), [{ seatNumber: 1 }], 'without a time they are not kept');
});

t.test('who needs an accessible seat gets one among the chosen seats, as long as one is left', async (t) => {
  const lone = createLoneActor({ rules: KEPT, plan: PLAN });
  t.strictSame(choose(lone, 2, true), [8, 9]);
  t.strictSame(choose(lone, 2, true, false), [1, 2]);
  t.strictSame(choose(lone, 2, true), [6, 7], 'none is left');
});
