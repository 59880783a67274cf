import t from 'tap';
import { startBrowser } from '../fixtures/browser.ts';

const browsing = await startBrowser(t);

if (browsing !== null) {
  await t.test('a browser opens', async (t) => {
    const { page } = await browsing.visit();
    await page.goto('about:blank');
    t.equal(await page.title(), '');
  });
}
