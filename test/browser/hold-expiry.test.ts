import t from 'tap';
import { startBrowser } from '../fixtures/browser.ts';
import { createTestDatabase } from '../fixtures/database.ts';
import { comeToPage, refusedWith } from '../fixtures/fan-page.ts';
import { openSale, startTestService } from '../fixtures/service.ts';
import { waitFor } from '../fixtures/wait-for.ts';

const HOLD_TTL_MS = 6_000;

const browsing = await startBrowser(t);

if (browsing !== null) {
  const database = await createTestDatabase(t);
  const api = await startTestService(t, database, { HOLD_TTL_MS: String(HOLD_TTL_MS) });
  const hall = await openSale(api);

  await t.test('a hold that runs out leads back to the map, says so, and lets one choose again', async (t) => {
    const fan = await comeToPage(t, browsing, api);
    await fan.goToMap(hall);
    await fan.hold(8);
    t.ok((await fan.countdown()) <= HOLD_TTL_MS / 1_000, 'the countdown goes by the hold');
    await fan.page.getByText(fan.t.notice.holdExpired(fan.seatName(8)), { exact: true }).waitFor();
    await fan.page.getByText(fan.t.notice.holdExpiredNext, { exact: true }).waitFor();
    t.equal(new URL(fan.page.url()).hash, `#/concerts/${hall.concertId}/dates/${hall.scheduleId}`);
    await fan.hold(8);
  });

  await t.test('a payment that comes too late is refused, charges nothing, and leads back to the map', async (t) => {
    const fan = await comeToPage(t, browsing, api, { language: 'en', tolerates: [refusedWith(410)] });
    const { page, t: words, f } = fan;
    await fan.goToMap(hall);
    const token = await fan.accessToken();
    await api.call('POST', '/me/balance/charge', { token, body: { amount: 1_000 } });
    await page.route('**/api/v1/payments', async (route) => {
      await waitFor(
        async () => {
          const { body } = await api.call('GET', '/me/reservations?status=HELD', { token });
          return (body['reservations'] as unknown[]).length === 0;
        },
        { deadlineMs: 2 * HOLD_TTL_MS, what: 'the end of the hold' },
      );
      await route.continue();
    });
    await fan.hold(9);
    await fan.hands.press(page.getByRole('button', { name: words.checkout.pay(f.money(1_000)), disabled: false }));
    await page.getByText(words.notice.holdExpired(fan.seatName(9)), { exact: true }).waitFor();
    await fan.seat(9, 'available').waitFor();
    t.match((await api.call('GET', '/me/balance', { token })).body, { balance: 1_000 });
  });

  for (const isFoundLater of [false, true]) {
    const when = isFoundLater ? 'when the time of the hold is over' : 'at once';
    await t.test(
      `a payment whose answer is lost is found ${when}, and nobody is told that it was not made`,
      async (t) => {
        const seatNumber = isFoundLater ? 12 : 11;
        const fan = await comeToPage(t, browsing, api, { language: 'en', tolerates: [refusedWith(503)] });
        const { page, t: words, f } = fan;
        await fan.goToMap(hall);
        await api.call('POST', '/me/balance/charge', { token: await fan.accessToken(), body: { amount: 1_000 } });
        const instead = {
          status: 503,
          headers: { 'retry-after': '60', 'content-type': 'application/problem+json' },
          body: JSON.stringify({ code: 'STORE_UNAVAILABLE', detail: 'Away.', outcome: 'unknown' }),
        };
        await page.route('**/api/v1/payments', async (route) => {
          await route.fetch();
          await route.fulfill(instead);
        });
        let isAway = isFoundLater;
        await page.route(/\/reservations/, (route) =>
          isAway && route.request().method() === 'GET' ? route.fulfill(instead) : route.continue(),
        );
        await fan.hold(seatNumber);
        await fan.hands.press(page.getByRole('button', { name: words.checkout.pay(f.money(1_000)), disabled: false }));
        if (isFoundLater) {
          await waitFor(async () => (await page.getByRole('timer').innerText()) === f.countdown(0), {
            deadlineMs: 2 * HOLD_TTL_MS,
            what: 'the end of the time',
          });
          isAway = false;
        }
        await fan.heading(words.ticket.title).waitFor();
        t.equal(await page.getByText(words.notice.holdExpiredNext).count(), 0);
      },
    );
  }

  await t.test('who looks at the map while holding seats sees the time run out there', async (t) => {
    const fan = await comeToPage(t, browsing, api, { language: 'en', device: 'phone' });
    await fan.goToMap(hall);
    await fan.hold(10);
    await fan.hands.press(fan.link(fan.t.checkout.more));
    await fan.seat(10, 'own').waitFor();
    await fan.seat(10, 'available').waitFor();
    await fan.page.getByText(fan.t.notice.holdExpired(fan.seatName(10)), { exact: true }).waitFor();
  });
}
