import { setTimeout as pause } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { createTestDatabase, type TestDatabase } from '../fixtures/database.ts';
import { openSale, startTestService, type TestService } from '../fixtures/service.ts';
import { startTcpProxy, type TcpProxy } from '../fixtures/tcp-proxy.ts';
import { waitFor } from '../fixtures/wait-for.ts';
import { judgeFrames, readSeatHistory, readSeatsNow } from '../simulation/live-history.ts';
import { createLiveShoppers } from '../simulation/live-shoppers.ts';
import { createLiveWatcher, type LiveWatcher } from '../simulation/live-watcher.ts';
import { createRandom, type Random } from '../simulation/random.ts';
import { seedsToRun } from '../simulation/seeds.ts';

/*
 * Bursts of holds, releases, payments, refunds and expiries while watchers' connections break, stall and come back. SEED=n
 * runs one seed; SEEDS=a-b runs a range. A seed repeats the choices, not the machine's timing.
 */

const WATCHERS = 10;
const SEATS = 30;
const SHOPPERS = 5;
const BURSTS = 2;
const COMMANDS = 40;
const HOLD_TTL_MS = 1_000;
/** Promised. */
const CONVERGENCE_LIMIT_MS = 2_000;
const LOOK_EVERY_MS = 20;
/**
 * Service, shoppers and watchers share this process. A turn that comes later than this comes late because the machine has
 * given the process none, which is nobody's fault and counts as no more.
 */
const TURN_MOST_MS = 100;
/** What a run waits for beside that: the end of every hold. */
const EXPIRY_LIMIT_MS = HOLD_TTL_MS + 2_000;
const RUNS_AT_ONCE = 4;

interface Outcome {
  readonly faults: readonly string[];
  readonly changes: number;
  readonly resumed: { deltas: number; snapshots: number };
  readonly convergedMs: readonly number[];
}

/**
 * Breaks, stalls and confuses watchers, a little more often than every other command: a connection that is broken before
 * it was accepted is accepted all the same, one in a turn, and a crowd of such would keep the others waiting.
 */
function disturb(random: Random, watchers: readonly LiveWatcher[], proxy: TcpProxy): void {
  if (random.chance(0.3)) random.pick(watchers).readAgain();
  if (!random.chance(0.6)) return;
  const watcher = random.pick(watchers);
  switch (random.pick(['break', 'break', 'break', 'stall', 'stall', 'leave', 'leave', 'ask', 'lose', 'cut'] as const)) {
    case 'break':
      watcher.breakOff();
      break;
    case 'stall':
      watcher.stopReading();
      break;
    case 'leave':
      watcher.leaveAndReturn();
      break;
    case 'ask':
      watcher.askAgain();
      break;
    case 'lose':
      // What the service believes to have sent is lost, with the connections when they are cut.
      proxy.muteServer();
      break;
    case 'cut':
      proxy.cut();
      break;
  }
}

/** How long it took until every watcher had the database's map; a sentence for each that had not in time. */
async function converge(
  database: TestDatabase,
  scheduleId: number,
  watchers: readonly LiveWatcher[],
): Promise<{ readonly tookMs: number; readonly faults: string[] }> {
  let tookMs = 0;
  for (;;) {
    const beganMs = performance.now();
    const now = await readSeatsNow(database, scheduleId, SEATS);
    const unequal = watchers.filter(({ seq, map }) => seq !== now.seq || map.join() !== now.map.join());
    if (unequal.length === 0) return { tookMs, faults: [] };
    if (tookMs > CONVERGENCE_LIMIT_MS) {
      return {
        tookMs,
        faults: unequal.map(({ seq }) => `a watcher at ${seq} differs from the database at ${now.seq}`),
      };
    }
    await pause(LOOK_EVERY_MS);
    tookMs += Math.min(performance.now() - beganMs, TURN_MOST_MS);
  }
}

