import t from 'tap';
import { startBrowser } from '../fixtures/browser.ts';
import { createTestDatabase } from '../fixtures/database.ts';
import { comeToPage, type FanPage } from '../fixtures/fan-page.ts';
import { openSale, startTestService } from '../fixtures/service.ts';
import { waitFor } from '../fixtures/wait-for.ts';

/** Of common phones, the smallest first. */
const WIDTHS = [320, 360, 375, 412];
/** WCAG 2.5.8. */
const LEAST_TARGET_PX = 24;

type DOMBox = Readonly<Record<'left' | 'right' | 'top' | 'bottom', number>>;

interface MapView {
  readonly overflowX: number;
  readonly overflowY: number;
  /** Of the stage's middle from the middle of the map, in pixels. */
  readonly stageAside: number;
  readonly stageTop: number;
  readonly seatWidth: number;
  /** Numbers that are taller than their seat, or wider. */
  readonly broken: readonly string[];
}

function viewOf({ page }: FanPage): Promise<MapView> {
  return page.evaluate<MapView>(`(() => {
    const port = document.querySelector('.hall-scroll');
    const at = port.getBoundingClientRect();
    const stage = document.querySelector('.stage').getBoundingClientRect();
    const seats = [...port.querySelectorAll('[data-seat]')];
    const numbers = [...port.querySelectorAll('.seat-number')];
    return {
      overflowX: port.scrollWidth - port.clientWidth,
      overflowY: port.scrollHeight - port.clientHeight,
      stageAside: Math.round(stage.left + stage.width / 2 - at.left - at.width / 2),
      stageTop: Math.round(stage.top - at.top),
      seatWidth: document.querySelector('.seat-cell').getBoundingClientRect().width,
      broken: numbers.filter((number) => number.scrollHeight > 20 || number.scrollWidth > 30).map((number) => number.dataset.number),
    };
  })()`);
}

const browsing = await startBrowser(t);

