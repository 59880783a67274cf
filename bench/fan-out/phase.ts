import { setTimeout as pause } from 'node:timers/promises';
import { createMachineClock } from '../../harness/machine/monotonic-clock.ts';
import { coreWaitUs, processCpuUs } from '../../harness/machine/cpu-time.ts';
import type { TurnoverResult } from '../turnover/turnover-calls.ts';
import type { CrowdFigures, RecordedFrame } from '../watchers/crowd-calls.ts';
import type { Hall } from './hall.ts';
import { judgeMaps } from './verdict.ts';
import type { Crowd, Load } from './workers.ts';

export interface PhaseSettings {
  readonly watchers: number;
  /** Of them, those that stop reading. */
  readonly stuck: number;
  readonly changesPerSecond: number;
  readonly warmUpMs: number;
  readonly durationMs: number;
  readonly seed: number;
  /** Queue tokens of those who hold, access tokens of those who watch. */
  readonly holders: readonly string[];
  readonly viewers: readonly string[];
}

/** One measured stretch of a service under a fixed rate of changes. */
export interface HallPhase {
  readonly watchers: number;
  readonly seconds: number;
  /** Null without watchers. */
  readonly crowd: CrowdFigures | null;
  readonly load: TurnoverResult;
  readonly serverCpuUs: number;
  readonly crowdCpuUs: number;
  /** How long service and watchers waited for a core that others had. */
  readonly serverWaitUs: number;
  readonly crowdWaitUs: number;
  readonly openedMs: number;
  /** What the first watcher received from its map on. */
  readonly recording: readonly RecordedFrame[];
  /** Where the measured stretch lies, on the machine's clock. */
  readonly fromMs: number;
  readonly toMs: number;
  readonly faults: readonly string[];
}

export const LIVE_PATH = '/api/v1/live';

const nowMs = createMachineClock();

/** Opens the watchers, holds and releases, measures, and judges every watcher's map. The watchers stay connected. */
export async function runHallPhase(
  name: string,
  hall: Hall,
  { crowd, load }: { readonly crowd: Crowd; readonly load: Load },
  settings: PhaseSettings,
): Promise<HallPhase> {
  const { watchers, stuck, seed, viewers, holders, changesPerSecond } = settings;
  const { scheduleId, seatCount, server } = hall;
  const { openedMs } = await crowd.call('open', {
    port: server.port,
    path: LIVE_PATH,
    watchers,
    tokens: viewers,
    scheduleId,
    stuck,
    reconnects: false,
    seed,
  });
  await load.call('start', { port: server.port, scheduleId, seatCount, tokens: holders, changesPerSecond, seed });
  await pause(settings.warmUpMs);
  const read = () => ({
    atMs: nowMs(),
    serverUs: processCpuUs(server.processId),
    crowdUs: processCpuUs(crowd.processId),
    serverWaitUs: coreWaitUs(server.processId),
    crowdWaitUs: coreWaitUs(crowd.processId),
  });
  const before = read();
  await pause(settings.durationMs);
  const after = read();
  const result = await load.call('stop', {});
  const faults = await judgeMaps(name, hall, crowd);
  const refusals = Object.entries(result.refused).map(([code, count]) => `${name}: ${count} × ${code} for a change`);
  const measure = { fromMs: before.atMs, toMs: after.atMs, replies: result.replies };
  return {
    watchers,
    seconds: (after.atMs - before.atMs) / 1_000,
    crowd: watchers === 0 ? null : await crowd.call('measure', measure),
    load: result,
    serverCpuUs: after.serverUs - before.serverUs,
    crowdCpuUs: after.crowdUs - before.crowdUs,
    serverWaitUs: after.serverWaitUs - before.serverWaitUs,
    crowdWaitUs: after.crowdWaitUs - before.crowdWaitUs,
    openedMs,
    recording: watchers === 0 ? [] : await crowd.call('recording', {}),
    fromMs: before.atMs,
    toMs: after.atMs,
    faults: [...faults, ...refusals],
  };
}
