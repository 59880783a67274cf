import t from 'tap';
import { startBrowser } from '../fixtures/browser.ts';
import { createTestDatabase } from '../fixtures/database.ts';
import { comeToPage, refusedWith } from '../fixtures/fan-page.ts';
import { openSale, startTestService } from '../fixtures/service.ts';
import { waitFor } from '../fixtures/wait-for.ts';

const browsing = await startBrowser(t);

if (browsing !== null) {
  const generous = await startTestService(t, await createTestDatabase(t), { HOLD_TTL_MS: '40000' });
  const strict = await startTestService(t, await createTestDatabase(t), {
    HOLD_TTL_MS: '40000',
    HOLD_TOTAL_MS: '40000',
  });

  for (const language of ['ko', 'en'] as const) {
    for (const device of ['phone', 'desktop'] as const) {
      await t.test(`a hold gets more time with one press before it ends: ${language}, ${device}`, async (t) => {
        const hall = await openSale(generous, { seatCount: 10 });
        const fan = await comeToPage(t, browsing, generous, { language, device });
        const { page, t: words } = fan;
        await fan.goToMap(hall);
        await fan.hold(4);
        await waitFor(async () => (await fan.countdown()) <= 37, { what: 'some of the time to pass' });
        await fan.press(words.extend.more);
        await page.getByText(new RegExp(`^${words.notice.extended('0:(?:39|40)')}$`)).waitFor();
        t.ok((await fan.countdown()) > 37, 'the countdown has more to go');
      });

      await t.test(`the limit of a hold is told in words: ${language}, ${device}`, async (t) => {
        const hall = await openSale(strict, { seatCount: 10 });
        const fan = await comeToPage(t, browsing, strict, { language, device, tolerates: [refusedWith(409)] });
        const { page, t: words } = fan;
        await fan.goToMap(hall);
        await fan.hold(4);
        await fan.press(words.extend.more);
        await page.getByText(words.next.byCode.EXTENSION_LIMIT_REACHED, { exact: true }).waitFor();
      });
    }
  }

  await t.test('more time can be had from the map, and from any other page', async (t) => {
    const hall = await openSale(generous, { seatCount: 10 });
    const fan = await comeToPage(t, browsing, generous, { language: 'en' });
    const { page, hands, t: words } = fan;
    await fan.goToMap(hall);
    await fan.hold(4);
    await hands.press(fan.link(words.checkout.more));
    await fan.press(words.extend.more);
    await page.getByText(/^You have more time/).waitFor();
    await hands.press(page.getByRole('link', { name: words.frame.home }));
    await fan.press(words.extend.more);
    await page.getByText(/^You have more time/).waitFor();
  });
}
