import t from 'tap';
import { startBrowser } from '../fixtures/browser.ts';
import { createTestDatabase } from '../fixtures/database.ts';
import { comeToPage, type Device } from '../fixtures/fan-page.ts';
import { openSale, startTestService } from '../fixtures/service.ts';
import type { Language } from '../../web/language/language.ts';

/** A purchase takes a few seconds; a fan who reads nothing has a minute. */
const LANDING_TO_TICKET_MS = 30_000;

interface Way {
  readonly language: Language;
  readonly device: Device;
  readonly isByKeyboard: boolean;
}

const WAYS: readonly Way[] = (['ko', 'en'] as const).flatMap((language) =>
  (['desktop', 'phone'] as const).flatMap((device) =>
    [false, true].map((isByKeyboard) => ({ language, device, isByKeyboard })),
  ),
);

const browsing = await startBrowser(t);

if (browsing !== null) {
  const database = await createTestDatabase(t);
  const api = await startTestService(t, database);
  const { concertId, scheduleId } = await openSale(api, { price: 120_000 });

  for (const [index, way] of WAYS.entries()) {
    const hand = way.isByKeyboard ? 'keyboard alone' : way.device === 'phone' ? 'finger' : 'mouse';
    await t.test(`a ticket is bought by ${hand} on a ${way.device}, in ${way.language}`, async (t) => {
      const fan = await comeToPage(t, browsing, api, way);
      const { page, hands, t: words, f } = fan;
      const seatNumbers = [index * 4 + 3, index * 4 + 4];
      const landedAtMs = performance.now();
      await fan.open();
      await fan.press(words.concerts.join);
      await fan.introduceOneself('김하늘');
      await fan.heading(words.dates.title).waitFor();
      await hands.press(page.getByRole('main').getByRole('list').getByRole('link'));
      await page.getByRole('grid', { name: words.hall.gridLabel }).waitFor();
      await fan.hold(...seatNumbers);
      t.match(await page.getByRole('timer').innerText(), /^(?:5:00|4:\d\d)$/, 'the time that is left is counted down');
      await hands.press(page.getByRole('button', { name: words.topUp.andPay(f.money(240_000)), disabled: false }));
      await fan.heading(words.ticket.title).waitFor();
      const tookMs = performance.now() - landedAtMs;
      t.comment(`from landing to the ticket: ${Math.round(tookMs)} ms`);
      t.ok(tookMs < LANDING_TO_TICKET_MS, `it takes well under a minute: ${Math.round(tookMs)} ms`);

      const ticket = page.getByRole('article', { name: words.ticket.label });
      const shown = await ticket.innerText();
      for (const seatNumber of seatNumbers) t.match(shown, fan.seatName(seatNumber));
      t.match(shown, f.money(240_000));
      t.match(shown, '김하늘');
      t.match(shown, '밤의 노래');

      const token = await fan.accessToken();
      const { body } = await api.call('GET', '/me/payments', { token });
      t.match(body, {
        payments: [{ paymentId: /./, status: 'COMPLETED', concertId, scheduleId, amount: 240_000 }],
      });
      const payments = body['payments'] as {
        paymentId: string;
        reservations: { seatNumber: number; status: string }[];
      }[];
      t.equal(payments.length, 1, 'one payment is all there is');
      t.same(
        payments[0]?.reservations.map(({ seatNumber, status }) => ({ seatNumber, status })),
        seatNumbers.map((seatNumber) => ({ seatNumber, status: 'CONFIRMED' })),
      );
      t.match(shown, payments[0]?.paymentId ?? 'no payment', 'the ticket names it');
      t.match((await api.call('GET', '/me/balance', { token })).body, { balance: 0 });
      t.equal(await fan.queueToken(concertId), null, 'the place inside is given up with the purchase');
    });
  }
}
