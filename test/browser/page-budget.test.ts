import t from 'tap';
import { watchLoads } from '../../harness/page-load.ts';
import { startBrowser } from '../fixtures/browser.ts';
import { createTestDatabase } from '../fixtures/database.ts';
import { DEVICES } from '../fixtures/fan-page.ts';
import { openSale, startTestService } from '../fixtures/service.ts';

/** Of a first visit, requests to the API included. */
const MOST_FILES = 12;
const MOST_BYTES = 120_000;

const browsing = await startBrowser(t);

if (browsing !== null) {
  const api = await startTestService(t, await createTestDatabase(t));
  await openSale(api);

  for (const path of ['/', '/ops']) {
    for (const locale of ['ko-KR', 'en-US']) {
      await t.test(
        `a first visit to ${path} in ${locale} is small, and a reload asks for the page alone`,
        async (t) => {
          const { page, complaints } = await browsing.visit({ ...DEVICES.phone, locale });
          const loads = await watchLoads(page);
          await page.goto(api.url + path, { waitUntil: 'networkidle' });
          await page.getByRole('heading', { level: 1 }).waitFor();
          const files = loads.take();
          const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
          const list = files.map((file) => `${file.path} ${file.bytes}`).join(', ');
          t.ok(files.length <= MOST_FILES, `${files.length} files: ${list}`);
          t.ok(bytes <= MOST_BYTES, `${bytes} bytes: ${list}`);
          t.ok(bytes > 20_000, `${bytes} bytes were seen`);
          await page.reload({ waitUntil: 'networkidle' });
          await page.getByRole('heading', { level: 1 }).waitFor();
          const again = loads.take().map((file) => file.path);
          t.same(
            again.filter((file) => !file.startsWith('/api/')),
            [path],
          );
          t.same(complaints, []);
        },
      );
    }
  }
}
