import t from 'tap';
import { startBrowser } from '../fixtures/browser.ts';
import { createTestDatabase } from '../fixtures/database.ts';
import { comeToPage } from '../fixtures/fan-page.ts';
import { openSale, startTestService } from '../fixtures/service.ts';
import { waitFor } from '../fixtures/wait-for.ts';

/** Half of a "good" page, by the sum of https://web.dev/articles/cls. */
const MOST_SHIFT = 0.05;

const browsing = await startBrowser(t);

if (browsing !== null) {
  const api = await startTestService(t, await createTestDatabase(t));
  await openSale(api);

  for (const [language, width] of [
    ['ko', 390],
    ['ko', 1_280],
    ['en', 390],
    ['en', 1_280],
  ] as const) {
    await t.test(`texts in ${language} at ${width} px do not move when the font arrives late`, async (t) => {
      const fan = await comeToPage(t, browsing, api, {
        language,
        context: { viewport: { width, height: 844 } },
        tolerates: [/was preloaded using link preload but not used/],
      });
      const { page } = fan;
      const arrived = Promise.withResolvers<void>();
      await page.route('**/*.woff2', async (route) => {
        await arrived.promise;
        await route.continue();
      });
      await page.addInitScript(`
        globalThis.shift = 0;
        new PerformanceObserver((list) => {
          for (const entry of list.getEntries()) globalThis.shift += entry.value;
        }).observe({ type: 'layout-shift', buffered: true });
      `);
      // The other events wait for the font.
      await page.goto(api.url, { waitUntil: 'commit' });
      await fan.button(fan.t.concerts.join).waitFor();
      const isLoaded = (): Promise<boolean> =>
        page.evaluate(`[...document.fonts].some(({ family, status }) => family === 'frontrow' && status === 'loaded')`);
      t.notOk(await isLoaded(), 'the texts are shown before the font');
      const before = await page.evaluate<number>('globalThis.shift');
      arrived.resolve();
      await waitFor(isLoaded, { deadlineMs: 10_000, what: 'the font' });
      await page.evaluate('document.fonts.ready.then(() => new Promise(requestAnimationFrame))');
      const shift = (await page.evaluate<number>('globalThis.shift')) - before;
      t.ok(shift <= MOST_SHIFT, `the layout shifted by ${shift.toFixed(4)}`);
    });
  }
}
