import autocannon from 'autocannon';
import { count } from '../harness/options.ts';
import { formatCount, formatFixed, formatTable } from '../harness/table.ts';
import { createField } from './contestants/field.ts';
import { SEAT_COUNT } from './load/holds-load.ts';
import { describeRun, describeVerdict, type RunFigures } from './report/run-figures.ts';
import { createBenchmark } from './run-benchmark.ts';

/** One route under load. */
interface RouteFigures {
  readonly name: string;
  readonly answersPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  /** Answers other than 200 and 304, and requests without an answer. */
  readonly wrong: number;
}

/**
 * Requests arrive at a fixed rate, one route after the other. autocannon gets the rate as `overallRate`, because only then does
 * it correct for coordinated omission: a slow answer does not delay the requests behind it.
 */
export const routes = createBenchmark({
  name: 'routes',
  says: 'how long readers wait at a fixed rate, route by route, measured by autocannon (1 min)',
  options: {
    rate: count(2_000, 1, 1_000_000, 'requests a second, over all connections'),
    seconds: count(5, 1, 600, 'for each route'),
    connections: count(64, 1, 4_096, 'keep-alive connections'),
  },
  async measure({ rate, seconds, connections }, run) {
    const field = await createField(run, { only: ['frontrow'] });
    const { frontrow } = field;
    const [scheduleId = 0] = await frontrow.addSchedules(1, SEAT_COUNT);
    const server = await frontrow.start();
    run.onEnd(() => server.stop());
    const authorization = `Bearer ${frontrow.shoppers()[0]?.token ?? ''}`;
    const map = `/api/v1/schedules/${scheduleId}/seats`;
    const seen = await fetch(`${server.url}${map}`, { headers: { authorization } });
    await seen.arrayBuffer();
    const targets: readonly { name: string; path: string; headers?: Readonly<Record<string, string>> }[] = [
      { name: 'seat map', path: map },
      { name: 'seat map, unchanged', path: map, headers: { 'if-none-match': seen.headers.get('etag') ?? '' } },
      { name: 'queue status', path: '/api/v1/queue/status' },
      { name: 'balance', path: '/api/v1/me/balance' },
      { name: 'own reservations', path: '/api/v1/me/reservations' },
      { name: 'concerts', path: '/api/v1/concerts/available' },
    ];
    const measured: RouteFigures[] = [];
    for (const { name, path, headers } of targets) {
      const { requests, latency, ...result } = await autocannon({
        url: `${server.url}${path}`,
        headers: { authorization, ...headers },
        connections,
        duration: seconds,
        overallRate: rate,
      });
      const wrong = result.errors + result.timeouts + result['4xx'] + result['5xx'];
      if (wrong > 0) run.addFaults([`${name}: ${wrong} requests had another answer than 200 or 304`]);
      const answersPerSecond = requests.total / result.duration;
      measured.push({ name, answersPerSecond, p50Ms: latency.p50, p99Ms: latency.p99, maxMs: latency.max, wrong });
    }
    return { routes: measured, postgres: await field.postgres.describe() };
  },
  summarise,
});

function summarise(figures: RunFigures & { readonly routes: readonly RouteFigures[] }): string {
  const { settings, faults } = figures;
  return [
    ...describeRun(figures),
    `${formatCount(Number(settings['rate']))} requests a second`,
    '',
    formatTable(
      ['route', 'answers/s', 'p50 ms', 'p99 ms', 'max ms', 'wrong'],
      figures.routes.map(({ name, answersPerSecond, p50Ms, p99Ms, maxMs, wrong }) => [
        name,
        formatCount(answersPerSecond),
        ...[p50Ms, p99Ms, maxMs].map((ms) => formatFixed(ms, 1)),
        formatCount(wrong),
      ]),
    ),
    describeVerdict(faults, 'every answer was 200 or 304'),
  ].join('\n');
}
