import type { Page } from 'playwright-core';
import t from 'tap';
import { stickingOut, violationsOf } from '../fixtures/axe.ts';
import { type Browsing, startBrowser, type Visitor } from '../fixtures/browser.ts';
import { createTestDatabase } from '../fixtures/database.ts';
import { startTestService } from '../fixtures/service.ts';
import { consoleEnglish } from '../../web/ops/language/console-english.ts';
import { consoleKorean } from '../../web/ops/language/console-korean.ts';

const ADMIN_TOKEN = 'an-admin-token-for-tests';
/** As narrow as a small phone, or a page that is magnified fourfold. */
const NARROW = { width: 320, height: 640 };
/** Where pictures of each section are written; none are without it. */
const SHOTS = process.env['CONSOLE_SHOTS'];

const LOOKS = [
  { locale: 'ko-KR', viewport: { width: 390, height: 844 }, words: consoleKorean },
  { locale: 'en-US', viewport: { width: 1280, height: 800 }, words: consoleEnglish },
] as const;

async function signIn(browsing: Browsing, url: string, looks: (typeof LOOKS)[number], key: string): Promise<Visitor> {
  const { locale, viewport } = looks;
  const visitor = await browsing.visit({ locale, viewport });
  await visitor.page.goto(`${url}/ops`);
  await visitor.page.locator('#token').fill(key);
  await visitor.page.keyboard.press('Enter');
  await visitor.page.getByRole('navigation').waitFor();
  return visitor;
}

function wallTime(inDays: number, time: string): string {
  return `${new Date(Date.now() + inDays * 86_400_000).toISOString().slice(0, 10)}T${time}`;
}

const browsing = await startBrowser(t);

