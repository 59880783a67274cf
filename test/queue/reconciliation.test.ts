import t from 'tap';
import { createReconciler } from '../../src/queue/reconciliation.ts';
import type { LineSummary } from '../../src/queue/line-store.ts';
import type { KnownLine } from '../../src/queue/lines.ts';
import { createManualClock } from '../fixtures/manual-clock.ts';

const LOOKING_MS = 50;

const summary: LineSummary = {
  generation: 1,
  waiting: 0,
  active: 1,
  maxActive: 100,
  batch: 10,
  intervalMs: 10_000,
  activeTtlMs: 3_600_000,
  closesAtMs: Number.MAX_SAFE_INTEGER,
  isSuspended: false,
  latestMs: 0,
  pending: 0,
  departures: 0,
  insideMs: 0,
  gap: null,
  wakeMs: null,
};

const lineOf = (concertId: number): KnownLine => ({
  concertId,
  generation: 1,
  summary,
  entries: 0,
  admissions: 0,
  refused: 0,
});

/** Two lines with somebody inside, of which the first takes as long to look at as the test says. */
function setUp() {
  const clock = createManualClock();
  const lines = [lineOf(1), lineOf(2)];
  const looks = new Map<string, number>();
  let lookingMs = 0;
  const reconciler = createReconciler({
    clock,
    records: {
      review: ([tokenId = '']) => {
        looks.set(tokenId, (looks.get(tokenId) ?? 0) + 1);
        // Long for this process: it waits for the processor, or for a connection.
        clock.advance(100);
        return Promise.resolve({ ended: [], paidUp: [], tookMs: tokenId.includes('{1}') ? lookingMs : 0 });
      },
      find: () => Promise.resolve([]),
      listLive: () => Promise.resolve([]),
    },
    store: { exclusive: null, range: (concertId) => Promise.resolve([`somebody of {${concertId}}`]) },
    ends: { add: () => undefined },
    changes: { apply: () => Promise.resolve() },
    policyChanges: { note: () => undefined },
    terms: () => Promise.resolve(null),
  });

  /** How often each line was looked at within so many seconds, with a comparison in each of them. */
  async function countLooks(seconds: number): Promise<number[]> {
    looks.clear();
    for (let second = 0; second < seconds; second += 1) {
      for (const line of lines) await reconciler.compare(line);
      clock.advance(1_000);
    }
    return [...looks.values()];
  }

  return { countLooks, take: (ms: number) => (lookingMs = ms) };
}

t.test('those inside are looked at once a second, and less often where a look takes long', async (t) => {
  const { countLooks, take } = setUp();
  t.same(await countLooks(10), [10, 10], 'looks that take no time');
  take(LOOKING_MS);
  const [slow = 0, quick] = await countLooks(20);
  t.ok(slow >= 3 && slow <= 5, `a look of ${LOOKING_MS} ms leaves 5 s to others: ${slow} in 20 s`);
  t.equal(quick, 20, 'the other line is not neglected for that');
  take(5_000);
  await countLooks(21);
  t.ok(((await countLooks(21))[0] ?? 0) >= 1, 'however long a look takes, the next one is twenty seconds away');
});
