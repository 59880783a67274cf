import t from 'tap';
import { startBrowser } from '../fixtures/browser.ts';
import { createTestDatabase } from '../fixtures/database.ts';
import { comeToPage } from '../fixtures/fan-page.ts';
import { enter, openSale, startTestService } from '../fixtures/service.ts';

/** One seat is a cell, a button and a number; the count of free seats is laid out with it. */
const MOST_LAID_OUT = 40;

interface TraceEvent {
  readonly name: string;
  readonly args: { readonly beginData?: { readonly dirtyObjects: number }; readonly elementCount?: number };
}

const browsing = await startBrowser(t);

if (browsing !== null) {
  const api = await startTestService(t, await createTestDatabase(t));

  await t.test('a change of one seat among 500 lays out and restyles that seat, not the hall', async (t) => {
    const hall = await openSale(api, { seatCount: 500 });
    const fan = await comeToPage(t, browsing, api, { device: 'phone' });
    await fan.goToMap(hall);
    await fan.page.getByText(fan.t.hall.live, { exact: true }).waitFor();
    const { queueToken: token } = await enter(api, hall.concertId);
    const session = await fan.visitor.context.newCDPSession(fan.page);
    const events: TraceEvent[] = [];
    session.on('Tracing.dataCollected', ({ value }) => events.push(...(value as unknown as TraceEvent[])));
    await session.send('Tracing.start', { traceConfig: { includedCategories: ['devtools.timeline', 'blink'] } });
    for (const seatNumber of [3, 200, 470]) {
      await api.call('POST', '/reservations', { token, body: { scheduleId: hall.scheduleId, seatNumber } });
      await fan.seat(seatNumber, 'held').waitFor();
    }
    const ended = new Promise((resolve) => session.once('Tracing.tracingComplete', resolve));
    await session.send('Tracing.end');
    await ended;

    const laidOut = events.flatMap(({ args }) => args.beginData?.dirtyObjects ?? []);
    const restyled = events.flatMap(({ name, args }) => (name === 'UpdateLayoutTree' ? (args.elementCount ?? []) : []));
    t.ok(
      laidOut.length > 0 && restyled.length > 0,
      `${laidOut.length} layouts, ${restyled.length} recalculations of styles`,
    );
    t.ok(Math.max(...laidOut) <= MOST_LAID_OUT, `at most ${Math.max(...laidOut)} objects were laid out at once`);
    t.ok(Math.max(...restyled) <= MOST_LAID_OUT, `at most ${Math.max(...restyled)} elements were restyled at once`);
  });
}
