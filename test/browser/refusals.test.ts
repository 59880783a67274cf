import t from 'tap';
import { startBrowser } from '../fixtures/browser.ts';
import { createTestDatabase } from '../fixtures/database.ts';
import { comeToPage, type FanPage, refusedWith } from '../fixtures/fan-page.ts';
import { addSchedule, enter, openSale, startTestService } from '../fixtures/service.ts';

const browsing = await startBrowser(t);

if (browsing !== null) {
  const database = await createTestDatabase(t);
  const api = await startTestService(t, database);

  async function holdByApi(token: string, scheduleId: number, ...seatNumbers: number[]): Promise<void> {
    const { status } = await api.call('POST', '/reservations', { token, body: { scheduleId, seatNumbers } });
    if (status !== 201) throw new Error(`holding was answered with ${status}`);
  }

  const says = (fan: FanPage, sentence: string) =>
    fan.page.getByRole('main').getByText(sentence, { exact: true }).waitFor();

  await t.test('one press fills the wallet with what is missing and pays, however often one presses', async (t) => {
    const hall = await openSale(api, { price: 120_000 });
    const fan = await comeToPage(t, browsing, api, { language: 'en', device: 'phone' });
    const { page, t: words, f } = fan;
    await fan.goToMap(hall);
    const token = await fan.accessToken();
    await api.call('POST', '/me/balance/charge', { token, body: { amount: 30_000 } });
    await fan.hold(1, 2);
    const pay = fan.button(words.topUp.andPay(f.money(210_000)));
    const busy = page.locator('[aria-busy="true"]');
    await page.route('**/api/v1/me/balance/charge', async (route) => {
      t.same(await busy.allInnerTexts(), [words.topUp.andPay(f.money(210_000))], 'the pressed button alone is busy');
      await route.continue();
    });
    await pay.dblclick();
    await fan.heading(words.ticket.title).waitFor();
    t.match((await api.call('GET', '/me/balance', { token })).body, { balance: 0 });
    const { body } = await api.call('GET', '/me/balance/history', { token });
    t.match(body['entries'], [{ amount: -240_000 }, { amount: 210_000 }, { amount: 30_000 }]);
    t.equal((body['entries'] as unknown[]).length, 3);
  });

  await t.test('a charge whose answer is lost is made once, and the next press pays', async (t) => {
    const hall = await openSale(api, { price: 90_000 });
    const fan = await comeToPage(t, browsing, api, { tolerates: [refusedWith(503)] });
    const { page, t: words, f } = fan;
    await fan.goToMap(hall);
    await fan.hold(7);
    await page.route('**/api/v1/me/balance/charge', async (route) => {
      await route.fetch();
      await route.fulfill({
        status: 503,
        headers: { 'retry-after': '60', 'content-type': 'application/problem+json' },
        body: JSON.stringify({ code: 'STORE_UNAVAILABLE', detail: '잠시 멈췄습니다', outcome: 'unknown' }),
      });
    });
    await fan.press(words.topUp.andPay(f.money(90_000)));
    await says(fan, words.next.byCode.STORE_UNAVAILABLE);
    await page.unroute('**/api/v1/me/balance/charge');
    await fan.press(words.topUp.andPay(f.money(90_000)));
    await fan.heading(words.ticket.title).waitFor();
    const token = await fan.accessToken();
    t.match((await api.call('GET', '/me/balance', { token })).body, { balance: 0 });
  });

  await t.test('a wallet that was emptied elsewhere is told, and can be filled on the spot', async (t) => {
    const hall = await openSale(api, { price: 50_000 });
    const other = await addSchedule(api, hall.concertId, { inDays: 11, price: 50_000 });
    const fan = await comeToPage(t, browsing, api, { tolerates: [refusedWith(400)] });
    const { t: words, f } = fan;
    await fan.goToMap(hall);
    const token = await fan.accessToken();
    await api.call('POST', '/me/balance/charge', { token, body: { amount: 50_000 } });
    await fan.hold(30);
    const pay = fan.page.getByRole('button', { name: words.checkout.pay(f.money(50_000)), disabled: false });
    await pay.waitFor();
    await holdByApi((await fan.queueToken(hall.concertId)) ?? '', other, 1);
    const paid = await api.call('POST', '/payments', { token, body: { scheduleId: other, seatNumber: 1 } });
    t.equal(paid.status, 201);
    await fan.hands.press(pay);
    await says(fan, '잔액이 부족합니다');
    await says(fan, words.next.insufficientBalance(f.money(50_000)));
    await fan.topUpAndPay();
  });

  await t.test('a chosen seat that somebody else takes leaves the choice, and that is said', async (t) => {
    const hall = await openSale(api);
    const fan = await comeToPage(t, browsing, api);
    await fan.goToMap(hall);
    for (const seatNumber of [14, 15]) await fan.hands.pressSeat(fan.seat(seatNumber));
    await fan.button(fan.t.choice.hold(2)).waitFor();
    const { queueToken } = await enter(api, hall.concertId);
    await holdByApi(queueToken, hall.scheduleId, 15);
    await says(fan, fan.t.notice.seatsLost(fan.seatName(15)));
    await fan.seat(15, 'held').waitFor();
    await fan.button(fan.t.choice.hold(1)).waitFor();
    await fan.press(fan.t.choice.hold(1));
    await fan.heading(fan.t.checkout.title(1)).waitFor();
  });

  await t.test('who presses a moment too late is told which seat is taken, and chooses another', async (t) => {
    const hall = await openSale(api);
    const fan = await comeToPage(t, browsing, api, { tolerates: [refusedWith(409)] });
    await fan.goToMap(hall);
    const { queueToken } = await enter(api, hall.concertId);
    await fan.page.route(
      '**/api/v1/reservations',
      async (route) => {
        await holdByApi(queueToken, hall.scheduleId, 22);
        await route.continue();
      },
      { times: 1 },
    );
    for (const seatNumber of [21, 22]) await fan.hands.pressSeat(fan.seat(seatNumber));
    await fan.press(fan.t.choice.hold(2));
    await says(fan, '이미 예약된 좌석입니다');
    await says(fan, fan.t.next.seatTaken(fan.seatName(22)));
    await fan.seat(22, 'held').waitFor();
    await fan.seat(21, 'chosen').waitFor();
    await fan.hands.pressSeat(fan.seat(23));
    await fan.press(fan.t.choice.hold(2));
    await fan.heading(fan.t.checkout.title(2)).waitFor();
  });

  await t.test(
    'the limit of seats is said before it is met, and no further seat is taken into the choice',
    async (t) => {
      const hall = await openSale(api);
      const fan = await comeToPage(t, browsing, api, { language: 'en', device: 'phone' });
      await fan.goToMap(hall);
      await fan.page.getByRole('button', { name: fan.t.choice.chooseFirst('4'), disabled: true }).waitFor();
      for (const seatNumber of [1, 2, 3, 4]) await fan.hands.pressSeat(fan.seat(seatNumber));
      await fan.page.getByText(fan.t.choice.total(4, '4'), { exact: true }).waitFor();
      await fan.hands.pressSeat(fan.seat(5));
      await says(fan, fan.t.notice.limitReached('4'));
      await fan.seat(5, 'available').waitFor();
      await fan.hands.pressSeat(fan.seat(4, 'chosen'));
      await fan.page.getByTestId('notice').waitFor({ state: 'detached' });
      await fan.hands.pressSeat(fan.seat(5));
      await fan.press(fan.t.choice.hold(4));
      await fan.heading(fan.t.checkout.title(4)).waitFor();
    },
  );

  await t.test('more seats than one may have, with those of another window, are refused with what to do', async (t) => {
    const hall = await openSale(api);
    const fan = await comeToPage(t, browsing, api, { language: 'en', tolerates: [refusedWith(409)] });
    await fan.goToMap(hall);
    for (const seatNumber of [1, 2, 3]) await fan.hands.pressSeat(fan.seat(seatNumber));
    await holdByApi((await fan.queueToken(hall.concertId)) ?? '', hall.scheduleId, 11, 12);
    await fan.press(fan.t.choice.hold(3));
    await says(fan, fan.t.next.byCode.SEAT_LIMIT_REACHED);
    await fan.hands.pressSeat(fan.seat(3, 'chosen'));
    await fan.press(fan.t.choice.hold(2));
    await fan.heading(fan.t.checkout.title(2)).waitFor();
  });

  await t.test('a hall without a free seat says how many may return and by when, and which one did', async (t) => {
    const hall = await openSale(api, { seatCount: 4 });
    const holder = await enter(api, hall.concertId);
    const buyer = await enter(api, hall.concertId);
    await holdByApi(buyer.queueToken, hall.scheduleId, 1);
    await holdByApi(holder.queueToken, hall.scheduleId, 2, 3, 4);
    const token = buyer.accessToken;
    await api.call('POST', '/me/balance/charge', { token, body: { amount: 1_000 } });
    await api.call('POST', '/payments', { token, body: { scheduleId: hall.scheduleId, seatNumber: 1 } });
    const { body } = await api.call('GET', `/schedules/${hall.scheduleId}/seats`, { token: holder.queueToken });
    const heldUntil = (body['seats'] as { heldUntil?: string }[]).flatMap((seat) => seat.heldUntil ?? []);
    t.equal(heldUntil.length, 3);

    for (const language of ['ko', 'en'] as const) {
      const fan = await comeToPage(t, browsing, api, { language });
      await fan.goToMap(hall);
      await says(fan, fan.t.soldOut.title);
      t.equal(
        await fan.button(fan.t.choice.chooseFirst('4')).count(),
        0,
        'nobody is asked for a seat that is not there',
      );
      await says(fan, fan.t.soldOut.returnsAt('3', fan.f.clock(Date.parse(heldUntil[0] ?? ''))));
    }
    const last = await comeToPage(t, browsing, api, { language: 'en' });
    await last.goToMap(hall);
    const held = await api.call('GET', '/me/reservations?status=HELD', { token: holder.accessToken });
    const [{ reservationId }] = held.body['reservations'] as [{ reservationId: string; seatNumber: number }];
    await api.call('DELETE', `/reservations/${reservationId}`, { token: holder.accessToken });
    await last.page.getByText(last.t.soldOut.title, { exact: true }).waitFor({ state: 'detached' });
    await last.page.getByText(last.t.hall.left('1'), { exact: true }).waitFor();
  });
}
