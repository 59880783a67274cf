import t from 'tap';
import { violationsOf } from '../fixtures/axe.ts';
import { startBrowser } from '../fixtures/browser.ts';
import { createTestDatabase } from '../fixtures/database.ts';
import { comeToPage, refusedWith } from '../fixtures/fan-page.ts';
import { startTestService } from '../fixtures/service.ts';

const browsing = await startBrowser(t);

if (browsing !== null) {
  const api = await startTestService(t, await createTestDatabase(t));

  for (const [language, width, height] of [
    ['ko', 390, 844],
    ['en', 1_280, 900],
  ] as const) {
    await t.test(`an unknown address shows a page that leads back: ${language}, ${width}`, async (t) => {
      const fan = await comeToPage(t, browsing, api, {
        language,
        context: { viewport: { width, height } },
        tolerates: [refusedWith(404)],
      });
      const { page } = fan;
      await page.goto(`${api.url}/concert/42`);
      await page.getByRole('heading', { level: 1, name: language === 'ko' ? '찾는 페이지' : 'no such page' }).waitFor();
      t.equal(await page.evaluate('document.documentElement.scrollWidth'), width, 'nothing is cut off');
      t.same(await violationsOf(page), []);
      await fan.hands.press(page.getByRole('main').getByRole('link'));
      await fan.heading(fan.t.concerts.title).waitFor();
    });
  }
}
