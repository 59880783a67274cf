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
  const fetch: ClientOptions['fetch'] = async (_url, { headers }) => {
    const answer = answers[keys.length] ?? RECEIPT;
    keys.push(headers['idempotency-key']);
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
    becomes(token: string) {
      accessToken = token;
    },
  };
}

t.test('a charge without an answer that is asked for again is the same charge', async (t) => {
  const { desk, store, keys } = deskUnderTest([null, { status: 503, code: 'STORE_UNAVAILABLE', outcome: 'unknown' }]);
  await desk.charge(500);
  t.equal(store.state.notice?.kind, 'unreachable');
  await desk.charge(500);
  t.equal(store.state.notice?.kind, 'problem');
  await desk.charge(500);
  t.equal(store.state.notice?.kind, 'charged');
  t.equal(keys.length, 3);
  t.equal(new Set(keys).size, 1, 'under one key, so that it is done once');
});

t.test('a charge that was decided, another amount, and another fan have keys of their own', async (t) => {
  const { desk, keys, becomes } = deskUnderTest([null, null, null, RECEIPT, { status: 409, code: 'BALANCE_LIMIT' }]);
  await desk.charge(500);
  await desk.charge(600);
  becomes('two');
  await desk.charge(600);
  await desk.charge(600);
  await desk.charge(600);
  await desk.charge(600);
  const [first, second, third, ...rest] = keys;
  t.equal(new Set([first, second, third]).size, 3);
  t.equal(rest[0], third, 'the one without an answer goes on');
  t.equal(new Set([third, ...rest]).size, 3, 'what was granted or refused is over');
});
