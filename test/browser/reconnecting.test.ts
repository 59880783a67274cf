import t, { type Test } from 'tap';
import { type ApiClient, createApiClient } from '../fixtures/api-client.ts';
import { startBrowser } from '../fixtures/browser.ts';
import { createTestDatabase } from '../fixtures/database.ts';
import { comeToPage, type FanPage, NOBODY_THERE, refusedWith } from '../fixtures/fan-page.ts';
import { freePort } from '../fixtures/free-port.ts';
import { enter, type Hall, openSale, startTestService, testEnvironment } from '../fixtures/service.ts';
import { startServiceProcess } from '../fixtures/service-process.ts';
import { startTcpProxy } from '../fixtures/tcp-proxy.ts';
import { waitFor } from '../fixtures/wait-for.ts';

/** A page may find out late that its connection is gone, and waits before it tries again. */
const BACK_WITHIN_MS = 30_000;

/** The same on the page and in the service's answer, which is asked until both have come to rest. */
async function seesWhatIs(t: Test, api: ApiClient, fan: FanPage, { concertId, scheduleId }: Hall): Promise<void> {
  const token = (await fan.queueToken(concertId)) ?? '';
  const looks = { AVAILABLE: 'available', HELD: 'held', CONFIRMED: 'sold' };
  let shown: readonly string[] = [];
  let known: readonly string[] = [];
  const same = async () => {
    const { body } = await api.call('GET', `/schedules/${scheduleId}/seats`, { token });
    known = (body['seats'] as { status: keyof typeof looks }[]).map(({ status }) => looks[status]);
    shown = await fan.looks();
    return shown.join() === known.join();
  };
  await waitFor(same, { deadlineMs: BACK_WITHIN_MS, what: 'the map of the page to be the one of the service' }).catch(
    () => undefined,
  );
  t.same(shown, known, 'the map is the one that the service answers with');
}

const status = (fan: FanPage, sentence: string) => fan.page.getByRole('status').getByText(sentence, { exact: true });

const browsing = await startBrowser(t);

