import { isDeepStrictEqual } from 'node:util';
import type { Page } from 'playwright-core';
import t, { type Test } from 'tap';
import { createOpsFormat, type OpsFormat } from '../../web/ops/ops-format.ts';
import { WORDS, type Words } from '../../web/ops/words.ts';
import { stickingOut } from '../fixtures/axe.ts';
import { startBrowser } from '../fixtures/browser.ts';
import { createTestDatabase } from '../fixtures/database.ts';
import { comeToPage, type FanPage, type FanPageOptions, refusedWith } from '../fixtures/fan-page.ts';
import { addSchedule, enter, openSale, startTestService, testEnvironment } from '../fixtures/service.ts';

/** The page asks every second, and the service counts by seconds. */
const SHOWN_WITHIN_MS = 15_000;

interface Overview {
  readonly totals: Readonly<Record<'waiting' | 'active' | 'held' | 'confirmed' | 'revenue' | 'liveSockets', number>>;
  readonly concerts: readonly { readonly queue: { readonly maxActive: number } }[];
  readonly schedules: readonly Readonly<Record<'totalSeats' | 'held' | 'confirmed' | 'availableSeats', number>>[];
}

interface Activity {
  readonly verdict: { readonly state: 'HEALTHY' | 'DEGRADED' | 'IN_TROUBLE' };
  readonly samples: readonly {
    readonly payments: number;
    readonly refusalsByCode: readonly { readonly code: string; readonly count: number }[];
  }[];
}

/** What the page shows and what the service says change all the time; they have to agree before long. */
async function agree<T>(t: Test, what: string, show: () => Promise<T>, say: () => Promise<T>): Promise<void> {
  let shown = await show();
  let said = await say();
  const deadlineMs = performance.now() + SHOWN_WITHIN_MS;
  while (!isDeepStrictEqual(shown, said) && performance.now() < deadlineMs) {
    shown = await show();
    said = await say();
  }
  t.same(shown, said, `${what} of the page and of the service are the same`);
}

const browsing = await startBrowser(t);

