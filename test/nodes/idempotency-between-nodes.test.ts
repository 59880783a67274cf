import { randomUUID } from 'node:crypto';
import t from 'tap';
import type { Answer } from '../fixtures/api-client.ts';
import { createTestDatabase, type TestDatabase } from '../fixtures/database.ts';
import { BALANCE_LIMIT_WON } from '../../src/domain/wallet.ts';
import { skipWithoutRedis, startTestRedis } from '../fixtures/redis.ts';
import { addSchedule, enter, openSale, startTestService, type TestService } from '../fixtures/service.ts';

const skip = skipWithoutRedis();
const ROUNDS = 50;
/** As many as share statements and flushes, so that the races differ. */
const ROUNDS_AT_ONCE = 10;
const SEATS_PER_USER = 2;

type Nodes = readonly [TestService, TestService];

interface Request {
  readonly path: string;
  readonly body?: object;
}

/** Somebody who is about to ask twice under one key. */
interface Contender {
  readonly userId: string;
  readonly pool: TestDatabase['pool'];
  readonly scheduleId: number;
  /** Two free pairs of seats that are nobody else's. */
  readonly seats: readonly [number, number, number, number];
  post(request: Request, node?: TestService, key?: string): Promise<Answer>;
}

/** Two requests under one key, one by each node. */
type Race = (contender: Contender) => Promise<readonly [Request, Request]>;

async function holdPair({ post, scheduleId, seats }: Contender): Promise<readonly [string, string]> {
  const held = await post({ path: '/reservations', body: { scheduleId, seatNumbers: seats.slice(0, 2) } });
  const [first, second] = held.as<{ reservations: { reservationId: string }[] }>().reservations;
  return [first?.reservationId ?? '', second?.reservationId ?? ''];
}

async function payPair(contender: Contender): Promise<{ reservationIds: readonly string[]; paymentId: string }> {
  const reservationIds = await holdPair(contender);
  const paid = await contender.post({ path: '/payments', body: { reservationIds } });
  return { reservationIds, ...paid.as<{ paymentId: string }>() };
}

/** Users whose ledger has an entry that no charge could make. */
const filledWallets: string[] = [];

/** Fills the wallet so far that one more charge of 10 000 fits, by one entry that no charge could make. */
async function fillWallet({ userId, pool }: Contender): Promise<void> {
  filledWallets.push(userId);
  await pool.query(
    `WITH filled AS (
       UPDATE wallets SET balance = $2::bigint - 10000, entries = entries + 1 WHERE user_id = $1 RETURNING *
     )
     INSERT INTO wallet_entries (user_id, entry_no, type, amount, balance_after, created_at)
     SELECT filled.user_id, filled.entries, 'CHARGE', filled.balance - e.balance_after, filled.balance, clock_timestamp()
     FROM filled JOIN wallet_entries e ON e.user_id = filled.user_id AND e.entry_no = filled.entries - 1`,
    [userId, BALANCE_LIMIT_WON],
  );
}

function twice(request: Request): readonly [Request, Request] {
  return [request, request];
}

const charge = (amount: number): Request => ({ path: '/me/balance/charge', body: { amount } });

const SAME: Readonly<Record<string, Race>> = {
  hold: async ({ scheduleId, seats }) =>
    twice({ path: '/reservations', body: { scheduleId, seatNumbers: seats.slice(0, 2) } }),
  payment: async (contender) => twice({ path: '/payments', body: { reservationIds: await holdPair(contender) } }),
  refund: async (contender) => twice({ path: `/payments/${(await payPair(contender)).paymentId}/refund` }),
  async charge(contender) {
    await fillWallet(contender);
    return twice(charge(10_000));
  },
};

const DIFFERENT: Readonly<Record<string, Race>> = {
  'holds beyond the limit': async ({ scheduleId, seats }) => [
    { path: '/reservations', body: { scheduleId, seatNumbers: seats.slice(0, 2) } },
    { path: '/reservations', body: { scheduleId, seatNumbers: seats.slice(2) } },
  ],
  async 'payments of one hold'(contender) {
    const reservationIds = await holdPair(contender);
    return [
      { path: '/payments', body: { reservationIds } },
      { path: '/payments', body: { reservationIds: reservationIds.slice(0, 1) } },
    ];
  },
  async 'a refund and the payment itself'(contender) {
    const { reservationIds, paymentId } = await payPair(contender);
    return [{ path: `/payments/${paymentId}/refund` }, { path: '/payments', body: { reservationIds } }];
  },
  async 'charges beyond the limit'(contender) {
    await fillWallet(contender);
    return [charge(10_000), charge(9_000)];
  },
};

