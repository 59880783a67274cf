import t from 'tap';
import { startBrowser } from '../fixtures/browser.ts';
import { createTestDatabase } from '../fixtures/database.ts';
import { comeToPage, type FanPage } from '../fixtures/fan-page.ts';
import { enter, openSale, startTestService } from '../fixtures/service.ts';

const browsing = await startBrowser(t);

if (browsing !== null) {
  const api = await startTestService(t, await createTestDatabase(t));

  async function refund(fan: FanPage): Promise<void> {
    await fan.press(fan.t.ticket.refund);
    const dialog = fan.page.getByRole('dialog', { name: fan.t.refundDialog.title });
    await fan.hands.press(dialog.getByRole('button', { name: fan.t.refundDialog.yes, exact: true }));
    await fan.heading(fan.t.ticket.refundedTitle).waitFor();
  }

  await t.test('a refund is asked for twice, gives the money back and voids the ticket', async (t) => {
    for (const language of ['ko', 'en'] as const) {
      const hall = await openSale(api, { price: 70_000 });
      const fan = await comeToPage(t, browsing, api, { language });
      const { page, t: words, f } = fan;
      await fan.goToMap(hall);
      await fan.hold(30, 31);
      await fan.topUpAndPay();
      const token = await fan.accessToken();
      const paid = async () => (await api.call('GET', '/me/payments', { token })).body;

      await fan.press(words.ticket.refund);
      const dialog = page.getByRole('dialog', { name: words.refundDialog.title });
      await dialog.getByText(words.refundDialog.words(f.money(140_000)), { exact: true }).waitFor();
      await fan.hands.press(dialog.getByRole('button', { name: words.frame.cancel, exact: true }));
      await dialog.waitFor({ state: 'detached' });
      t.match(await paid(), { payments: [{ status: 'COMPLETED' }] });
      t.match(await page.evaluate('document.activeElement.textContent'), words.ticket.refund, 'the focus is back');

      await refund(fan);
      await page.getByText(words.notice.refunded(f.money(140_000)), { exact: true }).waitFor();
      await page.getByRole('article').getByText(words.ticket.refundedStamp, { exact: true }).waitFor();
      t.equal(await fan.button(words.ticket.refund).count(), 0);
      t.match(await paid(), { payments: [{ status: 'REFUNDED', amount: 140_000 }] });
      t.match((await api.call('GET', '/me/balance', { token })).body, { balance: 140_000 });
      const { queueToken } = await enter(api, hall.concertId);
      const map = await api.call('GET', `/schedules/${hall.scheduleId}/seats`, { token: queueToken });
      t.match(map.body, { availableSeats: 50 });
    }
  });

  await t.test('tickets and money are listed with the newest first, as the service lists them', async (t) => {
    const hall = await openSale(api, { price: 40_000 });
    const fan = await comeToPage(t, browsing, api, { language: 'en', device: 'phone' });
    const { page, t: words, f } = fan;
    for (const seatNumber of [7, 8]) {
      await fan.goToMap(hall);
      await fan.hold(seatNumber);
      await fan.topUpAndPay();
    }
    await refund(fan);

    await fan.hands.press(fan.link(words.frame.tickets));
    await fan.heading(words.tickets.title).waitFor();
    const lines = page.getByRole('main').getByRole('listitem');
    await lines.nth(1).waitFor();
    const [newest = '', older = ''] = await lines.allInnerTexts();
    t.match(newest, fan.seatName(8));
    t.match(newest, words.tickets.refunded);
    t.match(older, fan.seatName(7));
    t.match(older, words.tickets.good);
    await fan.hands.press(page.getByRole('link', { name: new RegExp(fan.seatName(7)) }));
    await fan.heading(words.ticket.title).waitFor();

    await fan.hands.press(page.getByRole('link', { name: words.frame.wallet }));
    await page.getByText(f.money(40_000), { exact: true }).first().waitFor();
    const table = page.getByRole('table');
    await table.waitFor();
    const shown = (await table.getByRole('row').allInnerTexts()).slice(1);
    const { body } = await api.call('GET', '/me/balance/history', { token: await fan.accessToken() });
    type Entry = { type: keyof typeof words.wallet.types; amount: number; balanceAfter: number };
    const entries = body['entries'] as Entry[];
    t.same(
      entries.map(({ type }) => type),
      ['REFUND', 'PAYMENT', 'CHARGE', 'PAYMENT', 'CHARGE'],
    );
    t.equal(shown.length, entries.length);
    for (const [index, { type, amount, balanceAfter }] of entries.entries()) {
      const row = shown[index] ?? '';
      t.ok(row.includes(words.wallet.types[type]), `${row} is a ${type}`);
      t.ok(row.includes(`${amount > 0 ? '+' : '−'}${f.money(Math.abs(amount))}`), `${row} is about ${amount}`);
      t.ok(row.trimEnd().endsWith(f.money(balanceAfter)), `${row} leaves ${balanceAfter}`);
    }
  });

  await t.test('somebody else is not shown the ticket', async (t) => {
    const hall = await openSale(api);
    const fan = await comeToPage(t, browsing, api);
    await fan.goToMap(hall);
    await fan.hold(11);
    await fan.topUpAndPay();
    const hash = new URL(fan.page.url()).hash;
    const stranger = await comeToPage(t, browsing, api, { language: 'en' });
    await stranger.open(hash);
    await stranger.heading(stranger.t.signIn.first).waitFor();
    t.equal(await stranger.page.getByRole('article').count(), 0);
  });

  await t.test('on paper there is the ticket and nothing else, on one page, whatever the theme', async (t) => {
    const hall = await openSale(api);
    const other = await openSale(api, { queue: { maxActive: 0 } });
    for (const [language, colorScheme] of [
      ['ko', 'light'],
      ['en', 'dark'],
    ] as const) {
      const fan = await comeToPage(t, browsing, api, { language, context: { colorScheme } });
      const { page, t: words } = fan;
      await fan.goToMap(hall);
      await fan.hold(...(language === 'ko' ? [1, 2] : [3, 4]));
      await fan.topUpAndPay();
      // Standing in another line meanwhile is said on the screen, above the ticket.
      await api.call('POST', '/queue/tokens', {
        token: await fan.accessToken(),
        body: { concertId: other.concertId },
      });
      const ticketHash = new URL(page.url()).hash;
      await fan.open(`#/concerts/${other.concertId}`);
      await fan.press(words.concerts.join);
      await fan.heading(words.waiting.title).waitFor();
      await page.goBack();
      await fan.open(ticketHash);
      await page.getByRole('list', { name: words.places.label }).waitFor();

      await page.emulateMedia({ media: 'print' });
      const ticket = page.getByRole('article', { name: words.ticket.label });
      t.equal((await page.getByRole('main').innerText()).trim(), (await ticket.innerText()).trim());
      for (const role of ['banner', 'contentinfo', 'navigation', 'button', 'link'] as const) {
        const shown = await page.getByRole(role).filter({ visible: true, hasText: /\S/ }).allInnerTexts();
        t.same(shown, [], `no ${role} is printed`);
      }
      t.equal(await page.evaluate('getComputedStyle(document.documentElement).backgroundColor'), 'rgb(255, 255, 255)');
      const pdf = await page.pdf({ format: 'A4' });
      t.equal(pdf.toString('latin1').match(/\/Type\s*\/Page\b/g)?.length, 1, 'one page');
      await page.emulateMedia({ media: 'screen' });

      await page.evaluate('window.print = () => { document.documentElement.dataset.printed = "true" }');
      await fan.press(words.ticket.print);
      t.equal(await page.evaluate('document.documentElement.dataset.printed'), 'true');
    }
  });
}
