import t from 'tap';
import { startBrowser } from '../fixtures/browser.ts';
import { createTestDatabase } from '../fixtures/database.ts';
import { comeToPage } from '../fixtures/fan-page.ts';
import { openSale, startTestService } from '../fixtures/service.ts';

/** Of common phones, the smallest first. */
const WIDTHS = [320, 360, 375, 412];

const browsing = await startBrowser(t);

if (browsing !== null) {
  const api = await startTestService(t, await createTestDatabase(t));

  await t.test('a hall with ten seats in a row fits every phone, and a wider one is scrolled', async (t) => {
    const narrow = await openSale(api, { seatCount: 50 });
    const wide = await openSale(api, { seatCount: 300 });
    const fan = await comeToPage(t, browsing, api, { device: 'phone' });
    const overflow = () =>
      fan.page.evaluate<number>(`(() => {
        const { scrollWidth, clientWidth } = document.querySelector('.hall-scroll');
        return scrollWidth - clientWidth;
      })()`);
    await fan.goToMap(narrow);
    for (const width of WIDTHS) {
      await fan.page.setViewportSize({ width, height: 800 });
      t.equal(await overflow(), 0, `${width} px`);
    }
    await fan.goToMap(wide);
    const [width = 0] = WIDTHS;
    await fan.page.setViewportSize({ width, height: 800 });
    t.ok((await overflow()) > 200, 'seats stay large enough to press');
  });
}
