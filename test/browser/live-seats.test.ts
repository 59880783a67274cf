import type { Page } from 'playwright-core';
import t from 'tap';
import { startBrowser } from '../fixtures/browser.ts';
import { createTestDatabase } from '../fixtures/database.ts';
import { comeToPage, type FanPage } from '../fixtures/fan-page.ts';
import { openSale, startTestService } from '../fixtures/service.ts';

/** What is promised: so long after the answer to whoever changed it, everybody sees the change. */
const SEEN_WITHIN_MS = 1_000;
/** A page or a service that got no processor for so long could not have kept any promise; then it is measured once more. */
const STALL_MS = 250;
const MOST_TRIES = 3;

/** Notes when each seat's name changes, and how long the page ever stood still, both on the clock of the machine. */
const WATCH_SEATS = `{
  const now = () => performance.timeOrigin + performance.now();
  const watch = { changes: [], longestStallMs: 0 };
  window.seatWatch = watch;
  new MutationObserver((mutations) => {
    for (const { target } of mutations) {
      if (!target.matches('[data-seat]')) continue;
      watch.changes.push({ name: target.getAttribute('aria-label'), atMs: now() });
    }
  }).observe(document.body, { subtree: true, attributes: true, attributeFilter: ['aria-label'] });
  let lastMs = now();
  setInterval(() => {
    const nowMs = now();
    watch.longestStallMs = Math.max(watch.longestStallMs, nowMs - lastMs);
    lastMs = nowMs;
  }, 20);
}`;

interface SeatWatch {
  readonly changes: readonly { readonly name: string; readonly atMs: number }[];
  readonly longestStallMs: number;
}

/** The longest time for which this process, in which the service runs, stood still since it was asked last. */
function watchStalls(): { take(): number; stop(): void } {
  let lastMs = performance.now();
  let longestMs = 0;
  const timer = setInterval(() => {
    const nowMs = performance.now();
    longestMs = Math.max(longestMs, nowMs - lastMs);
    lastMs = nowMs;
  }, 20);
  return {
    take() {
      const takenMs = longestMs;
      longestMs = 0;
      return takenMs;
    },
    stop: () => clearInterval(timer),
  };
}

/** When the last answer to such a request had come, on the clock of the machine. */
function answeredAtMs(page: Page, path: string): Promise<number> {
  return page.evaluate<number>(
    `performance.timeOrigin + performance.getEntriesByType('resource')
      .filter(({ name }) => new URL(name).pathname.startsWith(${JSON.stringify(path)})).at(-1).responseEnd`,
  );
}

const browsing = await startBrowser(t);

if (browsing !== null) {
  const database = await createTestDatabase(t);
  const api = await startTestService(t, database);
  const hall = await openSale(api);

  await t.test('what one browser does to a seat another one sees within a second, without a reload', async (t) => {
    const buyer = await comeToPage(t, browsing, api);
    const watcher = await comeToPage(t, browsing, api, { language: 'en', device: 'phone' });
    await buyer.goToMap(hall);
    await watcher.goToMap(hall);
    await watcher.page.getByText(watcher.t.hall.live, { exact: true }).waitFor();
    await watcher.page.evaluate(WATCH_SEATS);
    const stalls = watchStalls();
    t.teardown(() => stalls.stop());
    const seen: string[] = [];

    /** How long after the answer the watcher saw the seat look so; null when something stood still meanwhile. */
    async function lateness(
      by: FanPage,
      path: string,
      seatNumber: number,
      look: 'held' | 'available' | 'sold',
    ): Promise<number | null> {
      await watcher.seat(seatNumber, look).waitFor();
      const name = await watcher.seat(seatNumber, look).getAttribute('aria-label');
      const { changes, longestStallMs } = await watcher.page.evaluate<SeatWatch>('window.seatWatch');
      const change = changes.findLast((one) => one.name === name);
      if (change === undefined) throw new Error(`seat ${seatNumber} was never seen to become ${look}`);
      const lateMs = Math.round(change.atMs - (await answeredAtMs(by.page, path)));
      const stallMs = Math.max(longestStallMs, stalls.take());
      await watcher.page.evaluate('void (window.seatWatch.longestStallMs = 0)');
      seen.push(`seat ${seatNumber} ${look} after ${lateMs} ms`);
      if (lateMs > SEEN_WITHIN_MS && stallMs > STALL_MS) return null;
      return lateMs;
    }

    async function measure(what: string, run: () => Promise<number | null>): Promise<void> {
      for (let tries = 1; tries <= MOST_TRIES; tries += 1) {
        const lateMs = await run();
        if (lateMs === null) continue;
        t.ok(lateMs <= SEEN_WITHIN_MS, `${what} is seen within a second: ${lateMs} ms`);
        return;
      }
      t.fail(`${what} was measured ${MOST_TRIES} times, and each time the machine stood still`);
    }

    async function release(): Promise<void> {
      await buyer.press(buyer.t.checkout.release(1));
      await buyer.page.getByRole('grid').waitFor();
    }

    for (const seatNumber of [1, 27, 50]) {
      await measure('a hold', async () => {
        await buyer.hold(seatNumber);
        const lateMs = await lateness(buyer, '/api/v1/reservations', seatNumber, 'held');
        if (lateMs === null) await release();
        return lateMs;
      });
      await measure('a release', async () => {
        await release();
        const lateMs = await lateness(buyer, '/api/v1/reservations/', seatNumber, 'available');
        if (lateMs === null) await buyer.hold(seatNumber);
        return lateMs;
      });
    }
    let nextSeat = 31;
    await measure('a sale', async () => {
      const other = await comeToPage(t, browsing, api);
      const seatNumber = nextSeat;
      nextSeat += 1;
      await other.goToMap(hall);
      await other.hold(seatNumber);
      await watcher.seat(seatNumber, 'held').waitFor();
      await other.topUpAndPay();
      return lateness(other, '/api/v1/payments', seatNumber, 'sold');
    });
    t.comment(seen.join(', '));
    await sameAsService(t, watcher);
  });

  await t.test('a refund opens the seat on the maps of others', async (t) => {
    const buyer = await comeToPage(t, browsing, api);
    const watcher = await comeToPage(t, browsing, api, { language: 'en' });
    await buyer.goToMap(hall);
    await watcher.goToMap(hall);
    await buyer.hold(12, 13);
    await buyer.topUpAndPay();
    await watcher.seat(12, 'sold').waitFor();
    await watcher.seat(13, 'sold').waitFor();
    await buyer.press(buyer.t.ticket.refund);
    await buyer.hands.press(buyer.page.getByRole('dialog').getByRole('button', { name: buyer.t.refundDialog.yes }));
    await watcher.seat(12, 'available').waitFor();
    await watcher.seat(13, 'available').waitFor();
    await sameAsService(t, watcher);
  });

  async function sameAsService(t: { same(found: unknown, wanted: unknown, message: string): unknown }, fan: FanPage) {
    const token = (await fan.queueToken(hall.concertId)) ?? '';
    const { body } = await api.call('GET', `/schedules/${hall.scheduleId}/seats`, { token });
    const looks = { AVAILABLE: 'available', HELD: 'held', CONFIRMED: 'sold' };
    t.same(
      await fan.looks(),
      (body['seats'] as { status: keyof typeof looks }[]).map(({ status }) => looks[status]),
      'the map is the one that the service answers with',
    );
  }
}
