import t from 'tap';
import { startBrowser } from '../fixtures/browser.ts';
import { createTestDatabase } from '../fixtures/database.ts';
import { comeToPage, type FanPage } from '../fixtures/fan-page.ts';
import { openSale, startTestService } from '../fixtures/service.ts';

const browsing = await startBrowser(t);

if (browsing !== null) {
  const api = await startTestService(t, await createTestDatabase(t));

  async function joinQueue(fan: FanPage, concertId: number): Promise<void> {
    await fan.open(`#/concerts/${concertId}`);
    await fan.press(fan.t.concerts.join);
    await fan.introduceOneself('이하늘');
  }

  const place = (fan: FanPage, position: string) =>
    fan.page.getByText(fan.t.waiting.place(position), { exact: true }).first();

  await t.test('a reload keeps the place in line', async (t) => {
    const { concertId } = await openSale(api, { queue: { maxActive: 0 } });
    const fan = await comeToPage(t, browsing, api, { device: 'phone' });
    const behind = await comeToPage(t, browsing, api);
    await joinQueue(fan, concertId);
    await place(fan, '1').waitFor();
    await joinQueue(behind, concertId);
    await place(behind, '2').waitFor();
    const token = await fan.queueToken(concertId);
    await fan.page.reload();
    await place(fan, '1').waitFor();
    t.equal(await fan.queueToken(concertId), token);
    t.match((await api.call('GET', `/concerts/${concertId}`)).body, { queue: { waiting: 2 } });
  });

  await t.test('another tab of somebody who waits shows the same place, and takes no second one', async (t) => {
    const { concertId } = await openSale(api, { queue: { maxActive: 0 } });
    const fan = await comeToPage(t, browsing, api, { language: 'en' });
    await joinQueue(fan, concertId);
    await place(fan, '1').waitFor();
    const tab = await comeToPage(t, browsing, api, { language: 'en', with: fan.visitor });
    await tab.open();
    const strip = tab.page.getByRole('list', { name: tab.t.places.label });
    await tab.hands.press(strip.getByRole('link', { name: new RegExp(tab.t.places.waiting('1')) }));
    await place(tab, '1').waitFor();
    t.match((await api.call('GET', `/concerts/${concertId}`)).body, { queue: { waiting: 1 } });
    await api.admin('PATCH', `/admin/concerts/${concertId}/queue`, { maxActive: 1 });
    await fan.heading(fan.t.dates.title).waitFor();
    await tab.heading(tab.t.dates.title).waitFor();
  });

  await t.test('a reload at the till keeps the seats and goes on counting down', async (t) => {
    const hall = await openSale(api);
    const fan = await comeToPage(t, browsing, api, { language: 'en' });
    await fan.goToMap(hall);
    await fan.hold(3, 4);
    const before = await fan.countdown();
    await fan.page.reload();
    await fan.heading(fan.t.checkout.title(2)).waitFor();
    const after = await fan.countdown();
    t.ok(after <= before && after > 0, `the countdown is ${after} s after it was ${before} s`);
    await fan.topUpAndPay();
    await fan.page.reload();
    const ticket = fan.page.getByRole('article', { name: fan.t.ticket.label });
    await ticket.getByText(fan.seatName(3), { exact: true }).waitFor();
    await ticket.getByText(fan.seatName(4), { exact: true }).waitFor();
  });

  await t.test('back and forward lead to the map and to the till with the same seats', async (t) => {
    const hall = await openSale(api);
    const fan = await comeToPage(t, browsing, api);
    await fan.goToMap(hall);
    await fan.hold(16);
    const before = await fan.countdown();
    await fan.page.goBack();
    await fan.seat(16, 'own').waitFor();
    await fan.page.goForward();
    await fan.heading(fan.t.checkout.title(1)).waitFor();
    t.ok((await fan.countdown()) <= before);
    await fan.page.goBack();
    await fan.page.goBack();
    await fan.heading(fan.t.dates.title).waitFor();
    await fan.page.goForward();
    await fan.seat(16, 'own').waitFor();
    await fan.hands.press(fan.page.getByRole('complementary').getByRole('link'));
    await fan.topUpAndPay();
    await fan.page.goBack();
    await fan.button(fan.t.concerts.join).waitFor();
    t.equal(await fan.button(fan.t.checkout.pay(fan.f.money(1_000))).count(), 0, 'nothing is left to pay');
    const { body } = await api.call('GET', '/me/payments', { token: await fan.accessToken() });
    t.equal((body['payments'] as unknown[]).length, 1);
  });

  await t.test('what is held in one tab is paid in another, and the first one shows no stale till', async (t) => {
    const hall = await openSale(api);
    const fan = await comeToPage(t, browsing, api, { language: 'en' });
    await fan.goToMap(hall);
    await fan.hold(25);
    const tab = await comeToPage(t, browsing, api, { language: 'en', with: fan.visitor });
    await tab.open(new URL(fan.page.url()).hash);
    await tab.heading(tab.t.checkout.title(1)).waitFor();
    const [here, there] = await Promise.all([tab.countdown(), fan.countdown()]);
    t.ok(Math.abs(here - there) <= 3, `both count down the same time: ${here} s and ${there} s`);
    await tab.topUpAndPay();
    await fan.heading(fan.t.checkout.title(1)).waitFor({ state: 'detached' });
    await fan.page.getByText(fan.t.lobby.ended.COMPLETED, { exact: true }).waitFor();
    const { body } = await api.call('GET', '/me/payments', { token: await fan.accessToken() });
    t.equal((body['payments'] as unknown[]).length, 1);
    await fan.hands.press(fan.link(fan.t.frame.tickets));
    await fan.page.getByRole('link', { name: new RegExp(fan.seatName(25)) }).waitFor();
  });

  await t.test('signing out in one tab signs out in the other', async (t) => {
    const { concertId } = await openSale(api);
    const fan = await comeToPage(t, browsing, api, { language: 'en' });
    await joinQueue(fan, concertId);
    await fan.heading(fan.t.dates.title).waitFor();
    const tab = await comeToPage(t, browsing, api, { language: 'en', with: fan.visitor });
    await tab.open('#/wallet');
    await tab.press(tab.t.wallet.signOut);
    await tab.press(tab.t.signOutDialog.yes);
    await tab.button(tab.t.frame.signIn).waitFor();
    await fan.button(fan.t.frame.signIn).waitFor();
    t.equal(await fan.queueToken(concertId), null);
  });

  await t.test('the language and the theme that one chose are kept', async (t) => {
    const fan = await comeToPage(t, browsing, api, { language: 'ko' });
    await fan.open();
    await fan.heading(fan.t.concerts.title).waitFor();
    await fan.page.getByRole('button', { name: 'English' }).click();
    const english = await comeToPage(t, browsing, api, { language: 'en', with: fan.visitor });
    await english.open();
    await english.heading(english.t.concerts.title).waitFor();
    await english.press(english.t.frame.theme.system);
    await english.press(english.t.frame.theme.light);
    await english.page.reload();
    await english.button(english.t.frame.theme.dark).waitFor();
    t.equal(await english.page.evaluate('document.documentElement.dataset.theme'), 'dark');
    t.equal(await english.page.evaluate('document.documentElement.lang'), 'en');
  });
}
