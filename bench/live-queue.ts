import { setTimeout as pause } from 'node:timers/promises';
import { asObject, readText } from '../harness/json.ts';
import { createLatencies, type LatencySummary } from '../harness/latencies.ts';
import { processCpuUs } from '../harness/machine/cpu-time.ts';
import { createMachineClock } from '../harness/machine/monotonic-clock.ts';
import { count } from '../harness/options.ts';
import type { ServerProcess } from '../harness/service/server-process.ts';
import { formatCount, formatFixed, formatTable, median } from '../harness/table.ts';
import { createField } from './contestants/field.ts';
import { LIVE_PATH } from './fan-out/hall.ts';
import { SOCKETS_MOST } from './fan-out/live-options.ts';
import { formLine, type WaitingLine } from './fan-out/waiting-line.ts';
import { describeRun, describeVerdict, type RunFigures } from './report/run-figures.ts';
import { createBenchmark } from './run-benchmark.ts';
import { createLineCrowd } from './watchers/line-calls.ts';

/** Admissions in a phase, and the time between two of them. Everybody behind moves up with each. */
const ADMISSIONS = 100;
const BETWEEN_MS = 100;
const POLL_EVERY_MS = 5;
const ADMISSION_LIMIT_MS = 10_000;
/** After the crowd has come or gone, until the work that this caused is over. */
const CALM_MS = 2_000;

interface QueuePhase {
  readonly sockets: number;
  /** From the request to leave until polling shows the next in line ACTIVE. */
  readonly polled: LatencySummary;
  /** From the same request until the service pushes that. */
  readonly pushed: LatencySummary | null;
  readonly framesPerSecond: number;
  readonly core: number;
  readonly openedMs: number;
  readonly faults: readonly string[];
}

const nowMs = createMachineClock();

/** Every 100 ms an admitted person leaves. In turns nobody in the line has a socket, or everybody has one. */
export const liveQueue = createBenchmark({
  name: 'live-queue',
  says: 'how soon a free place is given to the next in line while 10 000 wait on the queue channel (2 min)',
  options: {
    waiting: count(10_000, 1, SOCKETS_MOST, 'people in the line with a socket'),
    rounds: count(3, 1, 100, 'phases without and with sockets'),
  },
  async measure({ waiting, rounds }, run) {
    const field = await createField(run, { only: ['frontrow'] });
    const server = await field.frontrow.start();
    run.onEnd(() => server.stop());
    const line = await formLine(field, server, waiting + rounds * 2 * ADMISSIONS);
    run.tell(`${line.waiting.length} wait`);
    const phases: QueuePhase[] = [];
    for (let round = 1; round <= rounds; round += 1) {
      for (const sockets of [0, waiting]) {
        phases.push(await runPhase(server, line, sockets));
        run.tell(`round ${round}/${rounds}  ${sockets} sockets`);
      }
    }
    run.addFaults(phases.flatMap(({ faults }) => faults));
    await field.audit();
    return { phases, postgres: await field.postgres.describe() };
  },
  summarise,
});

function summarise(figures: RunFigures & { readonly phases: readonly QueuePhase[] }): string {
  const { phases, settings, faults } = figures;
  const waiting = Number(settings['waiting']);
  const p99Ms = (sockets: number): string => {
    const own = phases.filter((phase) => phase.sockets === sockets);
    return formatFixed(median(own.map(({ polled }) => polled.p99Ms)), 1);
  };
  const headings = ['polled p50 ms', 'p99', 'max', 'pushed p50 ms', 'p99', 'max', 'frames/s', 'core', 'opened in ms'];
  return [
    ...describeRun(figures, `${formatCount(waiting)} people in the line`),
    '',
    formatTable(
      ['sockets that wait', ...headings],
      phases.map(({ sockets, polled, pushed, framesPerSecond, core, openedMs }) => [
        formatCount(sockets),
        ...[polled, pushed].flatMap((latency) =>
          [latency?.p50Ms, latency?.p99Ms, latency?.maxMs].map((figure) => formatFixed(figure ?? NaN, 1)),
        ),
        formatCount(framesPerSecond),
        formatFixed(core, 2),
        formatCount(openedMs),
      ]),
    ),
    `p99 of an admission: ${p99Ms(waiting)} ms with ${formatCount(waiting)} sockets, ${p99Ms(0)} ms without`,
    describeVerdict(faults, 'every admission was pushed; audit: all well'),
  ].join('\n');
}

async function runPhase(server: ServerProcess, line: WaitingLine, sockets: number): Promise<QueuePhase> {
  const crowd = createLineCrowd();
  const faults: string[] = [];
  try {
    const tokens = line.waiting.slice(0, sockets);
    const { openedMs } = await crowd.call('open', { port: server.port, path: LIVE_PATH, tokens });
    await pause(CALM_MS);
    const polled = createLatencies();
    const pushed = createLatencies();
    const beganMs = nowMs();
    const beganUs = processCpuUs(server.processId);
    const before = await crowd.call('frames', {});
    for (let admission = 0; admission < ADMISSIONS; admission += 1) {
      const leaving = line.active.shift() ?? '';
      const next = line.waiting.shift() ?? '';
      const askedMs = nowMs();
      const left = await fetch(`${server.url}/api/v1/queue/tokens/${leaving}`, { method: 'DELETE' });
      if (left.status !== 204) faults.push(`leaving was answered with ${left.status}`);
      polled.add((await untilActive(server, next)) - askedMs);
      line.active.push(next);
      if (sockets > 0) {
        const { atMs } = await crowd.call('admitted', { token: next, limitMs: ADMISSION_LIMIT_MS });
        if (atMs === null) faults.push('an admission was not pushed');
        else pushed.add(atMs - askedMs);
      }
      await pause(Math.max(0, askedMs + BETWEEN_MS - nowMs()));
    }
    const seconds = (nowMs() - beganMs) / 1_000;
    const after = await crowd.call('frames', {});
    return {
      sockets,
      polled: polled.summary(),
      pushed: sockets > 0 ? pushed.summary() : null,
      framesPerSecond: (after.frames - before.frames) / seconds,
      core: (processCpuUs(server.processId) - beganUs) / seconds / 1e6,
      openedMs,
      faults: [...faults, ...after.faults],
    };
  } finally {
    crowd.close();
  }
}

/** The time at which the token's own answer first says ACTIVE. */
async function untilActive(server: ServerProcess, token: string): Promise<number> {
  const deadlineMs = nowMs() + ADMISSION_LIMIT_MS;
  for (;;) {
    const headers = { authorization: `Bearer ${token}` };
    const answer = await fetch(`${server.url}/api/v1/queue/status`, { headers });
    const status = readText(asObject(await answer.json()), 'status');
    if (status === 'ACTIVE') return nowMs();
    if (nowMs() > deadlineMs) throw new Error(`The next in line is ${status} after ${ADMISSION_LIMIT_MS} ms.`);
    await pause(POLL_EVERY_MS);
  }
}
