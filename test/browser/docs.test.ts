import t from 'tap';
import { startBrowser } from '../fixtures/browser.ts';
import { createTestDatabase } from '../fixtures/database.ts';
import { openSale, startTestService } from '../fixtures/service.ts';

const browsing = await startBrowser(t);

if (browsing !== null) {
  const api = await startTestService(t, await createTestDatabase(t));
  await openSale(api);

  await t.test('a developer sends a request from the API reference and reads its answer', async (t) => {
    const { page, complaints } = await browsing.visit();
    await page.goto(`${api.url}/docs#tag/catalogue/GET/api/v1/concerts/available`);
    await page.getByRole('button', { name: /test request.*concerts\/available/i }).click();
    await page.getByRole('button', { name: /^send get request/i }).click();
    const body = page.getByText('밤의 노래').last();
    await body.waitFor();
    const box = await body.boundingBox();
    const size = page.viewportSize();
    t.ok(
      box !== null && size !== null && box.y > 0 && box.y < size.height && box.x < size.width,
      'it is on the screen',
    );
    t.same(complaints, [], 'its policy refuses nothing that the page needs');
  });
}