async function startNodes(test: typeof t, database: TestDatabase): Promise<Nodes> {
  const redis = await startTestRedis(test);
  const environment = {
    REDIS_URL: redis.url,
    CLUSTER_SECRET: 'a-cluster-secret-of-thirty-two-characters',
    MAX_SEATS_PER_USER: String(SEATS_PER_USER),
  };
  const first = await startTestService(test, database, { ...environment, NODE_ID: 'a' });
  return [first, await startTestService(test, database, { ...environment, NODE_ID: 'b' })];
}

const database = await createTestDatabase(t);
const nodes = skip === false ? await startNodes(t, database) : null;
// Before the services end and are audited: the audit would rightly name the entries that filled the wallets.
t.teardown(async () => {
  await database.pool.query(
    `WITH emptied AS (UPDATE wallets SET balance = 0, entries = 0 WHERE user_id = ANY($1) RETURNING user_id),
       forgotten AS (DELETE FROM idempotency_keys k USING emptied WHERE k.user_id = emptied.user_id)
     DELETE FROM wallet_entries e USING emptied WHERE e.user_id = emptied.user_id`,
    [filledWallets],
  );
});

/** Runs the races, on schedules that both nodes own some of, and returns the answers of each. */
async function run(race: Race): Promise<readonly (readonly [Answer, Answer])[]> {
  if (nodes === null) throw new Error('without Redis there are no two nodes');
  const [here, there] = nodes;
  const { concertId, scheduleId: first } = await openSale(here, { seatCount: 4 * ROUNDS });
  const schedules = [first];
  while (schedules.length < 6) {
    schedules.push(await addSchedule(here, concertId, { inDays: 10 + schedules.length, seatCount: 4 * ROUNDS }));
  }

  async function contend(round: number): Promise<readonly [Answer, Answer]> {
    const fan = await enter(here, concertId);
    const scheduleId = schedules[round % schedules.length] ?? first;
    const contender: Contender = {
      userId: fan.userId,
      pool: database.pool,
      scheduleId,
      seats: [4 * round + 1, 4 * round + 2, 4 * round + 3, 4 * round + 4],
      post({ path, body = {} }, node = here, key = randomUUID()) {
        const token = path === '/reservations' ? fan.queueToken : fan.accessToken;
        return node.call('POST', path, { token, key, body });
      },
    };
    await contender.post(charge(10_000));
    const [one, other] = await race(contender);
    const key = randomUUID();
    const [near, far] = round % 2 === 0 ? [here, there] : [there, here];
    return await Promise.all([contender.post(one, near, key), contender.post(other, far, key)]);
  }

  const answers: (readonly [Answer, Answer])[] = [];
  for (let round = 0; round < ROUNDS; round += ROUNDS_AT_ONCE) {
    const some = Array.from({ length: ROUNDS_AT_ONCE }, (_, nth) => contend(round + nth));
    answers.push(...(await Promise.all(some)));
  }
  return answers;
}

for (const [what, race] of Object.entries(SAME)) {
  t.test(`the same ${what} by way of two nodes at once is done once and answered twice`, { skip }, async (t) => {
    let replays = 0;
    for (const [one, other] of await run(race)) {
      t.ok(one.status < 300, `${one.status} ${String(one.body['code'])}`);
      t.equal(other.status, one.status, String(other.body['code']));
      t.strictSame(other.body, one.body);
      const replayed = [one, other].filter(({ headers }) => headers.get('idempotency-replayed') === 'true').length;
      t.equal(replayed, 1);
      replays += replayed;
    }
    t.equal(replays, ROUNDS);
  });
}

for (const [what, race] of Object.entries(DIFFERENT)) {
  t.test(
    `of ${what} under one key by way of two nodes one is done, and the other told why not`,
    { skip },
    async (t) => {
      for (const pair of await run(race)) {
        const [done, refused] = pair.toSorted((one, other) => one.status - other.status);
        t.ok((done?.status ?? 500) < 300, `${done?.status} ${String(done?.body['code'])}`);
        t.match(refused, { status: 422, body: { code: 'IDEMPOTENCY_KEY_REUSED' } }, String(refused?.body['code']));
      }
    },
  );
}
