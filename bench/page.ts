import type { Browser } from 'playwright-core';
import { launchChromium } from '../harness/chromium.ts';
import { count } from '../harness/options.ts';
import { watchLoads } from '../harness/page-load.ts';
import { formatCount, formatFixed, formatTable, median } from '../harness/table.ts';
import { createField } from './contestants/field.ts';
import { describeRun, describeVerdict, judge, type RunFigures } from './report/run-figures.ts';
import { createBenchmark } from './run-benchmark.ts';

const PAGES = ['/', '/ops'];
const PAINT_TARGET_MS = 1_200;
/** A good mobile connection; the browser counts the round trip once for each request. */
const CONNECTION = { latency: 85, downloadThroughput: 9_000_000 / 8, uploadThroughput: 4_500_000 / 8, offline: false };

interface Visit {
  readonly files: number;
  readonly bytes: number;
  /** Milliseconds from the start of the navigation to the first text or picture. */
  readonly paintMs: number;
}

/** First visits to each page, each in a browser profile of its own, through Chromium's emulation of a mobile connection. */
export const page = createBenchmark({
  name: 'page',
  says: 'files, bytes and first contentful paint of a first visit at 9 Mbit/s and 85 ms, in Chromium (30 s)',
  options: { visits: count(7, 1, 100, 'to each page, in turns') },
  async measure({ visits }, run) {
    const field = await createField(run, { only: ['frontrow'] });
    await field.frontrow.addSchedules(1, 50);
    const server = await field.frontrow.start();
    run.onEnd(() => server.stop());
    const browser = await launchChromium();
    if (browser === null)
      throw new Error('The benchmark needs Chromium on the PATH, or its path in FRONTROW_CHROMIUM.');
    run.onEnd(() => browser.close());
    const visitsOf = new Map<string, Visit[]>(PAGES.map((path) => [path, []]));
    // The first request builds the pages; a visitor after it is the usual one.
    for (const path of PAGES) await (await fetch(server.url + path)).arrayBuffer();
    for (let turn = 0; turn < visits; turn += 1) {
      for (const [path, made] of visitsOf) made.push(await visit(browser, server.url + path));
    }
    return {
      pages: [...visitsOf].map(([path, made]) => ({ path, visits: made })),
      postgres: await field.postgres.describe(),
    };
  },
  summarise,
});

async function visit(browser: Browser, url: string): Promise<Visit> {
  const context = await browser.newContext({ locale: 'ko-KR', viewport: { width: 390, height: 844 } });
  try {
    const tab = await context.newPage();
    const loads = await watchLoads(tab);
    await loads.session.send('Network.emulateNetworkConditions', CONNECTION);
    await tab.goto(url, { waitUntil: 'networkidle' });
    const paintMs = await tab.evaluate<number>(
      `performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? Number.NaN`,
    );
    const files = loads.take();
    return { files: files.length, bytes: files.reduce((sum, file) => sum + file.bytes, 0), paintMs };
  } finally {
    await context.close();
  }
}

function summarise(
  figures: RunFigures & { readonly pages: readonly { readonly path: string; readonly visits: readonly Visit[] }[] },
): string {
  return [
    ...describeRun(figures, `${String(figures.settings['visits'])} first visits to each page`),
    '',
    formatTable(
      ['page', 'files', 'bytes', 'first paint ms', 'slowest ms', `at most ${PAINT_TARGET_MS} ms`],
      figures.pages.map(({ path, visits }) => {
        const paints = visits.map(({ paintMs }) => paintMs);
        return [
          path,
          formatCount(Math.max(...visits.map(({ files }) => files))),
          formatCount(Math.max(...visits.map(({ bytes }) => bytes))),
          formatFixed(median(paints), 0),
          formatFixed(Math.max(...paints), 0),
          judge(median(paints) <= PAINT_TARGET_MS),
        ];
      }),
    ),
    describeVerdict(figures.faults, 'every page was shown'),
  ].join('\n');
}
