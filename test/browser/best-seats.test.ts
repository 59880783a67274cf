import t, { type Test } from 'tap';
import { DEMO_PRICES } from '../../src/persistence/records/demo-hall.ts';
import { stickingOut, violationsOf } from '../fixtures/axe.ts';
import { startBrowser } from '../fixtures/browser.ts';
import { createTestDatabase } from '../fixtures/database.ts';
import { openDrawnSale } from '../fixtures/drawn-hall.ts';
import { comeToPage, DEVICES, type FanPage, type FanPageOptions, refusedWith } from '../fixtures/fan-page.ts';
import { enter, openSale, startTestService } from '../fixtures/service.ts';

const WAYS: readonly FanPageOptions[] = [
  { language: 'ko', device: 'phone' },
  { language: 'en', device: 'phone' },
  { language: 'ko', device: 'desktop', isByKeyboard: true },
  { language: 'en', device: 'desktop' },
];
/** As narrow as a small phone, or a page that is magnified fourfold. */
const NARROW = { width: 320, height: 640 };

async function heldSeats({ page }: FanPage): Promise<readonly string[]> {
  return page.locator('.held-number').allInnerTexts();
}

/** The journey on a phone holds for a wide screen too. */
async function inspect(t: Test, { page }: FanPage): Promise<void> {
  t.same(await violationsOf(page), [], 'axe finds nothing');
  await page.setViewportSize(NARROW);
  t.same(await stickingOut(page), [], 'nothing sticks out of a narrow page');
  await page.setViewportSize(DEVICES.phone.viewport);
}

const browsing = await startBrowser(t);

if (browsing !== null) {
  const api = await startTestService(t, await createTestDatabase(t));

  for (const way of WAYS) {
    const { language = 'ko', device = 'desktop', isByKeyboard = false } = way;
    const hand = isByKeyboard ? 'keyboard alone' : device;
    await t.test(`the service finds seats side by side: ${language}, ${hand}`, async (t) => {
      const hall = await openSale(api, { seatCount: 20 });
      const fan = await comeToPage(t, browsing, api, way);
      const { page, t: words } = fan;
      await fan.goToMap(hall);
      await fan.press(words.best.open);
      const form = page.getByRole('form', { name: words.best.title });
      await form.getByLabel(words.best.count, { exact: true }).selectOption('4');
      if (device === 'phone') await inspect(t, fan);
      await fan.press(words.best.go);
      await fan.heading(words.checkout.title(4)).waitFor();
      t.same(await heldSeats(fan), [4, 5, 6, 7].map(fan.seatName), 'the middle of the first row');
    });
  }

  for (const language of ['ko', 'en'] as const) {
    for (const device of ['phone', 'desktop'] as const) {
      await t.test(`the largest block that is left is one press away: ${language}, ${device}`, async (t) => {
        const hall = await openSale(api, { seatCount: 10 });
        const { queueToken: token } = await enter(api, hall.concertId);
        await api.call('POST', '/reservations', {
          token,
          body: { scheduleId: hall.scheduleId, seatNumbers: [3, 6, 9] },
        });
        const fan = await comeToPage(t, browsing, api, { language, device, tolerates: [refusedWith(409)] });
        const { page, t: words } = fan;
        await fan.goToMap(hall);
        await fan.press(words.best.open);
        await page.getByLabel(words.best.count, { exact: true }).selectOption('4');
        await fan.press(words.best.go);
        await page.getByText(words.next.noBlock('2'), { exact: true }).waitFor();
        if (device === 'phone') await inspect(t, fan);
        if (device === 'phone') {
          await fan.press(words.best.takeBlock(2));
          await fan.heading(words.checkout.title(2)).waitFor();
          t.same(await heldSeats(fan), [4, 5].map(fan.seatName));
        } else {
          await fan.press(words.best.takeApart(4));
          await fan.heading(words.checkout.title(4)).waitFor();
        }
      });
    }
  }

  await t.test('a section and a level can be wished for, and a wish that no seat fulfils is told so', async (t) => {
    const hall = await openDrawnSale(api);
    const fan = await comeToPage(t, browsing, api, { language: 'en', tolerates: [refusedWith(409)] });
    const { page, t: words, f } = fan;
    await fan.goToMap(hall);
    await fan.press(words.best.open);
    await page.getByLabel(words.best.section, { exact: true }).selectOption('1층 B구역');
    await page.getByLabel(words.best.price, { exact: true }).selectOption('level A');
    await fan.press(words.best.go);
    await page.getByText(words.next.noSeat, { exact: true }).waitFor();
    await page.getByLabel(words.best.price, { exact: true }).selectOption('level S');
    await fan.press(words.best.go);
    await fan.heading(words.checkout.title(2)).waitFor();
    const [first = ''] = await heldSeats(fan);
    t.match(first, /^1층 B구역, row 11,/);
    t.match(await page.locator('.held-seat').first().innerText(), f.money(DEMO_PRICES['S'] ?? 0));
  });
}
