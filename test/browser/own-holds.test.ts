import t from 'tap';
import { startBrowser } from '../fixtures/browser.ts';
import { createTestDatabase } from '../fixtures/database.ts';
import { comeToPage, type FanPage } from '../fixtures/fan-page.ts';
import { openSale, startTestService } from '../fixtures/service.ts';

const browsing = await startBrowser(t);

/** The words of the strip with any countdown. */
function remaining(fan: FanPage, count: number): RegExp {
  return new RegExp(fan.t.holds.remaining(count, '#').replace('#', String.raw`\d+:\d\d`));
}

if (browsing !== null) {
  const api = await startTestService(t, await createTestDatabase(t));

  for (const [language, width, height] of [
    ['ko', 390, 844],
    ['en', 390, 844],
    ['ko', 1_280, 900],
    ['en', 1_280, 900],
  ] as const) {
    await t.test(
      `unpaid seats are in sight on every page and one press from paying: ${language}, ${width}`,
      async (t) => {
        const hall = await openSale(api);
        const fan = await comeToPage(t, browsing, api, { language, context: { viewport: { width, height } } });
        await fan.goToMap(hall);
        await fan.hold(7, 8);
        const strip = fan.page.getByRole('list', { name: fan.t.holds.label }).getByRole('link');
        t.equal(await strip.count(), 0, 'not at the checkout itself');
        for (const hash of ['#/', '#/wallet', `#/concerts/${hall.concertId}`]) {
          await fan.open(hash);
          await strip.getByText(remaining(fan, 2)).waitFor();
          t.equal(await strip.count(), 1, hash);
        }
        await fan.open('#/tickets');
        const card = fan.page.getByRole('main').getByRole('link', { name: remaining(fan, 2) });
        await card.waitFor();
        t.equal(await card.count(), 1, 'and among the tickets');
        await fan.open('#/');
        await fan.hands.press(strip);
        await fan.heading(fan.t.checkout.title(2)).waitFor();
        await fan.topUpAndPay();
        await fan.open('#/');
        await fan.heading(fan.t.concerts.title).waitFor();
        t.equal(await strip.count(), 0, 'nothing is left to pay');
      },
    );
  }

  await t.test('seats can be paid from any page after the time inside is over', async (t) => {
    const hall = await openSale(api, { queue: { activeTtlMs: 10_000 } });
    const fan = await comeToPage(t, browsing, api, { language: 'en' });
    await fan.goToMap(hall);
    await fan.hold(20);
    await fan.link(fan.t.checkout.more).waitFor({ state: 'detached' });
    await fan.open('#/');
    await fan.page.reload();
    t.equal(await fan.queueToken(hall.concertId), null, 'the token has ended');
    await fan.hands.press(fan.page.getByRole('link', { name: remaining(fan, 1) }));
    await fan.heading(fan.t.checkout.title(1)).waitFor();
    await fan.topUpAndPay();
  });
}