async function simulate(t: Test, seed: number, service: TestService, database: TestDatabase): Promise<Outcome> {
  const random = createRandom(seed);
  const { concertId, scheduleId } = await openSale(service, { seatCount: SEATS });
  const proxy = await startTcpProxy(t, service.url);
  const shoppers = await createLiveShoppers(
    service,
    { concertId, scheduleId, seatCount: SEATS },
    { count: SHOPPERS, random: createRandom(seed + 1_000_000) },
  );
  const watchers = Array.from({ length: WATCHERS }, (_, index) =>
    createLiveWatcher({
      url: index % 2 === 0 ? service.url : proxy.url,
      token: random.pick(shoppers.tokens),
      scheduleId,
      random: createRandom(seed + 2_000_000 + index),
      dialAgainWithinMs: 60,
    }),
  );
  const faults: string[] = [];
  const convergedMs: number[] = [];
  try {
    await Promise.all(watchers.map((watcher) => watcher.open()));
    for (let burst = 1; burst <= BURSTS; burst += 1) {
      await shoppers.burst(COMMANDS, () => disturb(random, watchers, proxy));
      if (proxy.isServerMute) proxy.cut();
      for (const watcher of watchers) watcher.readAgain();
      const converged = await converge(database, scheduleId, watchers);
      convergedMs.push(converged.tookMs);
      faults.push(...converged.faults.map((fault) => `after burst ${burst}: ${fault}`));
    }
    await waitFor(
      async () => (await readSeatsNow(database, scheduleId, SEATS)).map.every((word) => !word.startsWith('HELD')),
      { deadlineMs: EXPIRY_LIMIT_MS, what: 'every hold to end' },
    );
    const converged = await converge(database, scheduleId, watchers);
    faults.push(...converged.faults.map((fault) => `after every hold has ended: ${fault}`));
  } finally {
    for (const watcher of watchers) watcher.close();
  }
  const history = await readSeatHistory(database, scheduleId);
  for (const watcher of watchers) {
    faults.push(...watcher.closings.map((code) => `the service closed with ${code}`));
    faults.push(...watcher.faults, ...judgeFrames(watcher.frames, history, shoppers.commands));
  }
  const resumed = { deltas: 0, snapshots: 0 };
  for (const watcher of watchers) {
    resumed.deltas += watcher.resumed.deltas;
    resumed.snapshots += watcher.resumed.snapshots;
  }
  return { faults, changes: history.changed.length, resumed, convergedMs };
}

t.test('after any burst every watcher’s map is the database’s, whatever became of the connections', async (t) => {
  const database = await createTestDatabase(t);
  const service = await startTestService(t, database, {
    HOLD_TTL_MS: String(HOLD_TTL_MS),
    LIVE_SOCKETS_PER_USER: '0',
    LIVE_MESSAGES_PER_MINUTE: '0',
  });
  const seeds = seedsToRun(100);
  const outcomes: Outcome[] = [];
  const waiting = [...seeds];
  const runSome = async (): Promise<void> => {
    for (let seed = waiting.shift(); seed !== undefined; seed = waiting.shift()) {
      const outcome = await simulate(t, seed, service, database);
      outcomes.push(outcome);
      t.strictSame(outcome.faults, [], `SEED=${seed} npx tap test/storms/live-maps.test.ts`);
    }
  };
  await Promise.all(Array.from({ length: RUNS_AT_ONCE }, runSome));
  t.equal(outcomes.length, seeds.length, 'every seed was run');
  const sum = (figure: (outcome: Outcome) => number): number => outcomes.reduce((all, one) => all + figure(one), 0);
  const deltas = sum(({ resumed }) => resumed.deltas);
  t.ok(deltas > seeds.length, 'connections were resumed by the changes that were missed');
  const slowestMs = Math.max(...outcomes.flatMap(({ convergedMs }) => convergedMs));
  t.comment(
    `${sum(({ changes }) => changes)} changes; ${deltas} resumed by deltas, ${sum(({ resumed }) => resumed.snapshots)} by ` +
      `snapshots; the slowest convergence took ${Math.round(slowestMs)} ms`,
  );
});
