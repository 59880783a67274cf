import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import t from 'tap';
import type { QueueTokenRow } from '../../../src/domain/queue-token.ts';
import {
  type Admission,
  type LineListener,
  type LineStore,
  LOST,
  type LineSummary,
} from '../../../src/queue/line-store.ts';
import { createMemoryLineStore } from '../../../src/queue/memory/memory-line-store.ts';
import { createRedisLineStore } from '../../../src/queue/redis/redis-line-store.ts';
import { skipWithoutRedis, startTestRedis } from '../../fixtures/redis.ts';
import { silentLog } from '../../fixtures/silent-log.ts';

const EPOCH_MS = 1_700_000_000_000;
const BOUNDS_MS = 3;
const ALLOWANCES = { abandonMs: 400, noShowMs: 250, idleMs: 300 };
const GENERATION = 1;
const RUNS = 100;
/** Of what is due at the same instant, the stores name any first. */
const ALL = 1_000;

const policies = fc.record({
  maxActive: fc.integer({ min: 0, max: 6 }),
  batch: fc.integer({ min: 0, max: 4 }),
  intervalMs: fc.integer({ min: 1, max: 200 }),
  activeTtlMs: fc.integer({ min: 1, max: 600 }),
});

const act = fc.oneof(
  { weight: 4, arbitrary: fc.record({ type: fc.constant('pass' as const), ms: fc.integer({ min: 0, max: 150 }) }) },
  // To the instant at which something is due, or just before or after it.
  {
    weight: 6,
    arbitrary: fc.record({ type: fc.constant('wake' as const), offsetMs: fc.integer({ min: -1, max: 1 }) }),
  },
  { weight: 4, arbitrary: fc.record({ type: fc.constant('put' as const), count: fc.integer({ min: 1, max: 4 }) }) },
  { weight: 4, arbitrary: fc.record({ type: fc.constant('propose' as const), limit: fc.integer({ min: 1, max: 5 }) }) },
  { weight: 4, arbitrary: fc.record({ type: fc.constant('show' as const) }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('withdraw' as const) }) },
  { weight: 3, arbitrary: fc.record({ type: fc.constant('remove' as const), pick: fc.nat() }) },
  { weight: 3, arbitrary: fc.record({ type: fc.constant('touch' as const), pick: fc.nat() }) },
  { weight: 3, arbitrary: fc.record({ type: fc.constant('look' as const), pick: fc.nat(), isSign: fc.boolean() }) },
  { weight: 3, arbitrary: fc.record({ type: fc.constant('sweep' as const) }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('beat' as const), isAfresh: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('adopt' as const), policy: policies, late: fc.boolean() }) },
);

type Act = typeof act extends fc.Arbitrary<infer A> ? A : never;

/** Mostly people go in as soon as they may; that is where the bounds of the window are. */
function stepsOf(next: Act): readonly Act[] {
  return next.type === 'wake' ? [next, { type: 'propose', limit: 5 }, { type: 'show' }] : [next];
}

/** A store with the summaries that it told. */
function watchStore(store: LineStore): { readonly store: LineStore; summaries(): readonly LineSummary[] } {
  let told: LineSummary[] = [];
  const nothing = (): void => undefined;
  const listener: LineListener = {
    onUp: nothing,
    onDown: nothing,
    onHearing: nothing,
    onActive: nothing,
    onEnded: nothing,
    onChanged: nothing,
    onSummary: (_concertId, summary) => void told.push(summary),
  };
  store.listen(listener);
  return {
    store,
    summaries() {
      const taken = told;
      told = [];
      return taken;
    },
  };
}

