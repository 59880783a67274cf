import { setTimeout as pause } from 'node:timers/promises';
import type { Field } from '../contestants/field.ts';
import { asObject, readText } from '../../harness/json.ts';
import { createLatencies } from '../../harness/latencies.ts';
import type { LatencySummary } from '../../harness/latencies.ts';
import { processCpuUs } from '../../harness/machine/cpu-time.ts';
import { createMachineClock } from '../../harness/machine/monotonic-clock.ts';
import { createWorkerProcess } from '../../harness/process/worker-process.ts';
import { formatCount, formatFixed, formatTable, median } from '../../harness/table.ts';
import type { ServerProcess } from '../../harness/service/server-process.ts';
import type { LineCalls } from '../watchers/line-calls.ts';
import { theService } from './hall.ts';
import type { FanOutSettings } from './fan-out.ts';
import { LIVE_PATH } from './phase.ts';
import { formLine } from './waiting-line.ts';
import type { WaitingLine } from './waiting-line.ts';

/** Admissions in a phase, and between two of them. Everybody behind moves up with each. */
const ADMISSIONS = 100;
const BETWEEN_MS = 100;
const POLL_EVERY_MS = 5;
const ADMISSION_LIMIT_MS = 10_000;
/** After the crowd is there or gone, until what that set off is over. */
const CALM_MS = 2_000;

interface QueuePhase {
  readonly sockets: number;
  /** From the request to leave to when the next in line, asking all the time, is told ACTIVE. */
  readonly polled: LatencySummary;
  /** The same to when it is told so unasked. */
  readonly pushed: LatencySummary | null;
  readonly framesPerSecond: number;
  readonly core: number;
  readonly openedMs: number;
}

/** Measures how long a free place stays free while a line is watched by nobody, and by everybody in it, in turns. */
export async function runQueue(
  field: Field,
  settings: FanOutSettings & { readonly waiting: number },
  progress: (line: string) => void,
): Promise<{ readonly report: string; readonly faults: readonly string[] }> {
  const phases: QueuePhase[] = [];
  const faults: string[] = [];
  const server = await theService(field).start(settings.overrides);
  try {
    const line = await formLine(field, server, settings.waiting + settings.rounds * 2 * ADMISSIONS);
    progress(`${line.waiting.length} wait`);
    for (let round = 1; round <= settings.rounds; round += 1) {
      phases.push(await runPhase(server, line, 0, faults));
      progress(`round ${round}/${settings.rounds}  nobody watches`);
      phases.push(await runPhase(server, line, settings.waiting, faults));
      progress(`round ${round}/${settings.rounds}  ${settings.waiting} watch`);
    }
  } finally {
    await server.stop();
  }
  const p99Ms = (sockets: number): number =>
    median(phases.filter((phase) => phase.sockets === sockets).map(({ polled }) => polled.p99Ms));
  const report = [
    formatTable(
      [
        'sockets that wait',
        'polled p50 ms',
        'p99',
        'max',
        'pushed p50 ms',
        'p99',
        'max',
        'frames/s',
        'core',
        'opened in ms',
      ],
      phases.map(({ sockets, polled, pushed, framesPerSecond, core, openedMs }) => [
        formatCount(sockets),
        ...latencyCells(polled),
        ...latencyCells(pushed),
        formatCount(framesPerSecond),
        formatFixed(core, 2),
        formatCount(openedMs),
      ]),
    ),
    `p99 of an admission: ${formatFixed(p99Ms(settings.waiting), 1)} ms with ${formatCount(settings.waiting)} sockets, ${formatFixed(p99Ms(0), 1)} ms with none`,
  ].join('\n');
  return { report, faults };
}

function latencyCells(latency: LatencySummary | null): string[] {
  return [latency?.p50Ms, latency?.p99Ms, latency?.maxMs].map((figure) => formatFixed(figure ?? NaN, 1));
}

async function runPhase(
  server: ServerProcess,
  line: WaitingLine,
  sockets: number,
  faults: string[],
): Promise<QueuePhase> {
  const nowMs = createMachineClock();
  const crowd = createWorkerProcess<LineCalls>(new URL('../watchers/line-worker.ts', import.meta.url));
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
      polled.add((await untilActive(server, next, nowMs)) - askedMs);
      line.active.push(next);
      if (sockets > 0) {
        const { atMs } = await crowd.call('admitted', { token: next, limitMs: ADMISSION_LIMIT_MS });
        if (atMs === null) faults.push('an admission was not told');
        else pushed.add(atMs - askedMs);
      }
      await pause(Math.max(0, askedMs + BETWEEN_MS - nowMs()));
    }
    const seconds = (nowMs() - beganMs) / 1_000;
    const after = await crowd.call('frames', {});
    faults.push(...after.faults);
    return {
      sockets,
      polled: polled.summary(),
      pushed: sockets > 0 ? pushed.summary() : null,
      framesPerSecond: (after.frames - before.frames) / seconds,
      core: (processCpuUs(server.processId) - beganUs) / seconds / 1e6,
      openedMs,
    };
  } finally {
    crowd.close();
  }
}

/** When the token's own answer first says ACTIVE. */
async function untilActive(server: ServerProcess, token: string, nowMs: () => number): Promise<number> {
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
