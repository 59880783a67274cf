import { setTimeout as pause } from 'node:timers/promises';
import { createMachineClock } from '../harness/machine/monotonic-clock.ts';
import { count } from '../harness/options.ts';
import { formatCount, formatFixed, formatTable } from '../harness/table.ts';
import { createField } from './contestants/field.ts';
import { createCrowd, describeHall, LIVE_PATH, openHall, orderFor, viewersOf } from './fan-out/hall.ts';
import { describeLiveRun, LIVE_OPTIONS, readLiveSettings, SOCKETS_MOST } from './fan-out/live-options.ts';
import { judgeMaps, MAPS_EQUAL } from './fan-out/verdict.ts';
import { describeVerdict, judge, type RunFigures } from './report/run-figures.ts';
import { createBenchmark } from './run-benchmark.ts';
import { createSteadyWorker } from './steady/steady-calls.ts';
import type { Resumptions } from './watchers/crowd-calls.ts';

/** The service promises this for 2 000 sockets. */
const BACK_LIMIT_MS = 10_000;
/** The benchmark waits longer, to report by how much the promise was missed. */
const PATIENCE_MS = 30_000;
const LOOK_EVERY_MS = 50;
const RUSH_MS = 2_000;

const ENDINGS = ['SIGTERM', 'SIGKILL'] as const;

interface Restart {
  readonly ending: (typeof ENDINGS)[number];
  readonly downMs: number;
  /** When each watcher had its map again, from when the service was ready; in ascending order. */
  readonly backMs: readonly number[];
  /** Of the last watcher; infinite when some did not return. */
  readonly lastBackMs: number;
  readonly resumptions: Omit<Resumptions, 'atMs'>;
}

interface RestartFigures extends RunFigures {
  readonly restarts: readonly Restart[];
}

const nowMs = createMachineClock();

/**
 * Ends the service by SIGTERM and by SIGKILL under a load and starts it again, until all watchers have the map again. They dial
 * again after waits of up to 2 s that double and are spread, and resume by `sinceSeq`.
 */
export const liveRestarts = createBenchmark({
  name: 'live-restarts',
  says: 'how soon 2 000 watchers are back after a stop and after a kill of the service (2 min)',
  options: { watchers: count(2_000, 1, SOCKETS_MOST, 'size of the crowd'), ...LIVE_OPTIONS },
  async measure(options, run) {
    const { watchers } = options;
    const { rounds, seed, changesPerSecond, overrides } = readLiveSettings(options);
    const field = await createField(run, { only: ['frontrow'] });
    const crowd = createCrowd();
    run.onEnd(() => crowd.close());
    let hall = await openHall(field, overrides);
    run.onEnd(() => hall.server.stop());
    const { scheduleId } = hall;
    const { port } = hall.server;
    const tokens = viewersOf(field);
    const order = { port, path: LIVE_PATH, watchers, tokens, scheduleId, stuck: 0, reconnects: true, seed };
    await crowd.call('open', order);
    const restarts: Restart[] = [];
    for (let round = 1; round <= rounds; round += 1) {
      for (const ending of ENDINGS) {
        const load = createSteadyWorker();
        await load.call('start', orderFor(field, hall, changesPerSecond, seed + round));
        await pause(RUSH_MS);
        const signalMs = nowMs();
        await (ending === 'SIGTERM' ? hall.server.stop() : hall.server.kill());
        hall = describeHall(field.frontrow, scheduleId, await field.frontrow.start({ ...overrides, port }));
        const readyMs = nowMs();
        while ((await crowd.call('count', {})).connected < watchers && nowMs() - readyMs < PATIENCE_MS) {
          await pause(LOOK_EVERY_MS);
        }
        const { atMs, ...resumptions } = await crowd.call('resumptions', { sinceMs: signalMs });
        const backMs = atMs.map((each) => each - readyMs).sort((one, other) => one - other);
        const lastBackMs = backMs.length < watchers ? Infinity : (backMs.at(-1) ?? 0);
        await pause(RUSH_MS);
        await load.call('stop', {});
        load.close();
        run.addFaults(await judgeMaps(`round ${round}, after ${ending}`, hall, crowd));
        if (lastBackMs > BACK_LIMIT_MS) run.addFaults([`round ${round}: after ${ending} not all were back in time`]);
        restarts.push({ ending, downMs: readyMs - signalMs, backMs, lastBackMs, resumptions });
        run.tell(`round ${round}/${rounds}  ${ending}: ${backMs.length} of ${watchers} are back`);
      }
    }
    await field.audit();
    return { restarts, postgres: await field.postgres.describe() };
  },
  summarise,
});

function summarise(figures: RestartFigures): string {
  const { restarts, settings, faults } = figures;
  const headings = ['down ms', 'back', 'first ms', 'median ms', 'last ms', 'since signal', 'by deltas', 'by maps'];
  return [
    ...describeLiveRun(figures),
    '',
    formatTable(
      [`${formatCount(Number(settings['watchers']))} watchers`, ...headings],
      restarts.map(({ ending, downMs, backMs, lastBackMs, resumptions }) => [
        ending,
        formatFixed(downMs, 0),
        formatCount(backMs.length),
        formatFixed(backMs[0] ?? NaN, 0),
        formatFixed(backMs[Math.floor(backMs.length / 2)] ?? NaN, 0),
        formatFixed(lastBackMs, 0),
        formatFixed(lastBackMs + downMs, 0),
        formatCount(resumptions.deltas),
        formatCount(resumptions.snapshots),
      ]),
    ),
    `times count from when the service is ready again; how the connections of all restarts ended: ${JSON.stringify(restarts.at(-1)?.resumptions.closings ?? {})}`,
    `all watchers back within ${BACK_LIMIT_MS / 1_000} s: ${judge(restarts.every(({ lastBackMs }) => lastBackMs <= BACK_LIMIT_MS))}`,
    describeVerdict(faults, MAPS_EQUAL),
  ].join('\n');
}
