import { setTimeout as pause } from 'node:timers/promises';
import type { Field } from '../contestants/field.ts';
import { watchResidentMemory } from '../../harness/machine/memory.ts';
import { formatCount, formatFixed, formatTable, median } from '../../harness/table.ts';
import type { ServerProcess } from '../../harness/service/server-process.ts';
import type { Woken } from '../watchers/crowd-calls.ts';
import type { FanOutSettings } from './fan-out.ts';
import { openHall, peopleOf } from './hall.ts';
import { runHallPhase } from './phase.ts';
import type { HallPhase } from './phase.ts';
import { createCrowd, createLoad } from './workers.ts';

/** Promised for 50 of 1 000 sockets. */
const GROWTH_LIMIT_MIB = 64;
const MIB = 2 ** 20;
const SAMPLE_EVERY_MS = 250;
const WAKE_LIMIT_MS = 5_000;

interface StuckPhase {
  readonly phase: HallPhase;
  readonly residentMiB: number;
  /** Heap and memory outside of it, by the process's own account; samples catch garbage too. */
  readonly accountedMiB: number;
  /** Sockets that the service ended because they did not keep up. */
  readonly givenUp: number;
  readonly woken: Woken;
}

/** Measures the service with all of the watchers reading and with some who never do, in turns. */
export async function runStuck(
  field: Field,
  settings: FanOutSettings & { readonly watchers: number; readonly stuck: number },
  progress: (line: string) => void,
): Promise<{ readonly report: string; readonly faults: readonly string[] }> {
  const { watchers, stuck } = settings;
  const reading: StuckPhase[] = [];
  const hindered: StuckPhase[] = [];
  for (let round = 1; round <= settings.rounds; round += 1) {
    const seed = settings.seed * 1_000 + round;
    reading.push(await runPhase(field, settings, { watchers, stuck: 0, seed }));
    progress(`round ${round}/${settings.rounds}  all of ${watchers} read`);
    hindered.push(await runPhase(field, settings, { watchers, stuck, seed }));
    progress(`round ${round}/${settings.rounds}  ${stuck} of ${watchers} read nothing`);
  }
  const of = (phases: readonly StuckPhase[], figure: (phase: StuckPhase) => number): number =>
    median(phases.map(figure));
  const growthMiB = of(hindered, (phase) => phase.residentMiB) - of(reading, (phase) => phase.residentMiB);
  const accountedMiB = of(hindered, (phase) => phase.accountedMiB) - of(reading, (phase) => phase.accountedMiB);
  const p99Ms = (phases: readonly StuckPhase[]): number => of(phases, ({ phase }) => phase.crowd?.p99Ms ?? 0);
  const isMet = growthMiB <= GROWTH_LIMIT_MIB;
  const report = [
    formatTable(
      [
        `${formatCount(watchers)} watchers`,
        'RSS MiB',
        'heap + external',
        'p50 ms',
        'p99 ms',
        'worst p99',
        'frames/s',
        'core',
      ],
      [
        ...reading.map((phase, index) => row(`all read ${index + 1}`, phase)),
        ...hindered.map((phase, index) => row(`${stuck} stuck ${index + 1}`, phase)),
      ],
    ),
    `memory grew by ${formatFixed(growthMiB, 1)} MiB resident (${isMet ? 'met' : 'MISSED'}: ${GROWTH_LIMIT_MIB} MiB), ${formatFixed(accountedMiB, 1)} MiB heap and external`,
    `p99 of those who read: ${formatFixed(p99Ms(hindered), 1)} ms beside ${formatFixed(p99Ms(reading), 1)} ms when all do`,
    ...hindered.map(
      ({ givenUp, woken }) =>
        `of the stuck the service gave up ${givenUp}; when they read again ${woken.caughtUp} caught up, ended were ${JSON.stringify(woken.closings)}`,
    ),
  ].join('\n');
  const faults = [...reading, ...hindered].flatMap(({ phase }) => phase.faults);
  for (const { givenUp, woken } of hindered) {
    if (givenUp < stuck) {
      faults.push(`only ${givenUp} of ${stuck} were ever behind: the kernel took what the others did not read`);
    }
    if (woken.behind > 0) faults.push(`${woken.behind} stuck watchers stayed connected and behind`);
  }
  for (const { givenUp } of reading) {
    if (givenUp > 0) faults.push(`${givenUp} watchers who read were given up`);
  }
  return { report, faults };
}

function row(name: string, { phase, residentMiB, accountedMiB }: StuckPhase): string[] {
  const { crowd, seconds, serverCpuUs } = phase;
  return [
    name,
    formatFixed(residentMiB, 1),
    formatFixed(accountedMiB, 1),
    formatFixed(crowd?.p50Ms ?? 0, 1),
    formatFixed(crowd?.p99Ms ?? 0, 1),
    formatFixed(crowd?.worstWatcherP99Ms ?? 0, 1),
    formatCount((crowd?.frames ?? 0) / seconds),
    formatFixed(serverCpuUs / seconds / 1e6, 2),
  ];
}

async function runPhase(
  field: Field,
  settings: FanOutSettings,
  crowdSettings: { readonly watchers: number; readonly stuck: number; readonly seed: number },
): Promise<StuckPhase> {
  const hall = await openHall(field, settings.overrides);
  const crowd = createCrowd();
  const load = createLoad();
  const resident = watchResidentMemory(hall.server.processId);
  const accounted = watchAccountedMemory(hall.server);
  try {
    const name = `${crowdSettings.stuck} of ${crowdSettings.watchers} stuck, seed ${crowdSettings.seed}`;
    const phase = await runHallPhase(
      name,
      hall,
      { crowd, load },
      { ...settings, ...crowdSettings, ...peopleOf(field) },
    );
    const residentMiB = resident.stop() / MIB;
    const accountedMiB = (await accounted.stop()) / MIB;
    const givenUp = numberIn(await readMetrics(hall.server), 'frontrow_live_closed_total{code="1013"}');
    const { seq } = await hall.readMaps();
    const woken = await crowd.call('wake', { seq, limitMs: WAKE_LIMIT_MS });
    return { phase: { ...phase, recording: [] }, residentMiB, accountedMiB, givenUp, woken };
  } finally {
    resident.stop();
    crowd.close();
    load.close();
    await hall.server.stop();
  }
}

/** The most that the process itself accounts for, in bytes. */
function watchAccountedMemory(server: ServerProcess): { stop(): Promise<number> } {
  let isOver = false;
  let mostBytes = 0;
  const watch = async (): Promise<void> => {
    while (!isOver) {
      const text = await readMetrics(server);
      const bytes = numberIn(text, 'nodejs_heap_size_used_bytes') + numberIn(text, 'nodejs_external_memory_bytes');
      mostBytes = Math.max(mostBytes, bytes);
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

async function readMetrics(server: ServerProcess): Promise<string> {
  return (await fetch(`${server.url}/metrics`)).text();
}

/** The value of a sample, named as its line begins; 0 where there is none. */
function numberIn(metrics: string, name: string): number {
  const line = metrics.split('\n').find((each) => each.startsWith(`${name} `));
  return Number(line?.slice(name.length + 1) ?? 0);
}
