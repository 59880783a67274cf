import t from 'tap';
import { startBrowser } from '../fixtures/browser.ts';
import { createTestDatabase } from '../fixtures/database.ts';
import { comeToPage, type Device, type FanPage, refusedWith } from '../fixtures/fan-page.ts';
import { enter, openSale, startTestService } from '../fixtures/service.ts';
import type { Language } from '../../web/language/language.ts';

interface Way {
  readonly language: Language;
  readonly device: Device;
}

const WAYS: readonly Way[] = (['ko', 'en'] as const).flatMap((language) =>
  (['phone', 'desktop'] as const).map((device) => ({ language, device })),
);

/** Every announcement is also judged by the fixture: it lies inside of the window, and nothing covers it. */
const notice = ({ page }: FanPage) => page.getByTestId('notice');

const browsing = await startBrowser(t);

if (browsing !== null) {
  const api = await startTestService(t, await createTestDatabase(t));

  async function takeElsewhere(concertId: number, scheduleId: number, seatNumber: number): Promise<void> {
    const { queueToken: token } = await enter(api, concertId);
    const { status } = await api.call('POST', '/reservations', { token, body: { scheduleId, seatNumber } });
    if (status !== 201) throw new Error(`holding was answered with ${status}`);
  }

  for (const way of WAYS) {
    await t.test(
      `each message of a purchase is in sight, and moves no seat: ${way.language}, ${way.device}`,
      async (t) => {
        const hall = await openSale(api, { seatCount: 500, price: 90_000 });
        const fan = await comeToPage(t, browsing, api, { ...way, tolerates: [refusedWith(409)] });
        const { page, hands, t: words, f } = fan;
        await fan.goToMap(hall);
        for (const seatNumber of [241, 242, 243]) await hands.pressSeat(fan.seat(seatNumber));

        // The fan aims at the next seat when another user takes one of the chosen seats.
        const aimed = await fan.seat(244).boundingBox();
        await takeElsewhere(hall.concertId, hall.scheduleId, 243);
        await notice(fan).waitFor();
        t.same(await fan.seat(244).boundingBox(), aimed, 'the seat that the fan aims at stays where it is');

        await page.route(
          '**/api/v1/reservations',
          async (route) => {
            await takeElsewhere(hall.concertId, hall.scheduleId, 242);
            await route.continue();
          },
          { times: 1 },
        );
        await fan.press(words.choice.hold(2));
        const panel = page.getByRole('complementary', { name: words.choice.label });
        await panel.getByText(words.next.seatTaken(fan.seatName(242)), { exact: true }).waitFor();
        t.match(
          await page.evaluate('document.activeElement.textContent'),
          fan.seatName(242),
          'the reason has the focus',
        );
        t.same(await fan.seat(244).boundingBox(), aimed, 'nor does a refusal move it');
        await fan.press(words.choice.hold(1));
        await fan.heading(words.checkout.title(1)).waitFor();
        t.equal(await notice(fan).count(), 0, 'the refusal ends with its place');
        await fan.topUpAndPay();

        await fan.press(words.ticket.refund);
        await hands.press(page.getByRole('dialog').getByRole('button', { name: words.refundDialog.yes, exact: true }));
        await notice(fan)
          .getByText(words.notice.refunded(f.money(90_000)), { exact: true })
          .waitFor();
        await fan.open('#/wallet');
        await page.getByRole('table').waitFor();
        t.equal(await notice(fan).count(), 0, 'the refund is not announced in the wallet');
        await fan.press(words.topUp.add(f.money(50_000)));
        await notice(fan)
          .getByText(words.notice.charged(f.money(50_000)), { exact: true })
          .waitFor();
        await fan.press(words.wallet.signOut);
        await fan.press(words.signOutDialog.yes);
        await fan.button(words.frame.signIn).waitFor();
        t.equal(await notice(fan).count(), 0, 'a charge is not announced to the next user');
      },
    );
  }
}
