import { readFileSync } from 'node:fs';
import type { Page } from 'playwright-core';
import t from 'tap';
import { stickingOut, violationsOf } from '../fixtures/axe.ts';
import { type Browsing, startBrowser, type Visitor } from '../fixtures/browser.ts';
import { createTestDatabase } from '../fixtures/database.ts';
import { enter, startTestService } from '../fixtures/service.ts';
import { consoleEnglish } from '../../web/ops/language/console-english.ts';
import { consoleKorean } from '../../web/ops/language/console-korean.ts';

const ADMIN_TOKEN = 'an-admin-token-for-tests';
/** As narrow as a small phone, or a page that is magnified fourfold. */
const NARROW = { width: 320, height: 640 };
/** Two sections of three rows; the first row of each is dearer. */
const HALL = [
  'section,row,seat,level,x,y',
  ...['A', 'B'].flatMap((section, block) =>
    [1, 2, 3].flatMap((row) =>
      Array.from({ length: 10 }, (_, seat) =>
        [section, row, seat + 1, row === 1 ? 'R' : 'S', block * 12 + seat, row].join(','),
      ),
    ),
  ),
].join('\n');
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

// A walk through every section, in two languages, takes its time.
t.setTimeout(600_000);
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

        await go('plans');
        await page.getByText(words.plans.empty).waitFor();
        await main.getByRole('link', { name: words.plans.import }).click();
        await page.getByLabel(words.plans.name, { exact: true }).fill('올림픽홀');
        await page
          .getByLabel(words.plans.text, { exact: true })
          .fill('section,row,seat,level\nA,1,1,R\nA,1,2,\nA,1,1,S');
        await button(words.plans.import).click();
        await page
          .getByRole('alert')
          .getByText(locale === 'ko-KR' ? /2행 level 열/ : /row 2, column level/)
          .waitFor();
        await look('plan-with-faults');
        await page.getByLabel(words.plans.text, { exact: true }).fill(HALL);
        await button(words.plans.import).click();
        await page.getByText(words.plans.imported('올림픽홀', '60')).waitFor();
        await page.getByText(words.plans.levelSeats('R', '20')).waitFor();
        await look('plan');
        await button(words.plans.newVersion).waitFor();

        await go('concerts');
        await page.getByText(words.concerts.empty).waitFor();
        await look('no-concerts');
        await main.getByRole('link', { name: words.concerts.create }).click();
        await page.getByLabel(words.concerts.fieldTitle, { exact: true }).fill('겨울 콘서트');
        await page.getByLabel(words.concerts.fieldArtist, { exact: true }).fill('새벽');
        await page.getByLabel(words.concerts.fieldVenue, { exact: true }).fill('올림픽홀');
        await page.getByLabel(words.concerts.fieldOpens, { exact: true }).fill(wallTime(1, '10:00'));
        await page.getByLabel(words.concerts.fieldCloses, { exact: true }).fill(wallTime(30, '18:00'));
        await look('new-concert');
        await button(words.concerts.create).click();
        await page.getByText(words.concerts.created('겨울 콘서트')).waitFor();
        const concertId = Number(/concerts\/(\d+)/.exec(page.url())?.[1]);
        t.match((await api.admin('GET', `/admin/concerts/${concertId}`)).body, {
          timeZone: 'Asia/Seoul',
          bookingOpensAt: new Date(`${wallTime(1, '10:00')}:00+09:00`).toISOString(),
        });

        for (const day of [10, 11]) {
          await button(words.dates.add).click();
          await page.getByLabel(words.dates.starts, { exact: true }).fill(wallTime(day, '19:30'));
          await page.getByLabel(words.dates.plan, { exact: true }).selectOption({ index: 1 });
          await page.getByText(words.dates.unpriced('60')).waitFor();
          await page.getByLabel(words.dates.priceOf('R'), { exact: true }).fill('99000');
          await page.getByText(words.dates.unpriced('40')).waitFor();
          if (day === 10) await look('new-date');
          await page.getByLabel(words.dates.priceOf('S'), { exact: true }).fill('66000');
          await page.getByText(words.dates.allPriced).waitFor();
          const dateForm = page.locator('form').filter({ has: page.getByLabel(words.dates.plan, { exact: true }) });
          await dateForm.getByRole('button', { name: words.dates.add }).click();
          await page.getByText(words.dates.added).waitFor();
        }
        t.equal(await page.locator('[data-schedule]').count(), 2);

        await page
          .getByRole('button', { name: new RegExp(`^${words.dates.edit}: `) })
          .first()
          .click();
        await page.getByLabel(words.dates.priceOf('S'), { exact: true }).fill('55000');
        await look('edited-date');
        await page
          .locator('form')
          .filter({ has: page.getByLabel(words.dates.priceOf('S'), { exact: true }) })
          .getByRole('button', { name: words.save })
          .click();
        await page.getByText(words.dates.pricesSaved('0')).waitFor();
        await button(words.cancel).click();

        await addVersion(api);
        await page
          .getByRole('button', { name: new RegExp(`^${words.dates.edit}: `) })
          .last()
          .click();
        await page.getByText(words.moving.versions('1', '2', '61')).waitFor();
        await page.getByLabel(words.dates.priceOf('V'), { exact: true }).fill('150000');
        await look('move-plan');
        await button(words.moving.yes('2')).click();
        const moving = page.getByRole('dialog', { name: words.moving.title });
        await moving.getByText(words.moving.effect).waitFor();
        await moving.getByRole('button', { name: words.moving.yes('2') }).click();
        await page.getByText(words.moving.done('2')).waitFor();
        t.match((await api.admin('GET', `/admin/concerts/${concertId}`)).body, {
          schedules: [{ totalSeats: 60 }, { totalSeats: 61, priceTo: 150_000 }],
        });

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

        await go('keys');
        await page.getByLabel(words.keys.name, { exact: true }).fill('정문 매표소');
        await page.getByLabel(words.keys.role, { exact: true }).selectOption('BOX_OFFICE');
        await button(words.keys.create).click();
        const secret = (await page.getByTestId('secret').textContent()) ?? '';
        t.match((await api.call('GET', '/admin/session', { token: secret })).body, { role: 'BOX_OFFICE' });
        await look('keys');
        await button(`${words.keys.revoke}: 정문 매표소`).click();
        await page.getByRole('dialog').getByRole('button', { name: words.keys.revoke }).click();
        await page.getByText(words.keys.revokedNow).waitFor();
        t.equal((await api.call('GET', '/admin/session', { token: secret })).status, 401);

        const [first] = (await api.admin('GET', `/admin/concerts/${concertId}`)).as<{
          schedules: { scheduleId: number }[];
        }>().schedules;
        const scheduleId = first?.scheduleId ?? 0;
        const buyer = await enter(api, concertId);
        const held = await api.call('POST', '/reservations', {
          token: buyer.queueToken,
          body: { scheduleId, seatNumbers: [1, 2, 3] },
        });
        t.equal(held.status, 201);
        await api.call('POST', '/me/balance/charge', { token: buyer.accessToken, body: { amount: 1_000_000 } });
        const labels: string[] = [];
        for (const seatNumber of [1, 3]) {
          const paid = await api.call('POST', '/payments', {
            token: buyer.accessToken,
            body: { scheduleId, seatNumber },
          });
          t.equal(paid.status, 201);
          labels.push(...paid.as<{ reservations: { seatLabel: string }[] }>().reservations.map((one) => one.seatLabel));
        }
        const { email } = (await api.call('GET', '/me', { token: buyer.accessToken })).as<{ email: string }>();

        await page.goto(`${api.url}/ops#/concerts/${concertId}/dates/${scheduleId}`);
        await page.getByRole('button', { name: words.hall.seat('A 1 2', words.hall.states.HELD) }).waitFor();
        await page.getByRole('button', { name: words.hall.seat('A 1 1', words.hall.states.CONFIRMED) }).click();
        await page.getByRole('group', { name: words.hall.history }).getByText(words.hall.causes.CONFIRMED).waitFor();
        await page.keyboard.press('ArrowRight');
        await page.keyboard.press('Enter');
        await page.getByText(words.hall.chosen('2')).waitFor();
        await look('hall');
        await button(words.hall.clear).click();

        const seat = (label: string, state: keyof typeof words.hall.states) =>
          page.getByRole('button', { name: words.hall.seat(label, words.hall.states[state]), exact: true });
        const answer = async (title: string, line: string, yes: string) => {
          const question = page.getByRole('dialog', { name: title });
          await question.getByText(line).waitFor();
          await question.getByLabel(words.reason).fill('카메라');
          await look(`question ${yes}`);
          await question.getByRole('button', { name: yes, exact: true }).click();
          return question;
        };

        await seat('A 3 10', 'AVAILABLE').click();
        await seat('A 3 9', 'AVAILABLE').click();
        await button(words.desk.block).click();
        await answer(words.desk.blockTitle, words.desk.blockWords('2', 'A 3 9, A 3 10'), words.desk.block);
        await page.getByText(words.desk.blocked('2')).waitFor();
        await seat('A 3 9', 'BLOCKED').waitFor();
        await seat('A 3 10', 'BLOCKED').click();
        await button(words.desk.unblock).click();
        await answer(words.desk.unblockTitle, words.desk.unblockWords('1', 'A 3 10'), words.desk.unblock);
        await page.getByText(words.desk.unblocked('1')).waitFor();

        await seat('A 3 10', 'AVAILABLE').click();
        await seat('A 3 8', 'AVAILABLE').click();
        await button(words.desk.block).click();
        const late = await api.call('POST', '/reservations', {
          token: buyer.queueToken,
          body: { scheduleId, seatNumber: 28 },
        });
        t.equal(late.status, 201);
        const refused = await answer(
          words.desk.blockTitle,
          words.desk.blockWords('2', 'A 3 8, A 3 10'),
          words.desk.block,
        );
        await refused.getByRole('alert').getByText(words.desk.seatTaken('A 3 8')).waitFor();
        await look('block-refused');
        await refused.getByRole('button', { name: words.back }).click();
        await seat('A 3 8', 'HELD').waitFor();
        await seat('A 3 10', 'AVAILABLE').waitFor();
        await button(words.hall.clear).click();

        await seat('A 1 1', 'CONFIRMED').click();
        await page.getByText(words.desk.moveHint).waitFor();
        await seat('A 2 1', 'AVAILABLE').click();
        await button(words.desk.move).click();
        await answer(words.desk.moveTitle, words.desk.moveWords('A 1 1', 'A 2 1'), words.desk.move);
        await page.getByText(words.desk.moved('A 2 1')).waitFor();
        await seat('A 2 1', 'CONFIRMED').waitFor();

        await seat('A 1 1', 'AVAILABLE').click();
        await page.getByLabel(words.desk.email, { exact: true }).fill('nobody@example.com');
        await button(words.desk.comp).click();
        await page.getByRole('alert').getByText(words.desk.nobody).waitFor();
        await look('comp');
        await page.getByLabel(words.desk.email, { exact: true }).fill(email);
        await button(words.desk.comp).click();
        await answer(words.desk.compTitle, `(${email})`, words.desk.comp);
        await page.getByText(words.desk.comped('A 1 1')).waitFor();
        await seat('A 1 1', 'CONFIRMED').click();
        await page
          .getByRole('group', { name: words.hall.history })
          .getByText(words.hall.causes.COMPED, { exact: true })
          .waitFor();
        await page.getByRole('link', { name: `${words.hall.buyer}: A 1 1` }).click();
        await page.getByRole('group', { name: words.buyers.payments, exact: true }).waitFor();

        await go('buyers');
        await page.getByLabel(words.buyers.email, { exact: true }).fill('nobody@example.com');
        await button(words.buyers.find).click();
        await page.getByText(words.buyers.notFound).waitFor();
        await look('buyers');
        await page.getByLabel(words.buyers.email, { exact: true }).fill(email);
        await button(words.buyers.find).click();
        await page
          .getByRole('group', { name: words.buyers.payments, exact: true })
          .last()
          .getByText('99,000')
          .first()
          .waitFor();
        await look('buyer');
        const money = locale === 'ko-KR' ? '99,000원' : '₩99,000';
        const label = labels[1] ?? '';
        await button(`${words.buyers.refund}: ${label}`).click();
        await answer(words.buyers.refundTitle, words.buyers.refundWords(label, money), words.buyers.refund);
        await page.getByText(words.buyers.refundedNow(money)).waitFor();
        t.equal(await button(`${words.buyers.refund}: ${label}`).count(), 0);
        t.match((await api.call('GET', '/me/balance', { token: buyer.accessToken })).body, { balance: 901_000 });

        await go('concerts');
        await main.getByRole('link', { name: '겨울밤 콘서트' }).click();
        await page
          .getByRole('button', { name: new RegExp(`^${words.cancelling.date}: `) })
          .first()
          .click();
        const question = page.getByRole('dialog', { name: words.cancelling.dateTitle });
        await question.getByText(words.cancelling.effect('2', '2', money)).waitFor();
        await question.getByLabel(words.reason).fill('출연자 사정');
        await look('cancel-date');
        await question.getByRole('button', { name: words.cancelling.date, exact: true }).click();
        await page.getByText(words.cancelling.progress('2', '2')).waitFor();
        await look('cancelled-date');
        await page.goto(`${api.url}/ops#/concerts/${concertId}/dates/${scheduleId}`);
        await button(words.hall.clear).click();
        await seat('A 3 10', 'AVAILABLE').click();
        await button(words.desk.block).click();
        const tooLate = await answer(words.desk.blockTitle, words.desk.blockWords('1', 'A 3 10'), words.desk.block);
        await tooLate.getByRole('alert').getByText(words.desk.cancelled).waitFor();
        await tooLate.getByRole('button', { name: words.back }).click();

        await go('reports');
        await page.getByRole('img', { name: words.reports.chart(words.reports.groups.date) }).waitFor();
        for (const by of ['hour', 'section', 'concert'] as const) {
          await button(words.reports.groups[by]).click();
          await page.getByRole('img', { name: words.reports.chart(words.reports.groups[by]) }).waitFor();
          await page.getByRole('table').getByText(words.reports.total).waitFor();
        }
        await look('reports');
        const download = page.waitForEvent('download');
        await button(words.reports.download(words.reports.tables.payments, 'CSV')).click();
        const file = await download;
        t.equal(file.suggestedFilename(), 'payments.csv');
        t.match(readFileSync(await file.path(), 'utf8'), buyer.userId);
        await page.getByText(words.reports.downloaded('payments.csv')).waitFor();

        await go('log');
        for (const action of ['plan.create', 'concert.create', 'schedule.create', 'key.create', 'key.revoke']) {
          await page.getByText(action, { exact: true }).first().waitFor();
        }
        await page.locator('summary').first().click();
        await look('log');
        t.same(
          complaints.filter((complaint) => !/400|409|412/.test(complaint)),
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

/** The only plan gets a version with one more seat, of a level of its own. */
async function addVersion(api: Awaited<ReturnType<typeof startTestService>>) {
  const [plan] = (await api.admin('GET', '/admin/seat-plans')).as<{ seatPlans: { planId: number }[] }>().seatPlans;
  const answer = await fetch(`${api.url}/api/v1/admin/seat-plans/${plan?.planId}/versions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${ADMIN_TOKEN}`, 'content-type': 'text/csv' },
    body: `${HALL}\nB,3,11,V,22,3`,
  });
  if (!answer.ok) throw new Error(`the version was answered with ${answer.status}: ${await answer.text()}`);
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
