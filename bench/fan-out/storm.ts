import { setTimeout as pause } from 'node:timers/promises';
import type { Field } from '../contestants/field.ts';
import { createMachineClock } from '../../harness/machine/monotonic-clock.ts';
import { formatCount, formatFixed, formatTable } from '../../harness/table.ts';
import type { FanOutSettings } from './fan-out.ts';
import { describeHall, openHall, peopleOf, theService } from './hall.ts';
import { LIVE_PATH } from './phase.ts';
import { judgeMaps } from './verdict.ts';
import { createCrowd, createLoad } from './workers.ts';

/** Promised for 2 000 sockets. */
const BACK_LIMIT_MS = 10_000;
/** A drill waits longer, to say by how much the promise was missed. */
const PATIENCE_MS = 30_000;
const LOOK_EVERY_MS = 50;
const RUSH_MS = 2_000;

const ENDINGS = ['SIGTERM', 'SIGKILL'] as const;

interface Storm {
  readonly ending: (typeof ENDINGS)[number];
  readonly downMs: number;
  readonly firstBackMs: number;
  readonly medianBackMs: number;
  /** Of the last watcher, from when the service was ready again; and from the signal. */
  readonly lastBackMs: number;
  readonly sinceSignalMs: number;
  readonly back: number;
  readonly deltas: number;
  readonly snapshots: number;
  readonly closings: Readonly<Record<string, number>>;
}

/** Restarts the service under a crowd and a load, by SIGTERM and by SIGKILL, until everybody has the map again. */
export async function runStorm(
  field: Field,
  settings: FanOutSettings & { readonly watchers: number },
  progress: (line: string) => void,
): Promise<{ readonly report: string; readonly faults: readonly string[] }> {
  const nowMs = createMachineClock();
  const { watchers, seed, changesPerSecond, overrides } = settings;
  const { holders, viewers } = peopleOf(field);
  const storms: Storm[] = [];
  const faults: string[] = [];
  let hall = await openHall(field, overrides);
  const { scheduleId, seatCount } = hall;
  const { port } = hall.server;
  const crowd = createCrowd();
  try {
    const order = { port, path: LIVE_PATH, watchers, tokens: viewers, scheduleId, stuck: 0, reconnects: true, seed };
    await crowd.call('open', order);
    for (let round = 1; round <= settings.rounds; round += 1) {
      for (const ending of ENDINGS) {
        const load = createLoad();
        await load.call('start', {
          port,
          scheduleId,
          seatCount,
          tokens: holders,
          changesPerSecond,
          seed: seed + round,
        });
        await pause(RUSH_MS);
        const signalMs = nowMs();
        await (ending === 'SIGTERM' ? hall.server.stop() : hall.server.kill());
        hall = describeHall(theService(field), scheduleId, await theService(field).start({ ...overrides, port }));
        const readyMs = nowMs();
        while ((await crowd.call('count', {})).connected < watchers && nowMs() - readyMs < PATIENCE_MS) {
          await pause(LOOK_EVERY_MS);
        }
        const { atMs, deltas, snapshots, closings } = await crowd.call('resumptions', { sinceMs: signalMs });
        const sorted = atMs.toSorted((one, other) => one - other).map((each) => each - readyMs);
        const lastBackMs = sorted.length < watchers ? Infinity : (sorted.at(-1) ?? 0);
        await pause(RUSH_MS);
        await load.call('stop', {});
        load.close();
        faults.push(...(await judgeMaps(`round ${round}, after ${ending}`, hall, crowd)));
        if (lastBackMs > BACK_LIMIT_MS) faults.push(`round ${round}: after ${ending} not all were back in time`);
        storms.push({
          ending,
          downMs: readyMs - signalMs,
          firstBackMs: sorted[0] ?? NaN,
          medianBackMs: sorted[Math.floor(sorted.length / 2)] ?? NaN,
          lastBackMs,
          sinceSignalMs: lastBackMs + readyMs - signalMs,
          back: sorted.length,
          deltas,
          snapshots,
          closings,
        });
        progress(`round ${round}/${settings.rounds}  ${ending}: ${sorted.length} of ${watchers} are back`);
      }
    }
  } finally {
    crowd.close();
    await hall.server.stop();
  }
  const report = [
    formatTable(
      [
        `${formatCount(watchers)} watchers`,
        'down ms',
        'back',
        'first ms',
        'median ms',
        'last ms',
        'since signal',
        'by deltas',
        'by maps',
      ],
      storms.map((storm) => [
        storm.ending,
        formatFixed(storm.downMs, 0),
        formatCount(storm.back),
        formatFixed(storm.firstBackMs, 0),
        formatFixed(storm.medianBackMs, 0),
        formatFixed(storm.lastBackMs, 0),
        formatFixed(storm.sinceSignalMs, 0),
        formatCount(storm.deltas),
        formatCount(storm.snapshots),
      ]),
    ),
    `times count from when the service is ready again; how connections ended, all restarts together: ${JSON.stringify(storms.at(-1)?.closings ?? {})}`,
    `everybody back within ${BACK_LIMIT_MS / 1_000} s: ${storms.every(({ lastBackMs }) => lastBackMs <= BACK_LIMIT_MS) ? 'met' : 'MISSED'}`,
  ].join('\n');
  return { report, faults };
}
