import t from 'tap';
import type { Language } from '../../web/language/language.ts';
import { stickingOut, violationsOf } from '../fixtures/axe.ts';
import { startBrowser } from '../fixtures/browser.ts';
import { createTestDatabase } from '../fixtures/database.ts';
import { comeToPage, type Device, DEVICES, refusedWith } from '../fixtures/fan-page.ts';
import { addSchedule, enter, openSale, startTestService } from '../fixtures/service.ts';

/** As narrow as a small phone, or a page that is magnified fourfold. */
const NARROW = { width: 320, height: 640 };

interface Looks {
  readonly language: Language;
  readonly colorScheme: 'light' | 'dark';
  readonly device: Device;
}

/** Every language in every theme, every theme on every device, every language on every device. */
const LOOKS: readonly Looks[] = [
  { language: 'ko', colorScheme: 'light', device: 'phone' },
  { language: 'ko', colorScheme: 'dark', device: 'desktop' },
  { language: 'en', colorScheme: 'light', device: 'desktop' },
  { language: 'en', colorScheme: 'dark', device: 'phone' },
];

const browsing = await startBrowser(t);

if (browsing !== null) {
  const api = await startTestService(t, await createTestDatabase(t));

  /** Somebody without a page holds and buys seats. */
  async function fillHall(concertId: number, scheduleId: number, held: number[], bought: number[]) {
    const { queueToken, accessToken } = await enter(api, concertId);
    if (bought.length > 0) {
      await api.call('POST', '/reservations', { token: queueToken, body: { scheduleId, seatNumbers: bought } });
      await api.call('POST', '/me/balance/charge', { token: accessToken, body: { amount: 10_000_000 } });
      for (const seatNumber of bought) {
        const paid = await api.call('POST', '/payments', { token: accessToken, body: { scheduleId, seatNumber } });
        if (paid.status !== 201) throw new Error(`paying was answered with ${paid.status}`);
      }
    }
    const holder = await enter(api, concertId);
    await api.call('POST', '/reservations', { token: holder.queueToken, body: { scheduleId, seatNumbers: held } });
    return holder;
  }

  for (const looks of LOOKS) {
    const { language, colorScheme, device } = looks;
    await t.test(`nobody is kept out of any view: ${language}, ${colorScheme}, ${device}`, async (t) => {
      const sale = await openSale(api, { price: 150_000 });
      const { concertId, scheduleId } = sale;
      const soldOut = await addSchedule(api, concertId, { inDays: 12, seatCount: 4 });
      await fillHall(concertId, soldOut, [2, 3, 4], [1]);
      await fillHall(concertId, scheduleId, [21, 22], [1, 2, 3]);
      await api.admin('PATCH', `/admin/concerts/${concertId}/queue`, { maxActive: 0 });
      const fan = await comeToPage(t, browsing, api, {
        language,
        device,
        tolerates: [refusedWith(404), refusedWith(409)],
        context: { colorScheme },
      });
      const { page, hands, t: words } = fan;

      async function look(view: string): Promise<void> {
        t.same(await violationsOf(page), [], `${view}: axe finds nothing`);
        await page.setViewportSize(NARROW);
        t.same(await stickingOut(page), [], `${view}: nothing sticks out of a narrow page`);
        await page.setViewportSize(DEVICES[device].viewport);
      }

      await fan.open('#/concerts/404');
      await fan.heading(words.missing.title).waitFor();
      await look('a concert that is not there');
      await fan.open();
      await page.getByRole('article').or(page.getByRole('listitem')).first().waitFor();
      await look('landing');
      await fan.open(`#/concerts/${concertId}`);
      await fan.button(words.concerts.join).waitFor();
      await look('a concert');
      await fan.press(words.concerts.join);
      await page.getByRole('dialog').waitFor();
      await look('who are you');
      await fan.introduceOneself('이하늘');
      await fan.heading(words.waiting.title).waitFor();
      await look('waiting room');
      await fan.press(words.waiting.leave);
      await page.getByRole('dialog').waitFor();
      await look('really leave');
      await hands.press(page.getByRole('dialog').getByRole('button', { name: words.frame.cancel, exact: true }));
      await api.admin('PATCH', `/admin/concerts/${concertId}/queue`, { maxActive: 100 });
      await fan.heading(words.dates.title).waitFor();
      await page.locator(`a[href$="/dates/${soldOut}"]`).waitFor();
      await look('dates');
      await hands.press(page.locator(`a[href$="/dates/${soldOut}"]`));
      await page.getByText(words.soldOut.title, { exact: true }).waitFor();
      await look('a sold-out hall');
      await fan.open(`#/concerts/${concertId}/dates/${scheduleId}`);
      for (const seatNumber of [11, 12, 13, 14, 15]) await hands.pressSeat(fan.seat(seatNumber));
      await page.getByText(words.notice.limitReached('4'), { exact: true }).waitFor();
      await look('a hall with seats chosen, held and sold, and a message');
      await fan.press(words.choice.hold(4));
      await page.getByRole('timer').waitFor();
      await look('the till, with too little in the wallet');
      await hands.press(fan.link(words.checkout.more));
      await fan.seat(11, 'own').waitFor();
      await look('a hall with seats of one’s own');
      await page.goBack();
      await page.getByRole('timer').waitFor();
      await page.getByText(words.topUp.other, { exact: true }).click();
      await look('the till, with other amounts');
      await page.getByLabel(words.topUp.own, { exact: true }).fill('600000');
      await fan.press(words.topUp.charge);
      await page.getByText(words.notice.charged(fan.f.money(600_000)), { exact: true }).waitFor();
      await look('the till');
      await fan.press(words.checkout.pay(fan.f.money(600_000)));
      await fan.heading(words.ticket.title).waitFor();
      await look('a ticket');
      await page.emulateMedia({ media: 'print' });
      t.same(await violationsOf(page, 'color-contrast'), [], 'a ticket on paper can be read');
      await page.emulateMedia({ media: 'screen' });
      await fan.press(words.ticket.refund);
      await page.getByRole('dialog').waitFor();
      await look('really refund');
      await hands.press(page.getByRole('dialog').getByRole('button', { name: words.refundDialog.yes, exact: true }));
      await fan.heading(words.ticket.refundedTitle).waitFor();
      await look('a refunded ticket');
      await hands.press(fan.link(words.frame.tickets));
      await page.getByText(words.tickets.refunded, { exact: true }).waitFor();
      await look('tickets');
      await hands.press(page.getByRole('navigation').locator('a[href="#/wallet"]'));
      await page.getByRole('table').waitFor();
      await look('wallet');
    });
  }

  await t.test('the largest hall keeps nobody out either', async (t) => {
    const hall = await openSale(api, { seatCount: 500 });
    await fillHall(hall.concertId, hall.scheduleId, [400, 500], [250]);
    const fan = await comeToPage(t, browsing, api, { language: 'en', device: 'phone' });
    await fan.goToMap(hall);
    t.same(await violationsOf(fan.page), []);
    await fan.page.setViewportSize(NARROW);
    t.same(await stickingOut(fan.page), []);
  });
}
