/**
 * `npm run pictures`: makes the pictures of the README from the real service: a hall, and an animation in which other fans hold
 * seats, a node is killed, and a hold goes through. It needs Chromium and a `redis-server` on the PATH.
 */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { openFront } from '../demo/cluster/front/front.ts';
import { launchChromium } from '../harness/chromium.ts';
import { startCluster } from '../harness/cluster/cluster.ts';
import { waitFor } from '../harness/wait-for.ts';
import { createFrontrowClient } from '../src/client/frontrow-client.ts';
import { english } from '../web/language/english.ts';
import { animatedPng, type Frame } from './animated-png.ts';

const PICTURES = fileURLToPath(new URL('../docs/pictures/', import.meta.url));
const SIZE = { width: 1_100, height: 800 };
const MOST_BYTES = 1_000_000;
const CONCERT_ID = 1;
const t = english;

const browser = await launchChromium();
if (browser === null) throw new Error('This needs Chromium on the PATH, or its path in FRONTROW_CHROMIUM.');
const cluster = await startCluster({ nodes: 2, environment: { DEMO_DATA: 'true' } });
const front = await openFront({ nodes: cluster.nodes, port: 0 });
try {
  await cluster.untilReady();
  const context = await browser.newContext({
    viewport: SIZE,
    locale: 'en-US',
    timezoneId: 'Asia/Seoul',
    colorScheme: 'dark',
  });
  await draw(await context.newPage());
} finally {
  await browser.close();
  await front.close();
  await cluster.close();
}

async function draw(page: Page): Promise<void> {
  const scheduleId = await openHall(page);
  await holdAsAnother(scheduleId, [11, 12, 17]);
  await holdAsAnother(scheduleId, [26, 27, 28, 41]);
  await page.locator('.seat-held').nth(6).waitFor();
  write('hall.png', await page.screenshot());

  const frames: Frame[] = [];
  const shoot = async (words: string, shownMs: number): Promise<void> => {
    await caption(page, words);
    frames.push({ png: await page.screenshot(), shownMs });
  };
  await shoot('A fan chooses seats', 1_200);
  for (const seatNumber of [14, 15]) await page.locator(`[data-seat="${seatNumber}"]`).click();
  await page.locator('.seat-chosen').nth(1).waitFor();
  await shoot('A fan chooses seats', 1_200);
  await holdAsAnother(scheduleId, [4, 5, 33, 34]);
  await page.locator('.seat-held').nth(10).waitFor();
  await shoot('Others hold seats: every map shows it at once', 1_800);
  await cluster.nodes[0]?.kill();
  await shoot('One of the two nodes is killed', 1_800);
  await page.getByRole('button', { name: t.choice.hold(2), exact: true }).click();
  await page.getByRole('heading', { name: t.checkout.title(2), exact: true }).waitFor({ timeout: 60_000 });
  await shoot('The hold goes through on the other node', 3_000);
  write('hold.png', animatedPng(frames));
}

/** Comes to the map of the first date as a new fan. */
async function openHall(page: Page): Promise<number> {
  await page.goto(`${front.url}/#/concerts/${CONCERT_ID}`);
  await page.getByRole('button', { name: t.concerts.join, exact: true }).first().click();
  await page.getByLabel(t.signIn.name, { exact: true }).fill('Haneul Lee');
  await page.getByLabel(t.signIn.email, { exact: true }).fill('haneul@example.com');
  await page.getByRole('button', { name: t.signIn.goAndJoin, exact: true }).click();
  const date = page.locator('main a[href*="/dates/"]').first();
  const scheduleId = Number((await date.getAttribute('href'))?.split('/').at(-1));
  await date.click();
  await page.getByRole('grid').waitFor();
  return scheduleId;
}

/** Holds seats as a new fan, up to the limit of seats of one fan. */
async function holdAsAnother(scheduleId: number, seatNumbers: readonly number[]): Promise<void> {
  const client = createFrontrowClient({ baseUrl: front.url, language: () => 'en' });
  const { accessToken } = await client.register({ name: 'Another fan', email: `fan-${seatNumbers[0]}@example.com` });
  const { token } = await client.as(accessToken).enterQueue(CONCERT_ID);
  const shopper = client.inQueue(token);
  await waitFor(async () => (await shopper.status()).status === 'ACTIVE', {
    deadlineMs: 60_000,
    what: 'the admission',
  });
  await shopper.hold(scheduleId, seatNumbers);
}

/** Writes a line over the lower edge of the page. */
async function caption(page: Page, words: string): Promise<void> {
  await page.evaluate(`(() => {
    const line = document.querySelector('#caption') ?? document.body.appendChild(document.createElement('p'));
    line.id = 'caption';
    line.textContent = ${JSON.stringify(words)};
    Object.assign(line.style, {
      position: 'fixed', inset: 'auto 0 0 0', zIndex: 99, padding: '16px', textAlign: 'center',
      font: '750 22px frontrow', color: '#1c1204', background: '#ffb547',
    });
  })()`);
}

function write(name: string, picture: Buffer): void {
  if (picture.length > MOST_BYTES) throw new Error(`${name} has ${picture.length} bytes`);
  writeFileSync(PICTURES + name, picture);
  console.log(`${name}: ${picture.length} bytes`);
}
