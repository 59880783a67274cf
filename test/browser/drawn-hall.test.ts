import t from 'tap';
import { demoHall } from '../../src/persistence/records/demo-hall.ts';
import type { Language } from '../../web/language/language.ts';
import { seatName } from '../../web/language/seat-name.ts';
import { stickingOut, violationsOf } from '../fixtures/axe.ts';
import { startBrowser } from '../fixtures/browser.ts';
import { createTestDatabase } from '../fixtures/database.ts';
import { largestHall, numberOf, openDrawnSale } from '../fixtures/drawn-hall.ts';
import { comeToPage, type Device, DEVICES, type FanPage } from '../fixtures/fan-page.ts';
import { enter, startTestService } from '../fixtures/service.ts';
import { waitFor } from '../fixtures/wait-for.ts';

interface Look {
  readonly language: Language;
  readonly device: Device;
  /** Axe takes seconds for hundreds of seats: the structure is the same in both languages. */
  readonly isInspected: boolean;
}

const LOOKS: readonly Look[] = [
  { language: 'ko', device: 'phone', isInspected: true },
  { language: 'en', device: 'phone', isInspected: false },
  { language: 'ko', device: 'desktop', isInspected: false },
  { language: 'en', device: 'desktop', isInspected: true },
];
/** As narrow as a small phone, or a page that is magnified fourfold. */
const NARROW = { width: 320, height: 640 };
/** WCAG 2.5.8. */
const LEAST_TARGET_PX = 24;
const FLOOR_A = '1층 A구역';

function seatWidth({ page }: FanPage): Promise<number> {
  return page.evaluate<number>(`document.querySelector('.seat-cell').getBoundingClientRect().width`);
}

const browsing = await startBrowser(t);

if (browsing !== null) {
  const api = await startTestService(t, await createTestDatabase(t));

  for (const { language, device, isInspected } of LOOKS) {
    await t.test(`a seat of a drawn hall is found by its section: ${language}, ${device}`, async (t) => {
      const hall = await openDrawnSale(api);
      const fan = await comeToPage(t, browsing, api, { language, device });
      const { page, hands, t: words, f } = fan;
      await fan.goToMap(hall);

      const sections = page.getByRole('list', { name: words.hall.sections });
      t.same(await sections.getByRole('button').count(), 3, 'it opens as an overview');
      const floor = sections.getByRole('button', { name: new RegExp(FLOOR_A) });
      t.match(await floor.innerText(), words.hall.left(f.number(180)));
      t.match(await floor.innerText(), words.hall.from(f.money(121_000)));
      if (isInspected) t.same(await violationsOf(page), [], 'axe finds nothing in the overview');
      await page.setViewportSize(NARROW);
      t.same(await stickingOut(page), [], 'nothing sticks out of a narrow page');
      await page.setViewportSize(DEVICES[device].viewport);

      await hands.press(floor);
      await waitFor(async () => (await seatWidth(fan)) >= LEAST_TARGET_PX, { what: 'seats that can be pressed' });
      t.notOk(await floor.isVisible(), 'the seats are free to be pressed');
      t.equal(
        await page.evaluate<string>(`document.activeElement.dataset.seat`),
        '1',
        'the focus is at the first free seat of the section',
      );
      if (isInspected) t.same(await violationsOf(page), [], 'axe finds nothing among the seats');

      const place = { section: FLOOR_A, row: '1', seat: '1' };
      const name = seatName(place, words);
      const seat = page.getByRole('button', { name: new RegExp(`^${name}, .*, ${words.seat.looks.available}$`) });
      t.match(await seat.getAttribute('aria-label'), words.seat.attributes.RESTRICTED_VIEW);
      await hands.pressSeat(seat);
      const choice = page.getByRole('complementary', { name: words.choice.label });
      await choice.getByText(words.seat.attributes.RESTRICTED_VIEW).waitFor();
      t.match(await choice.innerText(), name);
      await fan.press(words.choice.hold(1));
      await page.getByText(name, { exact: true }).waitFor();
      await fan.topUpAndPay();
      await page.getByRole('article', { name: words.ticket.label }).getByText(name, { exact: true }).waitFor();
    });
  }

  await t.test('levels of prices have their names, and wheelchair spaces a sign with a word', async (t) => {
    const hall = await openDrawnSale(api);
    const fan = await comeToPage(t, browsing, api, { language: 'en' });
    const { page, t: words, f } = fan;
    await fan.goToMap(hall);
    t.same(
      (await page.getByRole('list', { name: words.hall.prices }).getByRole('button').allInnerTexts()).map((text) =>
        text.replaceAll(/\s+/g, ' '),
      ),
      [187_000, 154_000, 121_000, 88_000].map((price, index) => `${['VIP', 'R', 'S', 'A'][index]} ${f.money(price)}`),
    );
    const wheelchair = page.locator(`[data-seat="${numberOf(demoHall, FLOOR_A, '15', '1')}"]`);
    t.match(await wheelchair.getAttribute('aria-label'), words.seat.attributes.ACCESSIBLE);
    t.equal(await wheelchair.locator('.seat-sign').count(), 1);
    await page.getByRole('list', { name: words.hall.legend }).getByText(words.seat.attributes.ACCESSIBLE).waitFor();
    await fan.press(new RegExp(`^VIP`));
    t.equal(await page.locator('.seat-cell:not(.aside)').count(), 2 * 5 * 12);
  });

  await t.test('the aisle is drawn, and arrow keys cross it', async (t) => {
    const hall = await openDrawnSale(api);
    const fan = await comeToPage(t, browsing, api, { language: 'en' });
    const { page } = fan;
    await fan.goToMap(hall);
    const [left, right] = [numberOf(demoHall, '2층', '1', '14'), numberOf(demoHall, '2층', '1', '15')];
    const boxOf = async (seatNumber: number) =>
      (await page.locator(`[data-seat="${seatNumber}"]`).boundingBox())?.x ?? 0;
    const step = (await boxOf(left)) - (await boxOf(left - 1));
    t.ok((await boxOf(right)) - (await boxOf(left)) > 3 * step);
    await page.locator(`[data-seat="${left}"]`).focus();
    await page.keyboard.press('ArrowRight');
    t.equal(await page.evaluate<string>(`document.activeElement.dataset.seat`), String(right));
  });

  await t.test('a change of one seat among 2 000 leaves the elements of all others as they are', async (t) => {
    const hall = await openDrawnSale(api, largestHall(), { R: 2_000, S: 1_000 });
    const fan = await comeToPage(t, browsing, api, { language: 'en', device: 'phone' });
    const { page } = fan;
    await fan.goToMap(hall);
    t.equal(await page.locator('[data-seat]').count(), 2_000);
    await page.evaluate(`
      globalThis.changedSeats = new Set();
      new MutationObserver((changes) => {
        for (const { target } of changes) changedSeats.add(target.closest('.seat-cell')?.querySelector('[data-seat]').dataset.seat ?? target.className);
      }).observe(document.querySelector('.seat-grid'), { subtree: true, attributes: true, childList: true });
    `);
    const { queueToken: token } = await enter(api, hall.concertId);
    await api.call('POST', '/reservations', { token, body: { scheduleId: hall.scheduleId, seatNumber: 777 } });
    await page.locator('[data-seat="777"].seat-held').waitFor();
    t.same(await page.evaluate(`[...changedSeats]`), ['777']);
  });
}