if (browsing !== null) {
  const browser = browsing;
  const database = await createTestDatabase(t);
  const adminToken = testEnvironment(database).ADMIN_TOKEN;
  const api = await startTestService(t, database);
  const sale = await openSale(api, { queue: { maxActive: 2 }, price: 110_000 });
  const { concertId, scheduleId } = sale;
  await addSchedule(api, concertId, { inDays: 11, seatCount: 20 });

  /** The operator's page, signed in. It is put together as the fans' is, and complains as little. */
  async function comeAsOperator(t: Test, options: FanPageOptions): Promise<Page> {
    const { page } = await comeToPage(t, browser, api, options);
    const words = WORDS[options.language ?? 'ko'];
    await page.goto(`${api.url}/ops`);
    await page.getByLabel(words.tokenLabel, { exact: true }).fill(adminToken);
    await page.getByRole('button', { name: words.tokenOpen, exact: true }).click();
    await page.getByRole('region', { name: words.figures }).waitFor();
    return page;
  }

  /** What stands in every tile but for the rates, which are of the last seconds. */
  async function readTiles(page: Page, words: Words): Promise<readonly string[]> {
    const tiles = page.getByRole('region', { name: words.figures });
    const texts = await tiles.getByRole('definition').allInnerTexts();
    const [, holds, , refusals, , payments, sold, ofSeats, revenue, concerts, waiting, , active, most] = texts;
    return [holds, refusals, payments, sold, ofSeats, revenue, concerts, waiting, active, most].map(String);
  }

  /** The same of what the service says. */
  async function expectTiles(words: Words, f: OpsFormat): Promise<readonly string[]> {
    const { totals, concerts, schedules } = (await api.admin('GET', '/admin/overview')).as<Overview>();
    const { samples } = (await api.admin('GET', '/admin/activity')).as<Activity>();
    const lastMinute = samples.slice(-60);
    const payments = lastMinute.reduce((sum, sample) => sum + sample.payments, 0);
    const [refusal] = lastMinute.flatMap(({ refusalsByCode }) => refusalsByCode);
    const seats = schedules.reduce((sum, { totalSeats }) => sum + totalSeats, 0);
    return [
      words.holding(f.number(totals.held)),
      refusal?.code ?? words.none,
      words.paymentsOf(f.number(payments)),
      f.number(totals.confirmed),
      words.ofSeats(f.number(seats), f.percent(totals.confirmed / seats)),
      f.moneyShort(totals.revenue),
      words.concertsOf(f.number(concerts.length)),
      f.number(totals.waiting),
      f.number(totals.active),
      words.insideOf(f.number(concerts.reduce((sum, { queue }) => sum + queue.maxActive, 0))),
    ];
  }

  async function buy(fan: FanPage, ...seatNumbers: number[]): Promise<void> {
    await fan.goToMap(sale);
    await fan.hold(...seatNumbers);
    await fan.topUpAndPay();
  }

  await t.test(
    'the verdict, the tiles and the seats by date say what the service says after a real sale',
    async (t) => {
      await buy(await comeToPage(t, browsing, api), 5, 6, 7);
      const { queueToken: token } = await enter(api, concertId);
      await api.call('POST', '/reservations', { token, body: { scheduleId, seatNumbers: [10, 11] } });
      const refused = await api.call('POST', '/reservations', { token, body: { scheduleId, seatNumber: 5 } });
      t.equal(refused.status, 409);
      await enter(api, concertId);
      await enter(api, concertId);

      for (const [language, device] of [
        ['ko', 'phone'],
        ['en', 'desktop'],
      ] as const) {
        const words = WORDS[language];
        const f = createOpsFormat(language);
        const page = await comeAsOperator(t, { language, device });
        const { totals, schedules } = (await api.admin('GET', '/admin/overview')).as<Overview>();
        const { liveSockets, ...sums } = totals;
        t.same(sums, { waiting: 1, active: 2, held: 2, confirmed: 3, revenue: 330_000 });
        t.type(liveSockets, 'number');
        await agree(
          t,
          'the tiles',
          () => readTiles(page, words),
          () => expectTiles(words, f),
        );

        const verdicts = { HEALTHY: words.healthy, DEGRADED: words.degraded, IN_TROUBLE: words.inTrouble };
        await agree(
          t,
          'the verdict',
          () => page.getByRole('heading', { level: 1 }).innerText(),
          async () => verdicts[(await api.admin('GET', '/admin/activity')).as<Activity>().verdict.state],
        );

        t.equal(schedules.length, 2);
        for (const { totalSeats, confirmed, held, availableSeats } of schedules) {
          const figures = [totalSeats, confirmed, held, availableSeats].map((figure) => f.number(figure));
          const [total = '', sold = '', onHold = '', free = ''] = figures;
          const name = words.scheduleWords('밤의 노래', '', total, sold, onHold, free).replace(/^.*?: /, ': ');
          await page.getByRole('button', { name }).waitFor();
        }
        await page.setViewportSize({ width: 320, height: 640 });
        t.same(await stickingOut(page), [], 'nothing sticks out of a narrow page');
      }
    },
  );

  await t.test('the operator pauses a queue and opens it again, and fans feel both', async (t) => {
    const { concertId: ownId } = await openSale(api, { queue: { maxActive: 1 } });
    const inside = await enter(api, ownId);
    const fan = await comeToPage(t, browsing, api, { language: 'en', device: 'phone' });
    await fan.open(`#/concerts/${ownId}`);
    await fan.press(fan.t.concerts.join);
    await fan.introduceOneself('이하늘');
    await fan.heading(fan.t.waiting.title).waitFor();

    const page = await comeAsOperator(t, { language: 'en' });
    const words = WORDS.en;
    const queue = page
      .getByRole('region', { name: words.queues })
      .getByRole('listitem')
      .filter({ hasText: `${words.waiting} 1` })
      .filter({ hasText: `${words.active} 1 / 1` });
    await queue.getByRole('button', { name: new RegExp(`^${words.pause}: `) }).click();
    await page.getByRole('dialog').getByRole('button', { name: words.pause, exact: true }).click();
    await fan.page.getByText(fan.t.waiting.paused, { exact: true }).waitFor();
    await page.getByText('1 people wait at a paused queue.').waitFor();
    await api.call('DELETE', `/queue/tokens/${inside.queueToken}`);
    t.match((await api.call('GET', `/concerts/${ownId}`)).body, { queue: { waiting: 1, active: 0, paused: true } });
    t.equal(await fan.heading(fan.t.waiting.title).count(), 1, 'nobody is let in, though there is room');

    const paused = page
      .getByRole('region', { name: words.queues })
      .getByRole('listitem')
      .filter({ hasText: words.paused });
    await paused.getByRole('button', { name: new RegExp(`^${words.resume}: `) }).click();
    await page.getByRole('dialog').getByRole('button', { name: words.resume, exact: true }).click();
    await fan.heading(fan.t.dates.title).waitFor();
    t.match((await api.call('GET', `/concerts/${ownId}`)).body, { queue: { waiting: 0, active: 1, paused: false } });
  });

  for (const language of ['ko', 'en'] as const) {
    await t.test(`a wrong token is told and opens nothing, in ${language}`, async (t) => {
      const { page } = await comeToPage(t, browsing, api, { language, tolerates: [refusedWith(403)] });
      const words = WORDS[language];
      await page.goto(`${api.url}/ops`);
      await page.getByLabel(words.tokenLabel, { exact: true }).fill(`${adminToken}x`);
      await page.getByRole('button', { name: words.tokenOpen, exact: true }).click();
      await page.getByRole('alert').getByText(words.tokenRefused, { exact: true }).waitFor();
      t.equal(await page.getByRole('region', { name: words.figures }).count(), 0);
    });
  }
}
