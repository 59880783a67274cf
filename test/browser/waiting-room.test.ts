import t from 'tap';
import { startBrowser } from '../fixtures/browser.ts';
import { createTestDatabase } from '../fixtures/database.ts';
import { comeToPage, type FanPage } from '../fixtures/fan-page.ts';
import { enter, openSale, startTestService } from '../fixtures/service.ts';
import { stickingOut } from '../fixtures/axe.ts';
import { waitFor } from '../fixtures/wait-for.ts';

/** Far less than the page takes to ask by itself: what comes within it was pushed. */
const PUSHED_WITHIN_MS = 8_000;

async function joinQueue(fan: FanPage, concertId: number): Promise<void> {
  await fan.open(`#/concerts/${concertId}`);
  await fan.press(fan.t.concerts.join);
  await fan.introduceOneself('이하늘');
}

async function standAt(fan: FanPage, position: string): Promise<void> {
  await fan.heading(fan.t.waiting.title).waitFor();
  await fan.page.getByText(fan.t.waiting.place(position), { exact: true }).first().waitFor();
}

/** Waits until the fan stands before the dates, and gives how long that took in milliseconds. */
async function getIn(fan: FanPage): Promise<number> {
  const sinceMs = performance.now();
  await fan.heading(fan.t.dates.title).waitFor();
  return Math.round(performance.now() - sinceMs);
}

async function leave(fan: FanPage, button: string): Promise<void> {
  await fan.press(button);
  await fan.hands.press(fan.page.getByRole('dialog').getByRole('button', { name: fan.t.leaveDialog.yes, exact: true }));
  await fan.page.getByText(fan.t.notice.left, { exact: true }).waitFor();
}

const browsing = await startBrowser(t);

if (browsing !== null) {
  const database = await createTestDatabase(t);
  const api = await startTestService(t, database);

  await t.test('who waits sees the place move, and is let in by itself when somebody leaves or has paid', async (t) => {
    const { concertId, scheduleId } = await openSale(api, { queue: { maxActive: 1 } });
    const first = await comeToPage(t, browsing, api, { language: 'en' });
    const second = await comeToPage(t, browsing, api, { language: 'en', device: 'phone' });
    const third = await comeToPage(t, browsing, api);
    await joinQueue(first, concertId);
    await getIn(first);
    await joinQueue(second, concertId);
    await standAt(second, '1');
    t.match(await second.page.title(), second.t.page.waiting('1'), 'the tab says it too');
    await joinQueue(third, concertId);
    await standAt(third, '2');

    await leave(first, first.t.dates.leave);
    const afterLeavingMs = await getIn(second);
    t.ok(afterLeavingMs < PUSHED_WITHIN_MS, `let in ${afterLeavingMs} ms after the one before had left`);
    await second.page.getByText(second.t.notice.admitted, { exact: true }).waitFor();
    await standAt(third, '1');

    await second.hands.press(second.page.locator(`a[href$="/dates/${scheduleId}"]`));
    await second.hold(5);
    await second.topUpAndPay();
    const afterPayingMs = await getIn(third);
    t.ok(afterPayingMs < PUSHED_WITHIN_MS, `let in ${afterPayingMs} ms after the one before had paid`);
    await third.page.getByText(third.t.notice.admitted, { exact: true }).waitFor();
    const { body } = await api.call('GET', '/queue/status', { token: (await third.queueToken(concertId)) ?? '' });
    t.match(body, { status: 'ACTIVE', queuePosition: 0 });
  });

  await t.test('who leaves the line makes it shorter, and may join it again at its end', async (t) => {
    const { concertId } = await openSale(api, { queue: { maxActive: 1 } });
    const inside = await comeToPage(t, browsing, api);
    const ahead = await comeToPage(t, browsing, api);
    const behind = await comeToPage(t, browsing, api, { language: 'en' });
    for (const fan of [inside, ahead, behind]) await joinQueue(fan, concertId);
    await standAt(ahead, '1');
    await standAt(behind, '2');
    await leave(ahead, ahead.t.waiting.leave);
    await standAt(behind, '1');
    t.equal(await ahead.queueToken(concertId), null);
    await ahead.open(`#/concerts/${concertId}`);
    await ahead.press(ahead.t.concerts.join);
    await standAt(ahead, '2');
  });

  await t.test('a pause is told to those who wait, and so is its end', async (t) => {
    const { concertId } = await openSale(api, { queue: { maxActive: 0 } });
    const fan = await comeToPage(t, browsing, api, { language: 'en' });
    await joinQueue(fan, concertId);
    await standAt(fan, '1');
    await fan.page.getByText(fan.t.waiting.paused, { exact: true }).waitFor();
    await api.admin('PATCH', `/admin/concerts/${concertId}/queue`, { maxActive: 1 });
    const tookMs = await getIn(fan);
    t.ok(tookMs < PUSHED_WITHIN_MS, `let in ${tookMs} ms after the end of the pause`);
  });

  await t.test('the wait is shown as a range, and as unknown when nothing is known', async (t) => {
    for (const language of ['ko', 'en'] as const) {
      const { concertId } = await openSale(api, { queue: { maxActive: 1 } });
      await enter(api, concertId);
      const fan = await comeToPage(t, browsing, api, { language, device: language === 'ko' ? 'phone' : 'desktop' });
      await joinQueue(fan, concertId);
      await standAt(fan, '1');
      await fan.page.getByText(fan.t.waiting.upTo(fan.f.durationRange(4, 184).to), { exact: true }).waitFor();
      t.same(await stickingOut(fan.page), []);
    }
  });

  await t.test('an admitted fan whose page is closed goes out; one whose page is open stays', async (t) => {
    const idleMs = 3_000;
    const impatient = await startTestService(t, await createTestDatabase(t), { QUEUE_IDLE_MS: String(idleMs) });
    const { concertId } = await openSale(impatient, { queue: { maxActive: 1 } });
    const inside = await comeToPage(t, browsing, impatient);
    const waiting = await comeToPage(t, browsing, impatient, { language: 'en' });
    await joinQueue(inside, concertId);
    await getIn(inside);
    await joinQueue(waiting, concertId);
    await standAt(waiting, '1');
    const sinceMs = performance.now();
    await waitFor(() => performance.now() - sinceMs > 2 * idleMs, {
      what: 'twice the time that a silent fan has',
      deadlineMs: 10 * idleMs,
    });
    t.equal(await waiting.heading(waiting.t.waiting.title).count(), 1, 'the open page is a sign of life');
    await inside.heading(inside.t.dates.title).waitFor();

    await inside.page.close();
    const tookMs = await getIn(waiting);
    t.ok(tookMs < idleMs + PUSHED_WITHIN_MS, `let in ${tookMs} ms after the page of the other was closed`);
  });

  await t.test('who holds seats when the time inside is over pays for them all the same', async (t) => {
    const { concertId, scheduleId } = await openSale(api, { queue: { activeTtlMs: 10_000 } });
    const fan = await comeToPage(t, browsing, api, { language: 'en' });
    await fan.goToMap({ concertId, scheduleId });
    await fan.hold(20);
    const token = (await fan.queueToken(concertId)) ?? '';
    await fan.link(fan.t.checkout.more).waitFor({ state: 'detached' });
    t.match((await api.call('GET', '/queue/status', { token })).body, { status: 'EXPIRED' });
    await fan.topUpAndPay();
    const { body } = await api.call('GET', '/me/payments', { token: await fan.accessToken() });
    t.match(body, { payments: [{ status: 'COMPLETED', reservations: [{ seatNumber: 20 }] }] });
  });
}
