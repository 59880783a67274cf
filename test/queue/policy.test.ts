import fc from 'fast-check';
import t from 'tap';
import type { QueuePolicy } from '../../src/domain/catalogue.ts';
import { type AdmissionLog, createAdmissionLog } from '../../src/queue/memory/admission-log.ts';
import { admissionRoom, pollAfterMs, windowOpensAtMs } from '../../src/queue/policy.ts';

const policy: QueuePolicy = { maxActive: 100, batch: 10, intervalMs: 10_000, activeTtlMs: 3_600_000 };
const ABANDON_MS = 120_000;

function times(count: number, atMs: number): number[] {
  return Array.from({ length: count }, () => atMs);
}

/** Admissions at these instants, of tokens that are called by their position. */
function logOf(instants: readonly number[]): AdmissionLog {
  return createAdmissionLog(instants.map((activatedAtMs, nth) => ({ tokenId: String(nth), activatedAtMs })));
}

t.test('an untouched window has room for one batch', async (t) => {
  const log = createAdmissionLog();
  t.equal(admissionRoom(policy, log, 0, 5_000), 10);
  t.equal(windowOpensAtMs(policy, log), Number.NEGATIVE_INFINITY);
});

t.test('the next is admitted when the batch-th last is an interval old, not a millisecond sooner', async (t) => {
  const log = logOf([1_000, ...times(9, 4_000)]);
  t.equal(windowOpensAtMs(policy, log), 11_000);
  t.equal(admissionRoom(policy, log, 0, 10_999), 0);
  t.equal(admissionRoom(policy, log, 0, 11_000), 1);
  t.equal(admissionRoom(policy, log, 0, 14_000), 10);
});

t.test('those inside and on their way in count against the cap', async (t) => {
  const log = createAdmissionLog();
  t.equal(admissionRoom(policy, log, 95, 0), 5);
  t.equal(admissionRoom(policy, log, 100, 0), 0);
  t.equal(admissionRoom(policy, log, 130, 0), 0, 'a cap that was lowered ejects nobody and admits nobody');
});

t.test('a batch or a cap of nobody pauses', async (t) => {
  for (const paused of [
    { ...policy, batch: 0 },
    { ...policy, maxActive: 0 },
  ]) {
    t.equal(admissionRoom(paused, createAdmissionLog(), 0, 1_000_000), 0);
    t.equal(windowOpensAtMs(paused, createAdmissionLog()), null);
    t.equal(pollAfterMs(paused, 1, ABANDON_MS), 30_000);
  }
});

t.test('whenever it is asked, no window of an interval gets more than a batch', async () => {
  fc.assert(
    fc.property(
      fc.record({ batch: fc.integer({ min: 1, max: 7 }), intervalMs: fc.integer({ min: 1, max: 50 }) }),
      fc.array(fc.integer({ min: 0, max: 30 }), { maxLength: 200 }),
      ({ batch, intervalMs }, pauses) => {
        const tight = { ...policy, maxActive: 1_000_000, batch, intervalMs };
        const log = createAdmissionLog();
        const admitted: number[] = [];
        let nowMs = 0;
        for (const pause of pauses) {
          nowMs += pause;
          for (let room = admissionRoom(tight, log, 0, nowMs); room > 0; room -= 1) {
            log.add({ tokenId: String(admitted.length), activatedAtMs: nowMs });
            admitted.push(nowMs);
          }
          log.forget(batch, nowMs - intervalMs);
        }
        return admitted.every((atMs, nth) => nth < batch || atMs - (admitted[nth - batch] ?? 0) >= intervalMs);
      },
    ),
  );
});

t.test('room and the instant at which the window opens agree', async () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 60 }), { minLength: 1, maxLength: 40 }),
      fc.integer({ min: 1, max: 9 }),
      (instants, batch) => {
        const tight = { ...policy, maxActive: 1_000_000, batch, intervalMs: 20 };
        const log = logOf(instants.sort((one, other) => one - other));
        const opensAtMs = windowOpensAtMs(tight, log) ?? 0;
        const at = Math.max(opensAtMs, 0);
        return (
          admissionRoom(tight, log, 0, at) > 0 && (opensAtMs <= 0 || admissionRoom(tight, log, 0, opensAtMs - 1) <= 0)
        );
      },
    ),
  );
});

t.test('polls are half a minute apart far from the front and soon near it', async (t) => {
  t.equal(pollAfterMs(policy, 1_000, ABANDON_MS), 30_000);
  t.equal(pollAfterMs(policy, 1, ABANDON_MS), 2_500);
  t.equal(pollAfterMs(policy, 11, ABANDON_MS), 5_000);
  t.equal(pollAfterMs({ ...policy, intervalMs: 100 }, 1, ABANDON_MS), 1_000);
  t.equal(pollAfterMs(policy, 1_000, 30_000), 10_000, 'whoever polls as told is not abandoned');
});

t.test('admissions that did not happen are taken back, old ones are forgotten', async (t) => {
  const log = logOf([1, 2, 3, 4, 5, 6]);
  log.withdraw({ tokenId: '5', activatedAtMs: 6 });
  log.withdraw({ tokenId: '4', activatedAtMs: 4 });
  t.equal(log.nthNewestMs(1), 5, 'one that stands at another instant is left alone');
  log.forget(1, 3);
  t.equal(log.size, 2);
  t.equal(log.nthNewestMs(3), null);
  t.equal(log.countAfter(0), 2);
  log.add({ tokenId: 'late', activatedAtMs: 4 });
  t.equal(log.nthNewestMs(3), 4, 'one that is learned late takes its place');
  log.add({ tokenId: 'late', activatedAtMs: 9 });
  t.equal(log.nthNewestMs(1), 9, 'and moves');
  t.equal(log.size, 3);
});