if (browsing !== null) {
  const api = await startTestService(t, await createTestDatabase(t));

  /** Somebody without a page, who holds two seats, buys another and releases one of the first two. */
  async function shopElsewhere({ concertId, scheduleId }: Hall, from: number): Promise<void> {
    const { queueToken, accessToken } = await enter(api, concertId);
    const held = await api.call('POST', '/reservations', {
      token: queueToken,
      body: { scheduleId, seatNumbers: [from, from + 1, from + 2] },
    });
    if (held.status !== 201) throw new Error(`holding was answered with ${held.status}`);
    const [one, , three] = held.body['reservations'] as { reservationId: string }[];
    await api.call('POST', '/me/balance/charge', { token: accessToken, body: { amount: 1_000 } });
    const body = { reservationId: one?.reservationId };
    const paid = await api.call('POST', '/payments', { token: accessToken, body });
    if (paid.status !== 201) throw new Error(`paying was answered with ${paid.status}`);
    await api.call('DELETE', `/reservations/${three?.reservationId}`, { token: accessToken });
  }

  await t.test('a cut is told, and afterwards the map has what happened meanwhile', async (t) => {
    const hall = await openSale(api);
    const proxy = await startTcpProxy(t, api.url);
    const url = new URL(proxy.url).origin;
    const fan = await comeToPage(t, browsing, { url }, { language: 'en', tolerates: [NOBODY_THERE] });
    await fan.goToMap(hall);
    await fan.page.getByText(fan.t.hall.live, { exact: true }).waitFor();
    await shopElsewhere(hall, 1);
    await fan.seat(1, 'sold').waitFor();
    await fan.seat(2, 'held').waitFor();

    for (const from of [11, 21, 31]) {
      proxy.cut();
      // What comes instead of the connections that were cut is not answered either.
      proxy.muteServer();
      await status(fan, fan.t.connection.reconnecting).waitFor();
      await shopElsewhere(hall, from);
      t.equal((await fan.looks())[from - 1], 'available', 'the page cannot know yet');
      proxy.cut();
      await status(fan, fan.t.connection.restored).waitFor({ timeout: BACK_WITHIN_MS });
      await fan.seat(from, 'sold').waitFor();
      await fan.page.getByText(fan.t.hall.live, { exact: true }).waitFor();
    }
    await seesWhatIs(t, api, fan, hall);
    await status(fan, fan.t.connection.restored).waitFor({ state: 'detached' });
    await fan.hold(50);
    await fan.topUpAndPay();
  });

  await t.test('a browser without a network says so at once, on every page, and goes on afterwards', async (t) => {
    const hall = await openSale(api);
    const fan = await comeToPage(t, browsing, api, { language: 'en', device: 'phone', tolerates: [NOBODY_THERE] });
    await fan.open();
    await fan.heading(fan.t.concerts.title).waitFor();
    await fan.visitor.context.setOffline(true);
    await status(fan, fan.t.connection.offline).waitFor({ timeout: 1_000 });
    await fan.visitor.context.setOffline(false);
    await status(fan, fan.t.connection.offline).waitFor({ state: 'detached' });
    await fan.goToMap(hall);
    await fan.hold(3);
    await fan.visitor.context.setOffline(true);
    await status(fan, fan.t.connection.offline).waitFor({ timeout: 1_000 });
    await fan.visitor.context.setOffline(false);
    await fan.topUpAndPay();
  });

  await t.test('where live connections are blocked the page asks by itself, and says so', async (t) => {
    const hall = await openSale(api);
    const fan = await comeToPage(t, browsing, api, { language: 'ko' });
    await fan.page.routeWebSocket('**/api/v1/live', (socket) => socket.close());
    await fan.goToMap(hall);
    await status(fan, fan.t.connection.polling).waitFor();
    await shopElsewhere(hall, 41);
    await fan.seat(41, 'sold').waitFor();
    await seesWhatIs(t, api, fan, hall);
    await fan.hold(5);
    await fan.topUpAndPay();
  });

  await t.test('who is told of the cut while waiting keeps the place and gets in', async (t) => {
    const hall = await openSale(api, { queue: { maxActive: 1 } });
    const ahead = await enter(api, hall.concertId);
    const proxy = await startTcpProxy(t, api.url);
    const url = new URL(proxy.url).origin;
    const fan = await comeToPage(t, browsing, { url }, { tolerates: [NOBODY_THERE] });
    await fan.open(`#/concerts/${hall.concertId}`);
    await fan.press(fan.t.concerts.join);
    await fan.introduceOneself('이하늘');
    await fan.heading(fan.t.waiting.title).waitFor();
    await fan.page.getByText(fan.t.waiting.place('1'), { exact: true }).first().waitFor();
    proxy.cut();
    proxy.muteServer();
    await status(fan, fan.t.connection.reconnecting).waitFor();
    await api.call('DELETE', `/queue/tokens/${ahead.queueToken}`);
    proxy.cut();
    await fan.heading(fan.t.dates.title).waitFor();
  });

  await t.test('a restart of the service is told and survived, at the map and at the till', async (t) => {
    const database = await createTestDatabase(t);
    const port = await freePort();
    const environment = testEnvironment(database);
    const first = await startServiceProcess(t, port, environment);
    const own = createApiClient(first.url, environment.ADMIN_TOKEN);
    const hall = await openSale(own);
    const atMap = await comeToPage(t, browsing, first, { language: 'en', tolerates: [NOBODY_THERE, refusedWith(503)] });
    const atTill = await comeToPage(t, browsing, first, { tolerates: [NOBODY_THERE, refusedWith(503)] });
    await atMap.goToMap(hall);
    await atTill.goToMap(hall);
    await atTill.hold(44);
    await atMap.seat(44, 'held').waitFor();

    await first.kill();
    await status(atMap, atMap.t.connection.reconnecting).waitFor();
    await status(atTill, atTill.t.connection.reconnecting).waitFor();
    await startServiceProcess(t, port, environment);
    await status(atMap, atMap.t.connection.restored).waitFor({ timeout: BACK_WITHIN_MS });
    await seesWhatIs(t, own, atMap, hall);
    await atTill.topUpAndPay();
    await atMap.seat(44, 'sold').waitFor();
    await seesWhatIs(t, own, atMap, hall);
  });
}