if (browsing !== null) {
  for (const looks of LOOKS) {
    const { locale, viewport, words } = looks;
    await t.test(
      `an organiser runs a sale from its first plan to its log: ${locale}, ${viewport.width} px`,
      async (t) => {
        const api = await startTestService(t, await createTestDatabase(t));
        const { page, complaints } = await signIn(browsing, api.url, looks, ADMIN_TOKEN);
        const button = (name: string | RegExp) => page.getByRole('button', { name, exact: typeof name === 'string' });
        const main = page.getByRole('main');

        async function go(section: keyof typeof words.sections): Promise<void> {
          await page.getByRole('navigation').getByRole('link', { name: words.sections[section], exact: true }).click();
        }

        async function look(view: string): Promise<void> {
          t.same(await violationsOf(page), [], `${view}: axe finds nothing`);
          if (SHOTS !== undefined)
            await page.screenshot({ path: `${SHOTS}/${viewport.width}-${view}.png`, fullPage: true });
          await page.setViewportSize(NARROW);
          t.same(await stickingOut(page), [], `${view}: nothing sticks out of a narrow page`);
          await page.setViewportSize(viewport);
        }

        await go('concerts');
        await page.getByText(words.concerts.empty).waitFor();
        await look('no-concerts');
        await main.getByRole('link', { name: words.concerts.create }).click();
        await page.getByLabel(words.concerts.fieldTitle).fill('겨울 콘서트');
        await page.getByLabel(words.concerts.fieldArtist).fill('새벽');
        await page.getByLabel(words.concerts.fieldVenue).fill('올림픽홀');
        await page.getByLabel(words.concerts.fieldOpens).fill(wallTime(1, '10:00'));
        await page.getByLabel(words.concerts.fieldCloses).fill(wallTime(30, '18:00'));
        await look('new-concert');
        await button(words.concerts.create).click();
        await page.getByText(words.concerts.created('겨울 콘서트')).waitFor();
        const concertId = Number(/concerts\/(\d+)/.exec(page.url())?.[1]);
        t.match((await api.admin('GET', `/admin/concerts/${concertId}`)).body, {
          timeZone: 'Asia/Seoul',
          bookingOpensAt: new Date(`${wallTime(1, '10:00')}:00+09:00`).toISOString(),
        });

        for (const [day, price] of [
          [10, '50000'],
          [11, '60000'],
        ] as const) {
          await button(words.dates.add).click();
          await page.getByLabel(words.dates.starts).fill(wallTime(day, '19:30'));
          await page.getByLabel(words.dates.count).fill('20');
          await page.getByLabel(words.dates.price, { exact: true }).fill(price);
          if (day === 10) await look('new-date');
          await page
            .locator('form')
            .filter({ has: page.getByLabel(words.dates.count) })
            .getByRole('button', { name: words.dates.add })
            .click();
          await page.getByText(words.dates.added).waitFor();
        }
        t.equal(await page.locator('[data-schedule]').count(), 2);

        await page
          .getByRole('button', { name: new RegExp(`^${words.dates.edit}: `) })
          .first()
          .click();
        await page.getByLabel(words.dates.price, { exact: true }).fill('55000');
        await look('edited-date');
        await page
          .locator('form')
          .filter({ has: page.getByLabel(words.dates.price, { exact: true }) })
          .getByRole('button', { name: words.save })
          .click();
        await page.getByText(words.dates.pricesSaved('0')).waitFor();
        await button(words.cancel).click();

        await changeMeanwhile(page, api, concertId);
        await button(words.save).click();
        const conflict = page.getByRole('alert');
        await conflict.getByText(words.concerts.stale).waitFor();
        await conflict
          .getByText(words.concerts.changedTo(words.concerts.fieldVenue, '올림픽홀', '체조경기장'))
          .waitFor();
        await look('conflict');
        await conflict.getByRole('button', { name: words.concerts.saveAnyway }).click();
        await page.getByText(words.concerts.saved).waitFor();
        t.match((await api.admin('GET', `/admin/concerts/${concertId}`)).body, {
          title: '겨울밤 콘서트',
          venue: '올림픽홀',
        });

        await button(words.concerts.openNow).click();
        await page.getByRole('dialog').getByText(words.concerts.openWords('겨울밤 콘서트', '2')).waitFor();
        await look('open-booking');
        await page.getByRole('dialog').getByRole('button', { name: words.concerts.openNow }).click();
        await page.getByText(words.concerts.opened).waitFor();
        const fan = await page.context().newPage();
        await fan.goto(
          `${api.url}${await page.getByRole('link', { name: words.concerts.preview }).getAttribute('href')}`,
        );
        await fan.getByRole('heading', { name: '겨울밤 콘서트' }).waitFor();
        await fan.close();
        await look('concert');
        t.same(
          complaints.filter((complaint) => !/412/.test(complaint)),
          [],
        );
      },
    );
  }

  await t.test('a key sees the sections of its role, and only reads what it may not change', async (t) => {
    const api = await startTestService(t, await createTestDatabase(t));
    const [, looks] = LOOKS;
    const keyOf = async (role: string) =>
      (await api.admin('POST', '/admin/keys', { name: `a ${role}`, role })).as<{ secret: string }>().secret;
    for (const [role, sections] of [
      ['VIEWER', ['Sale', 'Concerts', 'Plans', 'Reports']],
      ['BOX_OFFICE', ['Sale', 'Concerts', 'Plans', 'Buyers', 'Reports']],
      ['OWNER', ['Sale', 'Concerts', 'Plans', 'Buyers', 'Reports', 'Keys', 'Log']],
    ] as const) {
      const { page } = await signIn(browsing, api.url, looks, await keyOf(role));
      t.same(await page.getByRole('navigation').getByRole('link').allTextContents(), sections, role);
      await page.getByText(`a ${role} · ${looks.words.roles[role]}`).waitFor();
      await page.goto(`${api.url}/ops#/concerts`);
      await page.getByText(looks.words.concerts.empty).waitFor();
      t.equal(await page.getByRole('link', { name: looks.words.concerts.create }).count(), role === 'OWNER' ? 1 : 0);
      await page.getByRole('button', { name: 'Sign out' }).click();
      await page.locator('#token').waitFor();
    }
    const { page } = await browsing.visit();
    await page.goto(`${api.url}/ops`);
    await page.locator('#token').fill(await keyOf('SCANNER'));
    await page.keyboard.press('Enter');
    await page.getByRole('alert').getByText('This key has no part in this page.').waitFor();
  });
}

/** While the form has a new title, somebody else moves the concert to another venue. */
async function changeMeanwhile(page: Page, api: Awaited<ReturnType<typeof startTestService>>, concertId: number) {
  await page.locator('[name="title"]').fill('겨울밤 콘서트');
  const { version } = (await api.admin('GET', `/admin/concerts/${concertId}`)).as<{ version: number }>();
  const answer = await fetch(`${api.url}/api/v1/admin/concerts/${concertId}`, {
    method: 'PATCH',
    headers: {
      authorization: `Bearer ${ADMIN_TOKEN}`,
      'content-type': 'application/json',
      'if-match': `"${version}"`,
    },
    body: JSON.stringify({ venue: '체조경기장' }),
  });
  if (!answer.ok) throw new Error(`the change was answered with ${answer.status}`);
}
