import t, { type Test } from 'tap';
import type { Locator, Page } from 'playwright-core';
import { stickingOut, violationsOf } from '../fixtures/axe.ts';
import { startBrowser } from '../fixtures/browser.ts';
import { createTestDatabase } from '../fixtures/database.ts';
import { comeToPage, type FanPage } from '../fixtures/fan-page.ts';
import { enter, startTestService } from '../fixtures/service.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const SCREENS = { phone: { width: 390, height: 844 }, desktop: { width: 1280, height: 900 } } as const;

interface Sale {
  readonly opensInMs?: number;
  readonly closesInMs?: number;
  readonly dates?: readonly object[];
  readonly queue?: object;
}

const browsing = await startBrowser(t);

if (browsing !== null) {
  const api = await startTestService(t, await createTestDatabase(t));
  const fromNow = (ms: number) => new Date(Date.now() + ms).toISOString();

  async function addSale({ opensInMs = -DAY_MS, closesInMs = 30 * DAY_MS, dates = [{}], queue = {} }: Sale = {}) {
    const window = { bookingOpensAt: fromNow(opensInMs), bookingClosesAt: fromNow(closesInMs) };
    const words = { title: '밤의 노래', artist: '새벽', venue: '서울 회관' };
    const { body } = await api.admin('POST', '/admin/concerts', { ...words, ...window, queue });
    const concertId = Number(body['concertId']);
    const scheduleIds: number[] = [];
    for (const [nth, date] of dates.entries()) {
      const whole = { startsAt: fromNow((40 + nth) * DAY_MS), seatCount: 20, price: 99_000, ...date };
      const made = await api.admin('POST', `/admin/concerts/${concertId}/schedules`, whole);
      scheduleIds.push(Number(made.body['scheduleId']));
    }
    return { concertId, scheduleIds };
  }

  /** Holds so many seats of the date, by fans of four each. */
  async function takeSeats(concertId: number, scheduleId: number | undefined, count: number): Promise<void> {
    for (let first = 1; first <= count; first += 4) {
      const { queueToken: token } = await enter(api, concertId);
      const seatNumbers = Array.from({ length: Math.min(4, count - first + 1) }, (_, nth) => first + nth);
      const { status } = await api.call('POST', '/reservations', { token, body: { scheduleId, seatNumbers } });
      if (status !== 201) throw new Error(`holding was answered with ${status}`);
    }
  }

  const cardOf = (page: Page, concertId: number): Locator =>
    page.getByRole('listitem').filter({ has: page.locator(`h3 a[href="#/concerts/${concertId}"]`) });

  /** No one is sent into a queue for nothing, and no one is told that there is no waiting. */
  async function hasNothingToBook(t: Test, { t: words }: FanPage, where: Locator, what: string): Promise<void> {
    t.equal(await where.getByRole('button', { name: words.concerts.join }).count(), 0, `${what}: nothing to book`);
    t.equal(await where.getByText(words.concerts.noLine).count(), 0, `${what}: no talk of the line`);
  }

  const mixed = {
    prices: [
      { from: 1, to: 5, price: 165_000 },
      { from: 6, to: 20, price: 99_000 },
    ],
    price: undefined,
  };
  const onSale = await addSale({ dates: [mixed, {}] });
  const fewLeft = await addSale();
  const soldOut = await addSale();
  const paused = await addSale({ queue: { maxActive: 0 } });
  const upcoming = await addSale({ opensInMs: 2 * HOUR_MS });
  const later = await addSale({ dates: [{ reservationOpensAt: fromNow(3 * DAY_MS) }] });
  const undated = await addSale({ dates: [] });
  await takeSeats(fewLeft.concertId, fewLeft.scheduleIds[0], 19);
  await takeSeats(soldOut.concertId, soldOut.scheduleIds[0], 20);

  for (const language of ['ko', 'en'] as const) {
    for (const device of ['phone', 'desktop'] as const) {
      await t.test(`what, when, how much and whether, before the queue: ${language}, ${device}`, async (t) => {
        const viewport = SCREENS[device];
        const fan = await comeToPage(t, browsing, api, { language, device, context: { viewport } });
        const { page, t: words, f } = fan;
        const states: readonly (readonly [{ concertId: number }, string, string | RegExp])[] = [
          [onSale, 'on-sale', words.sale.onSale],
          [fewLeft, 'few-left', words.sale.fewLeft('1')],
          [soldOut, 'sold-out', words.sale.soldOut],
          [paused, 'paused', words.sale.paused],
          [upcoming, 'upcoming', new RegExp(words.sale.opensIn('1:59:\\d\\d'))],
          [later, 'upcoming', words.sale.opensIn(f.until(3 * DAY_MS - HOUR_MS))],
          [undated, 'undated', words.sale.undated],
        ];
        const bookable = ['on-sale', 'few-left', 'paused'];

        await fan.open();
        await fan.heading(words.concerts.onSale).waitFor();
        for (const [{ concertId }, state, text] of states) {
          const card = cardOf(page, concertId);
          await card.getByTestId(`sale-${state}`).getByText(text).waitFor();
          if (!bookable.includes(state)) await hasNothingToBook(t, fan, card, `card of ${state}`);
          else
            t.equal(
              await card.getByRole('button', { name: words.concerts.join }).count(),
              1,
              `${state}: can be joined`,
            );
        }
        t.equal(await cardOf(page, paused.concertId).getByText(words.concerts.noLine).count(), 0, 'a pause is waiting');
        const facts = (await cardOf(page, onSale.concertId).innerText()).replaceAll(/\s+/g, ' ');
        t.ok(facts.includes(f.moneyRange(99_000, 165_000)), `prices: ${facts}`);
        t.ok(facts.includes(words.sale.left('40', '40')), `seats left: ${facts}`);
        t.ok(facts.includes(words.sale.dates(2)), `dates: ${facts}`);
        t.same(await stickingOut(page), [], 'landing: nothing sticks out');
        t.same(await violationsOf(page), [], 'landing: axe finds nothing');

        for (const [{ concertId }, state, text] of states) {
          await fan.open(`#/concerts/${concertId}`);
          await page.getByTestId(`sale-${state}`).getByText(text).waitFor();
          if (!bookable.includes(state)) await hasNothingToBook(t, fan, page.locator('main'), `lobby of ${state}`);
          t.same(await stickingOut(page), [], `lobby of ${state}: nothing sticks out`);
        }
        await fan.open(`#/concerts/${onSale.concertId}`);
        await fan.heading(words.lobby.dates).waitFor();
        const dates = page.getByRole('region', { name: words.lobby.dates }).getByRole('listitem');
        t.equal(await dates.count(), 2);
        t.match(await dates.first().innerText(), new RegExp(f.moneyRange(99_000, 165_000)));
        t.match(await dates.last().innerText(), words.sale.left('20', '20'));
        t.same(await violationsOf(page), [], 'lobby: axe finds nothing');
      });
    }
  }

  await t.test('a countdown ends in a button to press, without a reload', async (t) => {
    const { concertId } = await addSale({ opensInMs: 6_000 });
    const fan = await comeToPage(t, browsing, api, { language: 'en' });
    await fan.open(`#/concerts/${concertId}`);
    await fan.page.getByRole('timer').waitFor();
    await hasNothingToBook(t, fan, fan.page.locator('main'), 'before the opening');
    await fan.press(fan.t.concerts.join);
    await fan.introduceOneself('이하늘');
    await fan.heading(fan.t.dates.title).waitFor();
  });

  await t.test(
    'a sale that ends while the page is open is shown as sold out, on the landing page and in the lobby',
    async (t) => {
      const { concertId, scheduleIds } = await addSale();
      const fan = await comeToPage(t, browsing, api, { language: 'en' });
      const lobby = await comeToPage(t, browsing, api);
      await fan.open();
      await lobby.open(`#/concerts/${concertId}`);
      await cardOf(fan.page, concertId).getByTestId('sale-on-sale').waitFor();
      await lobby.page.getByTestId('sale-on-sale').waitFor();
      await takeSeats(concertId, scheduleIds[0], 20);
      await cardOf(fan.page, concertId).getByTestId('sale-sold-out').waitFor();
      await lobby.page.getByTestId('sale-sold-out').waitFor();
      await lobby.button(lobby.t.concerts.joinSoldOut).waitFor();
    },
  );

  await t.test('a visitor costs one request for the concerts, each ten seconds, whatever their number', async (t) => {
    const fan = await comeToPage(t, browsing, api, { language: 'en' });
    const asked: string[] = [];
    fan.page.on('request', (request) => {
      const { pathname } = new URL(request.url());
      if (pathname.startsWith('/api/')) asked.push(pathname);
    });
    await fan.open();
    await cardOf(fan.page, onSale.concertId).waitFor();
    await fan.heading(fan.t.concerts.upcoming).waitFor();
    t.strictSame(asked.toSorted(), ['/api/v1/concerts/available', '/api/v1/concerts/upcoming']);
    const answer = await fan.page.waitForResponse((response) => response.url().includes('/concerts/available'));
    t.strictSame(asked.slice(2), ['/api/v1/concerts/available']);
    t.match((await answer.request().allHeaders())['if-none-match'], /^"/, 'it asks whether anything has changed');
  });
}