/** What both stores are asked, one after the other. */
async function play(stores: readonly LineStore[], concertId: number, world: World, next: Act): Promise<unknown[]> {
  const answers: unknown[] = [];
  const token = 'pick' in next ? (world.tokens[next.pick % Math.max(1, world.tokens.length)] ?? 'nobody') : 'nobody';
  const rows = next.type === 'put' ? Array.from({ length: next.count }, () => world.newRow()) : [];
  const proposals = world.proposals;
  for (const store of stores) {
    switch (next.type) {
      case 'pass':
      case 'wake':
        break;
      case 'put':
        answers.push(await store.put(concertId, GENERATION, rows, []));
        break;
      case 'propose': {
        const proposed = await store.propose(concertId, GENERATION, next.limit);
        if (proposed !== LOST && proposed.length > 0) world.proposals = proposed;
        answers.push(proposed);
        break;
      }
      case 'show':
        answers.push(await store.show(concertId, GENERATION, proposals));
        break;
      case 'withdraw':
        answers.push(await store.withdraw(concertId, GENERATION, proposals));
        break;
      case 'remove':
        answers.push(
          await store.remove(concertId, [{ tokenId: token, status: 'EXPIRED', endedAtMs: world.nowMs() + 0.5 }]),
        );
        break;
      case 'touch': {
        const touched = await store.touch(concertId, token);
        // Where a script needs no position it tells none.
        answers.push(
          touched === LOST ? LOST : [touched.standing?.status ?? null, touched.standing?.activeUntilMs ?? null],
        );
        break;
      }
      case 'look':
        answers.push(await store.look(concertId, [token, 'nobody'], next.isSign));
        break;
      case 'sweep': {
        const due = await store.sweep(concertId, GENERATION, ALL);
        answers.push(due === LOST ? LOST : due.map(({ why, tokenId, atMs }) => `${why} ${tokenId} ${atMs}`).sort());
        break;
      }
      case 'beat':
        answers.push(await store.beat(concertId, next.isAfresh));
        break;
      case 'adopt': {
        const ticket = await store.suspend(concertId);
        if (next.late) await store.suspend(concertId);
        const terms = { policy: next.policy, bookingClosesAtMs: world.closesAtMs };
        answers.push(await store.adopt(concertId, ticket, terms, []));
        break;
      }
    }
  }
  return answers;
}

interface World {
  readonly tokens: string[];
  readonly closesAtMs: number;
  proposals: readonly Admission[];
  nowMs(): number;
  newRow(): QueueTokenRow;
}

t.test('lines in this process and in Redis decide alike', { skip: skipWithoutRedis() }, async (t) => {
  const seed = Number(process.env['FRONTROW_SEED'] ?? Date.now() % 1_000_000);
  t.comment(`FRONTROW_SEED=${seed}`);
  const redis = await startTestRedis(t);
  let nowMs = EPOCH_MS;
  const databaseClock = { lowerMs: () => nowMs, upperMs: () => nowMs + BOUNDS_MS };
  const inMemory = watchStore(createMemoryLineStore({ databaseClock, ...ALLOWANCES }));
  const inRedis = watchStore(
    createRedisLineStore({
      redisUrl: redis.url,
      commandLimitMs: 10_000,
      nodeName: randomUUID(),
      databaseClock,
      log: silentLog,
      ...ALLOWANCES,
    }),
  );
  const stores = [inMemory.store, inRedis.store];
  for (const store of stores) {
    await store.start();
    t.teardown(() => store.close());
  }
  let concertId = 0;

  await fc.assert(
    fc.asyncProperty(
      policies,
      fc.integer({ min: 500, max: 3_000 }),
      fc.array(act, { minLength: 10, maxLength: 60 }),
      async (policy, closesInMs, acts) => {
        concertId += 1;
        const terms = { policy, bookingClosesAtMs: nowMs + closesInMs };
        const world: World = {
          tokens: [],
          closesAtMs: terms.bookingClosesAtMs,
          proposals: [],
          nowMs: () => nowMs,
          newRow() {
            const tokenId = randomUUID();
            this.tokens.push(tokenId);
            return {
              tokenId,
              concertId,
              userId: randomUUID(),
              no: this.tokens.length,
              status: 'WAITING',
              issuedAtMs: nowMs + BOUNDS_MS,
              activatedAtMs: null,
              activeUntilMs: null,
              endedAtMs: null,
            };
          },
        };
        for (const store of stores) {
          const ticket = (await store.begin(concertId, GENERATION)) ?? '';
          await store.finish(concertId, GENERATION, ticket, terms, [], null);
        }
        let wakeMs: number | null = null;
        for (const next of acts.flatMap(stepsOf)) {
          if (next.type === 'pass') nowMs += next.ms;
          if (next.type === 'wake' && wakeMs !== null) nowMs = Math.max(nowMs, wakeMs + next.offsetMs);
          const answers = await play(stores, concertId, world, next);
          const half = answers.length / 2;
          const [ours, theirs] = [inMemory.summaries(), inRedis.summaries()];
          wakeMs = ours.at(-1)?.wakeMs ?? wakeMs;
          assert.deepEqual([answers.slice(0, half), ours], [answers.slice(half), theirs], JSON.stringify(next));
        }
      },
    ),
    { seed, numRuns: RUNS, endOnFailure: true },
  );
});
