import { setTimeout as pause } from 'node:timers/promises';
import { watchResidentMemory } from '../harness/machine/memory.ts';
import { count } from '../harness/options.ts';
import { readMetrics } from '../harness/service/metrics.ts';
import type { ServerProcess } from '../harness/service/server-process.ts';
import { formatCount, formatFixed, formatTable, median } from '../harness/table.ts';
import { createField, type Field } from './contestants/field.ts';
import { withHall } from './fan-out/hall.ts';
import {
  describeLiveRun,
  LIVE_OPTIONS,
  type LiveSettings,
  readLiveSettings,
  SOCKETS_MOST,
} from './fan-out/live-options.ts';
import { type HallPhase, runHallPhase } from './fan-out/phase.ts';
import { MAPS_EQUAL } from './fan-out/verdict.ts';
import { describeVerdict, judge, type RunFigures } from './report/run-figures.ts';
import { createBenchmark } from './run-benchmark.ts';
import type { Woken } from './watchers/crowd-calls.ts';

/** The service may grow by this much for 50 stuck sockets of 1 000. */
const GROWTH_LIMIT_MIB = 64;
const MIB = 2 ** 20;
const SAMPLE_EVERY_MS = 250;
const WAKE_LIMIT_MS = 5_000;

interface StuckPhase {
  readonly phase: HallPhase;
  readonly residentMiB: number;
  /** Heap and external memory by the process's own account; the samples include garbage. */
  readonly accountedMiB: number;
  /** Sockets that the service closed because they did not keep up. */
  readonly givenUp: number;
  readonly woken: Woken;
}

interface StuckFigures extends RunFigures {
  readonly reading: readonly StuckPhase[];
  readonly hindered: readonly StuckPhase[];
}

/** Measures the service with all watchers reading and with some that never read, in turns. */
export const liveStuck = createBenchmark({
  name: 'live-stuck',
  says: 'memory, and what the others notice, when 50 of 1 000 watchers never read (3 min)',
  options: {
    watchers: count(1_000, 1, 20_000, 'size of the crowd'),
    stuck: count(50, 1, SOCKETS_MOST, 'watchers that ask for the map 300 times and then read nothing'),
    ...LIVE_OPTIONS,
  },
  async measure(options, run) {
    const { watchers, stuck } = options;
    const settings = readLiveSettings(options);
    const field = await createField(run, { only: ['frontrow'] });
    const reading: StuckPhase[] = [];
    const hindered: StuckPhase[] = [];
    for (let round = 1; round <= settings.rounds; round += 1) {
      const seeded = { ...settings, seed: settings.seed * 1_000 + round };
      reading.push(await runPhase(field, seeded, { watchers, stuck: 0 }));
      run.tell(`round ${round}/${settings.rounds}  all of ${watchers} read`);
      hindered.push(await runPhase(field, seeded, { watchers, stuck }));
      run.tell(`round ${round}/${settings.rounds}  ${stuck} of ${watchers} read nothing`);
    }
    run.addFaults([...reading, ...hindered].flatMap(({ phase }) => phase.faults));
    run.addFaults(reading.flatMap((phase) => findFaults(phase, 0)));
    run.addFaults(hindered.flatMap((phase) => findFaults(phase, stuck)));
    await field.audit();
    return { reading, hindered, postgres: await field.postgres.describe() };
  },
  summarise,
});

function findFaults({ givenUp, woken }: StuckPhase, stuck: number): string[] {
  const faults: string[] = [];
  if (givenUp < stuck) faults.push(`only ${givenUp} of ${stuck} were ever behind: the kernel's buffers held the rest`);
  if (stuck === 0 && givenUp > 0) faults.push(`the service closed the sockets of ${givenUp} watchers that read`);
  if (woken.behind > 0) faults.push(`${woken.behind} stuck watchers stayed connected and behind`);
  return faults;
}

