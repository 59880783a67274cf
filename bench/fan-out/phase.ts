import { setTimeout as pause } from 'node:timers/promises';
import { coreWaitUs, processCpuUs } from '../../harness/machine/cpu-time.ts';
import { createMachineClock } from '../../harness/machine/monotonic-clock.ts';
import type { Field } from '../contestants/field.ts';
import type { SteadyEnd, SteadyWorker } from '../steady/steady-calls.ts';
import { isDone, quantile, readRequests } from '../steady/timeline.ts';
import type { CrowdFigures, RecordedFrame } from '../watchers/crowd-calls.ts';
import { type Crowd, type Hall, LIVE_PATH, orderFor, viewersOf } from './hall.ts';
import type { LiveSettings } from './live-options.ts';
import { judgeMaps } from './verdict.ts';

interface PhaseSettings extends LiveSettings {
  readonly watchers: number;
  /** The number of watchers that stop reading. */
  readonly stuck: number;
}

/** One measured stretch of a service under a fixed rate of changes. */
export interface HallPhase {
  readonly watchers: number;
  readonly seconds: number;
  /** Null without watchers. */
  readonly crowd: CrowdFigures | null;
  /** From when a change was due to its answer. */
  readonly replyP99Ms: number;
  readonly serverCpuUs: number;
  readonly crowdCpuUs: number;
  /** The time in which service and watchers were ready to run but had no core. */
  readonly serverWaitUs: number;
  readonly crowdWaitUs: number;
  /** The frames of the first watcher, from its map on. */
  readonly recording: readonly RecordedFrame[];
  /** Begin and end of the measured stretch, by the machine's clock. */
  readonly fromMs: number;
  readonly toMs: number;
  readonly faults: readonly string[];
}

const nowMs = createMachineClock();

/** Opens the watchers, holds and releases seats, measures, and judges every watcher's map. The watchers stay connected. */
export async function runHallPhase(
  name: string,
  field: Field,
  { hall, crowd, load }: { readonly hall: Hall; readonly crowd: Crowd; readonly load: SteadyWorker },
  { watchers, stuck, seed, changesPerSecond, warmUpMs, durationMs }: PhaseSettings,
): Promise<HallPhase> {
  const { scheduleId, server } = hall;
  const tokens = viewersOf(field);
  const order = { port: server.port, path: LIVE_PATH, watchers, tokens, scheduleId, stuck, reconnects: false, seed };
  await crowd.call('open', order);
  await load.call('start', orderFor(field, hall, changesPerSecond, seed));
  await pause(warmUpMs);
  const read = () => ({
    atMs: nowMs(),
    serverUs: processCpuUs(server.processId),
    crowdUs: processCpuUs(crowd.processId),
    serverWaitUs: coreWaitUs(server.processId),
    crowdWaitUs: coreWaitUs(crowd.processId),
  });
  const before = read();
  await pause(durationMs);
  const after = read();
  const end = await load.call('stop', {});
  const faults = await judgeMaps(name, hall, crowd);
  const changes = readRequests([end.records]).filter(isDone);
  const replies = Float64Array.from(changes.flatMap(({ seq, doneMs }) => [seq, doneMs]));
  const repliesMs = changes.map(({ dueMs, doneMs }) => doneMs - dueMs);
  const measured = { fromMs: before.atMs, toMs: after.atMs, replies };
  return {
    watchers,
    seconds: (after.atMs - before.atMs) / 1_000,
    crowd: watchers === 0 ? null : await crowd.call('measure', measured),
    replyP99Ms: quantile(repliesMs, 0.99),
    serverCpuUs: after.serverUs - before.serverUs,
    crowdCpuUs: after.crowdUs - before.crowdUs,
    serverWaitUs: after.serverWaitUs - before.serverWaitUs,
    crowdWaitUs: after.crowdWaitUs - before.crowdWaitUs,
    recording: watchers === 0 ? [] : await crowd.call('recording', {}),
    fromMs: before.atMs,
    toMs: after.atMs,
    faults: [...faults, ...findRefusedChanges(name, end)],
  };
}

/** A sentence for each reason why a change was not made. */
function findRefusedChanges(name: string, { refusals, skipped }: SteadyEnd): string[] {
  const refused = Object.entries(refusals).map(([code, count]) => `${name}: ${count} × ${code} for a change`);
  return skipped === 0 ? refused : [...refused, `${name}: ${skipped} × no seat to change`];
}
