import { randomUUID } from 'node:crypto';
import t from 'tap';
import type { Journal } from '../../src/actors/journal-port.ts';
import { createScheduleRegistry } from '../../src/actors/schedule-registry.ts';
import { createIdSource } from '../../src/runtime/ids.ts';
import { createLoneActor, LONE_SCHEDULE } from '../fixtures/lone-actor.ts';
import { createManualClock } from '../fixtures/manual-clock.ts';
import { holdCommand } from '../fixtures/owner-node.ts';
import { DEFAULT_SEAT_RULES } from '../../src/domain/seat-rules.ts';
import { silentLog } from '../fixtures/silent-log.ts';
import { nobodyWatches } from '../fixtures/seat-publishers.ts';

const IDLE_MS = 10 * 60_000;

t.test(
  'a ledger is bounded: past it commands are refused with nothing done, and it takes more once it has emptied',
  async (t) => {
    const lone = createLoneActor();
    const ask = () => lone.ask(holdCommand(LONE_SCHEDULE, randomUUID(), 1));
    const asked = Array.from({ length: 4_500 }, ask);
    const refused = asked.filter((one) => one.reply()?.outcome === 'failed');
    t.equal(refused.length, 500);
    t.strictSame(refused[0]?.reply(), { outcome: 'failed', code: 'OVERLOADED', effect: 'none' });
    t.equal(lone.actor.waiting, 4_000);
    lone.commitAppend();
    t.equal(asked.filter((one) => one.reply()?.outcome === 'granted').length, 1);
    t.equal(lone.actor.waiting, 0);
    t.match(ask().reply(), { outcome: 'refused', rejection: { code: 'SEAT_TAKEN' } });
  },
);

function setUp() {
  const clock = createManualClock();
  const activations: number[] = [];
  const now = () => clock.monotonicMs();
  const nextId = createIdSource();
  const journal: Journal = { requestAppend: () => undefined, requestSettlement: () => undefined };
  const registry = createScheduleRegistry({
    ownership: {
      isLeaseValid: () => true,
      handOver: async () => false,
      async activate(scheduleId) {
        activations.push(scheduleId);
        const seat = { seatNumber: 1, price: 1, status: 'AVAILABLE' as const, live: null };
        const seats = [{ seat, epoch: 1, seq: 0 }];
        return {
          type: 'owned',
          schedule: {
            scheduleId,
            concertId: 1,
            times: {
              bookingOpensAtMs: 0,
              bookingClosesAtMs: Date.parse('2099-01-01T00:00:00Z'),
              startsAtMs: Date.parse('2100-01-01T00:00:00Z'),
              reservationOpensAtMs: null,
              closed: false,
              cancelled: false,
              ...DEFAULT_SEAT_RULES,
            },
            plan: null,
            epoch: 1,
            seq: 0,
            seats,
            recentHolds: [],
            endedTokens: [],
          },
        };
      },
    },
    journal,
    publisher: nobodyWatches,
    clock,
    databaseClock: { lowerMs: now, upperMs: now },
    settings: { holdTtlMs: 100 * IDLE_MS, holdTotalMs: 300 * IDLE_MS, seatsPerUser: 4 },
    newId: () => nextId(now()),
    log: silentLog,
    isExpiryTimerOn: true,
  });
  registry.start();
  return { clock, registry, activations };
}

t.test('an idle schedule is passivated, and comes back to life on its next use', async (t) => {
  const { clock, registry, activations } = setUp();
  await registry.dispatch({ type: 'ReadSeatMap', scheduleId: 7 });
  t.equal(registry.counts().schedules, 1);
  clock.advance(IDLE_MS);
  t.equal(registry.counts().schedules, 0);
  t.match(await registry.dispatch({ type: 'ReadSeatMap', scheduleId: 7 }), { outcome: 'granted' });
  t.strictSame(activations, [7, 7]);
  await registry.close();
});

t.test('a schedule with a hold, or with somebody who waits, is never passivated', async (t) => {
  const { clock, registry } = setUp();
  const held = registry.dispatch(holdCommand(7, randomUUID(), 1));
  await registry.dispatch({ type: 'ReadSeatMap', scheduleId: 7 });
  clock.advance(5 * IDLE_MS);
  t.equal(registry.counts().schedules, 1);
  t.equal(registry.counts().waiting, 1);
  t.ok(held instanceof Promise);
});