function summarise(figures: StuckFigures): string {
  const { reading, hindered, settings, faults } = figures;
  const of = (phases: readonly StuckPhase[], figure: (phase: StuckPhase) => number): number =>
    median(phases.map(figure));
  const growth = (figure: (phase: StuckPhase) => number): number => of(hindered, figure) - of(reading, figure);
  const growthMiB = growth(({ residentMiB }) => residentMiB);
  const accountedMiB = growth((phase) => phase.accountedMiB);
  const p99Of = ({ phase }: StuckPhase): number => phase.crowd?.p99Ms ?? 0;
  const p99Ms = (phases: readonly StuckPhase[]): string => formatFixed(of(phases, p99Of), 1);
  const headings = ['RSS MiB', 'heap + external', 'p50 ms', 'p99 ms', 'worst p99', 'frames/s', 'core'];
  return [
    ...describeLiveRun(figures),
    '',
    formatTable(
      [`${formatCount(Number(settings['watchers']))} watchers`, ...headings],
      [
        ...reading.map((phase, index) => row(`all read ${index + 1}`, phase)),
        ...hindered.map((phase, index) => row(`${String(settings['stuck'])} stuck ${index + 1}`, phase)),
      ],
    ),
    `memory grew by ${formatFixed(growthMiB, 1)} MiB resident (${judge(growthMiB <= GROWTH_LIMIT_MIB)}: ${GROWTH_LIMIT_MIB} MiB), ${formatFixed(accountedMiB, 1)} MiB heap and external`,
    `p99 of the watchers that read: ${p99Ms(hindered)} ms, and ${p99Ms(reading)} ms when all read`,
    ...hindered.map(
      ({ givenUp, woken }) =>
        `the service closed ${givenUp} stuck sockets; ${woken.caughtUp} stuck watchers caught up when they read again, the others found ${JSON.stringify(woken.closings)}`,
    ),
    describeVerdict(faults, MAPS_EQUAL),
  ].join('\n');
}

function row(name: string, { phase, residentMiB, accountedMiB }: StuckPhase): string[] {
  const { crowd, seconds, serverCpuUs } = phase;
  const { p50Ms = 0, p99Ms = 0, worstWatcherP99Ms = 0, frames = 0 } = crowd ?? {};
  return [
    name,
    ...[residentMiB, accountedMiB, p50Ms, p99Ms, worstWatcherP99Ms].map((figure) => formatFixed(figure, 1)),
    formatCount(frames / seconds),
    formatFixed(serverCpuUs / seconds / 1e6, 2),
  ];
}

function runPhase(
  field: Field,
  settings: LiveSettings,
  { watchers, stuck }: { readonly watchers: number; readonly stuck: number },
): Promise<StuckPhase> {
  return withHall(field, settings.overrides, async (hall, crowd, load) => {
    const resident = watchResidentMemory(hall.server.processId);
    const accounted = watchAccountedMemory(hall.server);
    try {
      const name = `${stuck} of ${watchers} stuck, seed ${settings.seed}`;
      const phase = await runHallPhase(name, field, { hall, crowd, load }, { ...settings, watchers, stuck });
      const residentMiB = resident.stop() / MIB;
      const accountedMiB = (await accounted.stop()) / MIB;
      const givenUp = (await readMetrics(hall.server.url))('frontrow_live_closed_total{code="1013"}');
      const { seq } = await hall.readMaps();
      const woken = await crowd.call('wake', { seq, limitMs: WAKE_LIMIT_MS });
      return { phase: { ...phase, recording: [] }, residentMiB, accountedMiB, givenUp, woken };
    } finally {
      resident.stop();
      await accounted.stop();
    }
  });
}

/** Watches the memory that the process itself accounts for; `stop` returns the maximum in bytes. */
function watchAccountedMemory({ url }: ServerProcess): { stop(): Promise<number> } {
  let isOver = false;
  let mostBytes = 0;
  const watch = async (): Promise<void> => {
    while (!isOver) {
      const sumOf = await readMetrics(url);
      mostBytes = Math.max(mostBytes, sumOf('nodejs_heap_size_used_bytes') + sumOf('nodejs_external_memory_bytes'));
      await pause(SAMPLE_EVERY_MS);
    }
  };
  const watching = watch();
  return {
    async stop() {
      isOver = true;
      await watching;
      return mostBytes;
    },
  };
}
