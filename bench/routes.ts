/**
 * `node bench/routes.ts`: how long readers wait while requests arrive at a fixed rate, route by route. The rate is given to
 * autocannon as `overallRate`, with which alone it corrects for coordinated omission: a slow answer does not delay the
 * requests behind it. Exits with 1 when anything but 200 or 304 was answered.
 */
import autocannon from 'autocannon';
import { createField } from './contestants/field.ts';
import { describeMachine } from '../harness/machine/description.ts';
import { readCount, readOptions } from '../harness/options.ts';
import { formatCount, formatFixed, formatTable } from '../harness/table.ts';

const USAGE = `node bench/routes.ts [options]
  --rate 2000           requests a second, of all connections together
  --seconds 5           for each route
  --connections 64      keep-alive connections`;

const SEAT_COUNT = 50;

const options = readOptions(USAGE, { rate: '2000', seconds: '5', connections: '64' });
const overallRate = readCount('rate', options.rate, 1, 1_000_000);
const duration = readCount('seconds', options.seconds, 1, 600);
const connections = readCount('connections', options.connections, 1, 4_096);

interface Route {
  readonly name: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
}

const field = await createField({ only: ['frontrow'], poolSize: 1 });
let hasFailed = false;
try {
  const { frontrow } = field;
  if (frontrow === null) {
    throw new Error('There is no service to measure.');
  }
  const [scheduleId = 0] = await frontrow.addSchedules(1, SEAT_COUNT);
  const server = await frontrow.start();
  try {
    const [shopper] = frontrow.shoppers();
    const authorization = `Bearer ${shopper?.token ?? ''}`;
    const map = `/api/v1/schedules/${scheduleId}/seats`;
    const seen = await fetch(`${server.url}${map}`, { headers: { authorization } });
    await seen.arrayBuffer();
    const routes: readonly Route[] = [
      { name: 'seat map', path: map },
      { name: 'seat map, unchanged', path: map, headers: { 'if-none-match': seen.headers.get('etag') ?? '' } },
      { name: 'queue status', path: '/api/v1/queue/status' },
      { name: 'balance', path: '/api/v1/me/balance' },
      { name: 'own reservations', path: '/api/v1/me/reservations' },
      { name: 'concerts', path: '/api/v1/concerts/available' },
    ];
    const rows: string[][] = [];
    for (const route of routes) {
      const result = await autocannon({
        url: `${server.url}${route.path}`,
        headers: { authorization, ...route.headers },
        connections,
        duration,
        overallRate,
      });
      const wrong = result.errors + result.timeouts + result['4xx'] + result['5xx'];
      hasFailed ||= wrong > 0;
      const { p50, p99, max } = result.latency;
      const served = formatCount(result.requests.total / result.duration);
      rows.push([
        route.name,
        served,
        formatFixed(p50, 1),
        formatFixed(p99, 1),
        formatFixed(max, 1),
        formatCount(wrong),
      ]);
    }
    const { cpu, cores } = describeMachine();
    console.log(`${cores} × ${cpu}; ${overallRate} requests a second over ${connections} connections`);
    console.log(formatTable(['route', 'answers/s', 'p50 ms', 'p99 ms', 'max ms', 'wrong'], rows));
  } finally {
    await server.stop();
  }
} finally {
  await field.close(false);
}
process.exitCode = hasFailed ? 1 : 0;
