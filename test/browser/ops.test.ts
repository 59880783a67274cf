import type { Page } from 'playwright-core';
import t from 'tap';
import { violationsOf } from '../fixtures/axe.ts';
import { startBrowser } from '../fixtures/browser.ts';
import { createTestDatabase } from '../fixtures/database.ts';
import { addSchedule, enter, openSale, startTestService } from '../fixtures/service.ts';
import { startTcpProxy } from '../fixtures/tcp-proxy.ts';

const ADMIN_TOKEN = 'an-admin-token-for-tests';

async function signIn(page: Page, url: string): Promise<void> {
  await page.goto(`${url}/ops`);
  await page.getByLabel('Admin token').fill(ADMIN_TOKEN);
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { level: 1, name: /Healthy|Degraded/ }).waitFor();
}

const browsing = await startBrowser(t);

if (browsing !== null) {
  const database = await createTestDatabase(t);
  const proxy = await startTcpProxy(t, database.url);
  const api = await startTestService(t, { ...database, url: proxy.url });
  const { concertId, scheduleId } = await openSale(api, { queue: { maxActive: 1 } });
  await addSchedule(api, concertId, { inDays: 11 });

  await t.test('the token is asked for once, kept for the tab only, and never in an address', async (t) => {
    const { page, complaints } = await browsing.visit();
    await page.goto(`${api.url}/ops`);
    t.match(await page.textContent('#token-where'), 'secrets.json', 'and it says where the token is');
    await page.getByLabel('Admin token').fill('not the token');
    await page.keyboard.press('Enter');
    await page.getByRole('alert').getByText('That is not the token.').waitFor();
    const refused = complaints.length;
    t.same(
      complaints.filter((complaint) => !/40[13]/.test(complaint)),
      [],
    );
    await signIn(page, api.url);
    await page.reload();
    await page.getByRole('heading', { level: 1, name: /Healthy|Degraded/ }).waitFor();
    t.equal(new URL(page.url()).href, `${api.url}/ops`);
    t.same(await page.evaluate('Object.values(localStorage)'), []);
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByLabel('Admin token').waitFor();
    t.same(await page.evaluate('Object.values(sessionStorage)'), []);
    t.same(complaints.slice(refused), []);
  });

  await t.test('holds and queues are seen within moments', async (t) => {
    const { page, complaints } = await browsing.visit();
    await signIn(page, api.url);
    const { queueToken: token } = await enter(api, concertId);
    await enter(api, concertId);
    await api.call('POST', '/reservations', { token, body: { scheduleId, seatNumbers: [1, 2, 3] } });
    await page.getByRole('button', { name: /50 seats, 0 sold, 3 on hold, 47 free/ }).waitFor();
    await page.locator('.queue', { hasText: 'Waiting 1' }).waitFor();
    const chart = page.getByRole('img', { name: /^Holds and refusals/ });
    await chart.locator('path').first().waitFor({ state: 'attached' });
    t.same(complaints, []);
  });

  await t.test(
    'a queue is paused after a question, which the verdict tells, and goes on with its former policy',
    async (t) => {
      const { page, complaints } = await browsing.visit();
      await signIn(page, api.url);
      const { queue: former } = (await api.admin('GET', `/admin/concerts/${concertId}`)).as<{ queue: object }>();
      await page.getByRole('button', { name: /^Pause: / }).click();
      const dialog = page.getByRole('dialog', { name: 'Pause the queue?' });
      await dialog.getByRole('button', { name: 'Cancel' }).click();
      await dialog.waitFor({ state: 'detached' });
      t.match(
        await page.evaluate('document.activeElement.outerHTML'),
        /^<button[^>]*>Pause</,
        'the focus is where it was',
      );
      await page.getByRole('button', { name: /^Pause: / }).click();
      await dialog.getByRole('button', { name: 'Pause' }).click();
      const told = page.getByText('1 people wait at a paused queue.');
      await told.waitFor();
      t.equal(await page.getByRole('heading', { level: 1, name: 'Healthy' }).count(), 0);
      t.match((await api.call('GET', `/concerts/${concertId}`)).body, { queue: { paused: true } });
      const { page: elsewhere } = await browsing.visit();
      await signIn(elsewhere, api.url);
      await elsewhere.getByRole('button', { name: /^Resume: / }).click();
      await elsewhere
        .getByRole('dialog', { name: 'Resume the queue?' })
        .getByRole('button', { name: 'Resume' })
        .click();
      await told.waitFor({ state: 'detached' });
      t.match((await api.call('GET', `/concerts/${concertId}`)).body, { queue: { paused: false } });
      const { queue } = (await api.admin('GET', `/admin/concerts/${concertId}`)).as<{ queue: object }>();
      t.same(queue, former, 'another browser resumes at the former pace');
      t.same(complaints, []);
    },
  );

  await t.test('a policy is changed in the units that people think in', async () => {
    const { page } = await browsing.visit();
    await signIn(page, api.url);
    await page.getByRole('button', { name: /^Change policy: / }).click();
    await page.getByLabel('Interval (seconds)').fill('2.5');
    await page.getByLabel('Time inside (minutes)').fill('30');
    await page.getByRole('button', { name: 'Apply' }).click();
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await page.getByText('1,000 every 2.5 seconds, 1 inside at a time, 30 minutes each').waitFor();
  });

  await t.test('seats and charts are read with the keyboard, and as tables', async (t) => {
    const { page } = await browsing.visit();
    await signIn(page, api.url);
    const first = page.locator('.dates button').first();
    await first.focus();
    await page.keyboard.press('End');
    await page.locator('.dates li:last-child button[aria-pressed="true"]').waitFor();
    t.match(await page.textContent('.date-read-out'), /50 free/);
    const scrub = page.getByRole('slider', { name: /^Queues/ });
    await scrub.waitFor({ state: 'attached' });
    await scrub.focus();
    await page.keyboard.press('Home');
    await page.locator('.chart-time').first().waitFor();
    t.match(await scrub.getAttribute('aria-valuetext'), /\d+:\d\d:\d\d: Waiting \d+/);
    for (const button of await page.getByRole('button', { name: 'As a table' }).all()) await button.click();
    await page.getByRole('table').nth(6).waitFor();
    t.equal(await page.getByRole('table').count(), 7);
  });

  await t.test('axe finds nothing, in both languages, dark and light, wide and narrow', async (t) => {
    for (const [colorScheme, locale, viewport] of [
      ['light', 'en-US', { width: 1280, height: 800 }],
      ['dark', 'ko-KR', { width: 375, height: 812 }],
    ] as const) {
      const { page, complaints } = await browsing.visit({ colorScheme, locale, viewport });
      await page.goto(`${api.url}/ops`);
      await page.locator('#token').waitFor();
      t.same(await violationsOf(page), [], `${colorScheme} ${locale}, asking for the token`);
      await page.locator('#token').fill(ADMIN_TOKEN);
      await page.keyboard.press('Enter');
      await page.locator('.date').first().waitFor();
      t.same(await violationsOf(page), [], `${colorScheme} ${locale}`);
      t.equal(await page.evaluate('document.documentElement.scrollWidth - innerWidth'), 0, 'nothing sticks out');
      for (const toggle of await page.locator('.segment-alone').all()) await toggle.click();
      await page.locator('table').nth(6).waitFor();
      t.same(await violationsOf(page), [], `${colorScheme} ${locale}, as tables`);
      await page.locator('.queue-buttons button').last().click();
      await page.locator('dialog[open]').waitFor();
      t.same(await violationsOf(page), [], `${colorScheme} ${locale}, with a question open`);
      t.same(complaints, []);
    }
  });

  await t.test('a database that is away is seen, and so is its return', async () => {
    const { page } = await browsing.visit();
    await signIn(page, api.url);
    proxy.muteServer();
    await page.getByRole('heading', { level: 1, name: 'In trouble' }).waitFor();
    await page.getByText(/new figures cannot be had now/).waitFor();
    proxy.cut();
    await page.getByRole('heading', { level: 1, name: /Healthy|Degraded/ }).waitFor();
    await page.getByText(/new figures cannot be had now/).waitFor({ state: 'detached' });
  });

  await t.test('a service that does not answer is said not to', async (t) => {
    const { page, context } = await browsing.visit();
    await signIn(page, api.url);
    await context.setOffline(true);
    await page.getByRole('heading', { level: 1, name: 'No answer' }).waitFor();
    t.same(await violationsOf(page), [], 'old figures can be read too');
    await context.setOffline(false);
    await page.getByRole('heading', { level: 1, name: /Healthy|Degraded/ }).waitFor();
  });
}