if (browsing !== null) {
  const api = await startTestService(t, await createTestDatabase(t));
  const seen = async (fan: FanPage, what: string, is: (view: MapView) => boolean) =>
    waitFor(async () => is(await viewOf(fan)), { what });

  await t.test('a hall with ten seats in a row fits each phone, with seats that a finger can press', async (t) => {
    const hall = await openSale(api, { seatCount: 50 });
    const fan = await comeToPage(t, browsing, api, { device: 'phone' });
    await fan.goToMap(hall);
    for (const width of WIDTHS) {
      await fan.page.setViewportSize({ width, height: 800 });
      await seen(fan, `the hall to fit ${width} px`, ({ overflowX }) => overflowX === 0);
      t.ok(
        (await viewOf(fan)).seatWidth >= LEAST_TARGET_PX,
        `${width} px: a seat is ${(await viewOf(fan)).seatWidth} px`,
      );
    }
  });

  for (const device of ['phone', 'desktop'] as const) {
    await t.test(`a hall of 500 opens at its stage, and each number is one line: ${device}`, async (t) => {
      const hall = await openSale(api, { seatCount: 500 });
      const fan = await comeToPage(t, browsing, api, { device, language: 'en' });
      const { t: words } = fan;
      await fan.goToMap(hall);
      const opening = await viewOf(fan);
      t.ok(Math.abs(opening.stageAside) <= 2, `the stage is ${opening.stageAside} px from the middle`);
      t.ok(opening.stageTop >= 0);
      t.ok(opening.seatWidth >= LEAST_TARGET_PX, `a seat is ${opening.seatWidth} px`);
      t.same(opening.broken, []);
      await fan.page.getByText(/^(?:1:00:00|59:\d\d) left to book$/).waitFor();

      await fan.press(words.hall.zoomWhole);
      await seen(fan, 'the whole hall', ({ overflowX, overflowY }) => overflowX === 0 && overflowY <= 0);
      const { seatWidth: whole } = await viewOf(fan);
      await fan.press(words.hall.zoomIn);
      await seen(fan, 'larger seats', ({ seatWidth }) => seatWidth > whole * 1.2);
      await fan.press(words.hall.zoomOut);
      await seen(fan, 'the whole hall again', ({ overflowX, overflowY }) => overflowX === 0 && overflowY <= 0);
    });
  }

  await t.test(
    'a tap on the whole hall brings its seats closer and chooses none; two fingers zoom the map, not the page',
    async (t) => {
      const hall = await openSale(api, { seatCount: 500 });
      const fan = await comeToPage(t, browsing, api, { device: 'phone' });
      const { page, context } = fan.visitor;
      await fan.goToMap(hall);
      await fan.press(fan.t.hall.zoomWhole);
      await seen(fan, 'the whole hall', ({ overflowX, seatWidth }) => overflowX === 0 && seatWidth < LEAST_TARGET_PX);
      await fan.seat(245).tap();
      await seen(fan, 'seats to press', ({ seatWidth }) => seatWidth >= LEAST_TARGET_PX);
      t.equal(await page.locator('[data-seat].seat-chosen').count(), 0);
      await fan.hands.pressSeat(fan.seat(245));
      await fan.seat(245, 'chosen').waitFor();

      const before = await viewOf(fan);
      const port = await page.locator('.hall-scroll').boundingBox();
      const [x, y] = [(port?.x ?? 0) + (port?.width ?? 0) / 2, (port?.y ?? 0) + (port?.height ?? 0) / 2];
      const session = await context.newCDPSession(page);
      const touch = (type: 'touchStart' | 'touchMove' | 'touchEnd', apart: number | null) =>
        session.send('Input.dispatchTouchEvent', {
          type,
          touchPoints: apart === null ? [] : [-apart, apart].map((aside, id) => ({ x: x + aside, y, id })),
        });
      await touch('touchStart', 40);
      for (const apart of [50, 60, 70, 80]) await touch('touchMove', apart);
      await touch('touchEnd', null);
      const after = await viewOf(fan);
      t.ok(after.seatWidth > before.seatWidth * 1.5, `a seat was ${before.seatWidth} px, and is ${after.seatWidth} px`);
      t.equal(await page.evaluate('visualViewport.scale'), 1, 'the page itself is not magnified');
    },
  );

  await t.test('keys zoom too, and a focus that comes to a small seat brings it closer', async (t) => {
    const hall = await openSale(api, { seatCount: 500 });
    const fan = await comeToPage(t, browsing, api, { language: 'en' });
    const { keyboard } = fan.page;
    await fan.goToMap(hall);
    await fan.seat(1).focus();
    await keyboard.press('0');
    await seen(fan, 'the whole hall', ({ seatWidth }) => seatWidth < LEAST_TARGET_PX);
    await keyboard.press('ArrowRight');
    await seen(fan, 'seats to see', ({ seatWidth }) => seatWidth >= LEAST_TARGET_PX);
    const { seatWidth } = await viewOf(fan);
    await keyboard.press('+');
    await seen(fan, 'larger seats', (view) => view.seatWidth > seatWidth * 1.2);
    await keyboard.press('-');
    await seen(fan, 'smaller seats', (view) => view.seatWidth < seatWidth * 1.1);
    t.equal(await fan.page.evaluate('document.activeElement.dataset.seat'), '2');
  });

  await t.test(
    'a seat of one’s own looks like no free seat of any price, and is in sight when one comes back',
    async (t) => {
      const prices = [1, 2, 3, 4].map((step) => ({ from: step * 100 - 99, to: step * 100, price: step * 10_000 }));
      const hall = await openSale(api, { seatCount: 400, prices });
      for (const colorScheme of ['light', 'dark'] as const) {
        const fan = await comeToPage(t, browsing, api, { device: 'phone', context: { colorScheme } });
        await fan.goToMap(hall);
        const seatNumber = colorScheme === 'light' ? 333 : 335;
        await fan.hold(seatNumber);
        await fan.hands.press(fan.link(fan.t.checkout.more));
        await fan.seat(seatNumber, 'own').waitFor();
        const fills = await fan.page.evaluate<Record<string, readonly string[]>>(`(() => {
        const fillsOf = (selector) => [...new Set([...document.querySelectorAll(selector)].map((seat) => getComputedStyle(seat).backgroundColor))];
        return { own: fillsOf('.seat-own'), free: fillsOf('[data-seat].seat-available') };
      })()`);
        t.equal(fills['own']?.length, 1, 'the legend and the map show the same');
        t.equal(fills['free']?.length, 4);
        t.notOk(fills['free']?.includes(fills['own']?.[0] ?? ''), JSON.stringify(fills));
        const place = fan.seat(seatNumber);
        const isInSight = await place.evaluate(
          (seat: {
            getBoundingClientRect(): DOMBox;
            closest(selector: string): { getBoundingClientRect(): DOMBox };
          }) => {
            const [at, port] = [seat.getBoundingClientRect(), seat.closest('.hall-scroll').getBoundingClientRect()];
            return at.left >= port.left && at.right <= port.right && at.top >= port.top && at.bottom <= port.bottom;
          },
        );
        t.ok(isInSight, 'the seat is in sight');
      }
    },
  );

  await t.test('prices are in sight while one chooses, and show the seats of one price', async (t) => {
    const prices = [
      { from: 1, to: 15, price: 150_000 },
      { from: 16, to: 50, price: 90_000 },
    ];
    const hall = await openSale(api, { prices });
    const fan = await comeToPage(t, browsing, api, { device: 'phone', language: 'en' });
    const { page, t: words, f } = fan;
    await fan.goToMap(hall);
    await fan.hands.pressSeat(fan.seat(15));
    const chosen = page.getByRole('complementary', { name: words.choice.label }).getByRole('listitem');
    t.match(await chosen.innerText(), f.money(150_000));
    const aside = () => page.locator('.aside [data-seat]').count();
    await fan.press(f.money(90_000));
    t.equal(await aside(), 15);
    await fan.press(f.money(90_000));
    t.equal(await aside(), 0);
  });
}
