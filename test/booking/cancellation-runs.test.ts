import t from 'tap';
import type { Command, CommandRouter, Reply } from '../../src/actors/command.ts';
import { createCancellationRuns } from '../../src/booking/cancellation-runs.ts';
import type { Cancellations, DueRefund } from '../../src/domain/cancellation.ts';
import { Fault } from '../../src/domain/errors.ts';
import { type Clock, systemClock } from '../../src/runtime/clock.ts';
import { fakeCancellations } from '../http/fake-cancellations.ts';
import { silentLog } from '../fixtures/silent-log.ts';

const REFUNDED: Reply = { outcome: 'granted', value: { alreadyRefunded: true } };
/** A clock that waits for nothing. */
const clock: Clock = {
  ...systemClock,
  after(_ms, run) {
    const soon = setImmediate(run);
    return () => clearImmediate(soon);
  },
};

function refundsUnderTest(count: number) {
  const left = new Map<string, DueRefund>();
  for (let nth = 1; nth <= count; nth += 1) {
    left.set(`p${nth}`, { scheduleId: 1, paymentId: `p${nth}`, userId: `u${nth}` });
  }
  const asked: string[] = [];
  const parked = new Map<string, string>();
  const chunks: number[] = [];
  let finished = 0;
  const cancellations: Cancellations = {
    ...fakeCancellations,
    listRunning: async () => (finished > 0 ? [] : ['c']),
    listDates: async () => [{ scheduleId: 1, epoch: 5 }],
    async listDue(_cancellationId, limit) {
      const due = [...left.values()].filter(({ paymentId }) => !parked.has(paymentId)).slice(0, limit);
      if (due.length > 0) chunks.push(due.length);
      return due;
    },
    async park(_cancellationId, paymentId, code) {
      parked.set(paymentId, code);
    },
    async finish() {
      finished += 1;
      return true;
    },
  };
  /** Refunds, unless the test answers otherwise. */
  function runsOver(answer: (command: Command) => Reply | null, over: Partial<Cancellations> = {}) {
    const router = {
      async dispatch(command: Command): Promise<Reply> {
        if (command.type === 'RefundPayment') asked.push(command.paymentId);
        const reply = answer(command);
        if (reply !== null) return reply;
        if (command.type === 'RefundPayment') left.delete(command.paymentId);
        return REFUNDED;
      },
    } as CommandRouter;
    return createCancellationRuns({ cancellations: { ...cancellations, ...over }, router, clock, log: silentLog });
  }
  return { runsOver, asked, parked, chunks, finishes: () => finished };
}

t.test(
  'owners end the holds before anything is refunded, and at most 200 refunds are asked for together',
  async (t) => {
    const { runsOver, asked, chunks, finishes } = refundsUnderTest(450);
    const reloaded: unknown[] = [];
    const runs = runsOver((command) => {
      if (command.type !== 'ReloadSchedule') return null;
      reloaded.push([command, asked.length]);
      return { outcome: 'granted', value: { epoch: 5 } };
    });
    await runs.run('c');
    t.same(reloaded, [[{ type: 'ReloadSchedule', scheduleId: 1, epoch: 5 }, 0]]);
    t.same(chunks, [200, 200, 50]);
    t.equal(new Set(asked).size, 450);
    t.equal(finishes(), 1);
  },
);

t.test('a payment that the owner refuses is parked, and the others are refunded', async (t) => {
  const { runsOver, asked, parked, finishes } = refundsUnderTest(3);
  const runs = runsOver((command) =>
    command.type === 'RefundPayment' && command.paymentId === 'p2'
      ? { outcome: 'refused', rejection: { code: 'BALANCE_LIMIT', members: {} } }
      : null,
  );
  await runs.run('c');
  t.same([...parked], [['p2', 'BALANCE_LIMIT']]);
  t.same(asked, ['p1', 'p2', 'p3']);
  t.equal(finishes(), 1);
});

t.test('a refund that was parked is tried again when the run is ordered again before its end', async (t) => {
  const { runsOver, asked, parked } = refundsUnderTest(1);
  let isFull = true;
  const finish = async (): Promise<boolean> => {
    if (!isFull) return true;
    // The wallet has room again, and an organiser orders the run again, while this run finds nothing more to do.
    isFull = false;
    parked.clear();
    void runs.run('c');
    return true;
  };
  const runs = runsOver(
    ({ type }) =>
      type === 'RefundPayment' && isFull
        ? { outcome: 'refused', rejection: { code: 'BALANCE_LIMIT', members: {} } }
        : null,
    { finish },
  );
  await runs.run('c');
  t.same(asked, ['p1', 'p1']);
  t.same([...parked], []);
});

t.test('a run goes on after an owner or the database was away', async (t) => {
  const { runsOver, finishes } = refundsUnderTest(3);
  let failures = 3;
  const runs = runsOver(() =>
    (failures -= 1) >= 0 ? { outcome: 'failed', code: 'OWNER_UNAVAILABLE', effect: 'none' } : null,
  );
  await runs.run('c');
  t.equal(finishes(), 1);

  const other = refundsUnderTest(3);
  let faults = 2;
  const over = {
    listDates: async () => {
      if ((faults -= 1) >= 0) throw new Fault('STORE_UNAVAILABLE', 'none');
      return [];
    },
  };
  await other.runsOver(() => null, over).run('c');
  t.equal(other.finishes(), 1);
});

t.test('a run that cannot end is given up for the sweep, and one cancellation has one run here', async (t) => {
  const { runsOver, finishes } = refundsUnderTest(1);
  let isAway = true;
  const runs = runsOver(() => (isAway ? { outcome: 'failed', code: 'OWNER_UNAVAILABLE', effect: 'none' } : null));
  t.equal(runs.run('c'), runs.run('c'));
  await runs.run('c');
  t.equal(finishes(), 0);
  isAway = false;
  await runs.resume();
  t.equal(finishes(), 1);
});

t.test('a closed process begins no more refunds', async (t) => {
  const { runsOver, asked } = refundsUnderTest(450);
  const runs = runsOver(() => null);
  const run = runs.run('c');
  await runs.close();
  await run;
  t.ok(asked.length <= 200, `${asked.length}`);
  await runs.resume();
  t.ok(asked.length <= 200, `${asked.length}`);
});
