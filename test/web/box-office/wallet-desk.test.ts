import t from 'tap';
import { createFrontrowClient, type ClientOptions } from '../../../src/client/frontrow-client.ts';
import { createCounter } from '../../../web/box-office/counter.ts';
import type { KeptTokens } from '../../../web/box-office/kept-tokens.ts';
import { createPageStore } from '../../../web/box-office/page-store.ts';
import { createWalletDesk } from '../../../web/box-office/wallet-desk.ts';
import { pageAt } from '../fixtures.ts';

const RECEIPT = { entryId: 1, previousBalance: 0, currentBalance: 500, createdAt: '2026-11-20T03:00:00.000Z' };

/** Answers of a service, one for each charge; null: none arrives. */
function deskUnderTest(answers: readonly (object | null)[]) {
  const keys: (string | undefined)[] = [];
  const amounts: unknown[] = [];
  const fetch: ClientOptions['fetch'] = async (_url, { headers, body }) => {
    const answer = answers[keys.length] ?? RECEIPT;
    keys.push(headers['idempotency-key']);
    amounts.push(typeof body === 'string' ? (JSON.parse(body) as { amount?: number }).amount : undefined);
    if (answers[keys.length - 1] === null) throw new TypeError('the connection broke');
    const status = 'status' in answer && typeof answer.status === 'number' ? answer.status : 200;
    return { status, headers: new Headers(), text: async () => JSON.stringify(answer) };
  };
  // No time for a second attempt: whoever presses again makes it.
  const client = createFrontrowClient({
    fetch,
    limits: { deadlineMs: 1_000, firstRetryMs: 1_000_000, longestRetryMs: 1_000_000 },
    random: () => 0.999,
  });
  let accessToken = 'one';
  const kept: KeptTokens = {
    accessToken: () => accessToken,
    keepAccessToken: () => undefined,
    queueToken: () => null,
    keepQueueToken: () => undefined,
    queues: () => [],
    language: () => null,
    keepLanguage: () => undefined,
    theme: () => 'system',
    keepTheme: () => undefined,
    onChangeElsewhere: () => undefined,
  };
  const store = createPageStore(pageAt('#/'));
  const desk = createWalletDesk(createCounter({ client, kept, store, go: () => undefined }));
  return {
    desk,
    store,
    keys,
    amounts,
    becomes(token: string) {
      accessToken = token;
    },
  };
}

t.test('a charge without an answer that is asked for again is the same charge', async (t) => {
  const { desk, store, keys } = deskUnderTest([null, { status: 503, code: 'STORE_UNAVAILABLE', outcome: 'unknown' }]);
  await desk.charge(500, 'own');
  t.equal(store.state.notice?.kind, 'unreachable');
  await desk.charge(500, 'own');
  t.equal(store.state.notice?.kind, 'problem');
  await desk.charge(500, 'own');
  t.equal(store.state.notice?.kind, 'charged');
  t.equal(keys.length, 3);
  t.equal(new Set(keys).size, 1, 'under one key, so that it is done once');
});

t.test('a charge that was decided, another amount, and another fan have keys of their own', async (t) => {
  const { desk, keys, becomes } = deskUnderTest([null, null, null, RECEIPT, { status: 409, code: 'BALANCE_LIMIT' }]);
  await desk.charge(500, 'own');
  await desk.charge(600, 'own');
  becomes('two');
  await desk.charge(600, 'own');
  await desk.charge(600, 'own');
  await desk.charge(600, 'own');
  await desk.charge(600, 'own');
  const [first, second, third, ...rest] = keys;
  t.equal(new Set([first, second, third]).size, 3);
  t.equal(rest[0], third, 'the one without an answer goes on');
  t.equal(new Set([third, ...rest]).size, 3, 'what was granted or refused is over');
});

t.test('what is missing is charged in full, in portions that the service accepts', async (t) => {
  const { desk, store, amounts } = deskUnderTest([
    { ...RECEIPT, currentBalance: 10_000_100 },
    { ...RECEIPT, currentBalance: 12_000_000 },
  ]);
  store.dispatch({ type: 'balance-read', balance: 100 });
  await desk.cover(12_000_000);
  t.same(amounts, [10_000_000, 1_999_900]);
  await desk.cover(12_000_000);
  t.equal(amounts.length, 2, 'and nothing when nothing is missing');
});

t.test('after a charge without an answer the balance is read before another amount is charged', async (t) => {
  const { desk, store, keys, amounts } = deskUnderTest([null, { balance: 500 }, { ...RECEIPT, currentBalance: 800 }]);
  store.dispatch({ type: 'balance-read', balance: 0 });
  await t.rejects(desk.cover(500));
  await desk.cover(800);
  t.same(amounts, [500, undefined, 300], 'the lost charge had been made');
  t.equal(new Set(keys).size, 3);
});

t.test('the same amount is charged again under the same key', async (t) => {
  const { desk, store, keys, amounts } = deskUnderTest([null, { ...RECEIPT, currentBalance: 500 }]);
  store.dispatch({ type: 'balance-read', balance: 0 });
  await t.rejects(desk.cover(500));
  await desk.cover(500);
  t.same(amounts, [500, 500]);
  t.equal(new Set(keys).size, 1);
});
