import type { BroadcastPhase } from '../fan-out/broadcast-phase.ts';
import type { HallPhase } from '../fan-out/phase.ts';
import { describeLiveRun } from '../fan-out/live-options.ts';
import { MAPS_EQUAL } from '../fan-out/verdict.ts';
import type { LiveRound } from '../live.ts';
import { describeVerdict, judge, type RunFigures } from './run-figures.ts';
import { formatCount, formatFixed, formatTable, median } from '../../harness/table.ts';

interface LiveFigures extends RunFigures {
  readonly rounds: readonly LiveRound[];
}

/** The service promises this for 1 000 watchers at 200 changes a second; a larger crowd shares two cores with this benchmark. */
const LATENCY_TARGET_BEYOND_FLUSH_MS = 100;
const LATENCY_TARGET_WATCHERS = 1_000;
const FRAMES_PER_CPU_TARGET = 0.8;
/** When service and watchers wait for a core for more than this share of the time, the latencies are the machine's. */
const WAIT_SHARE_SUSPECT = 0.2;

/** The cost of one crowd in one round. */
interface CrowdCost {
  readonly watchers: number;
  readonly service: HallPhase;
  readonly broadcast: BroadcastPhase;
  readonly grossUs: number;
  /** Without the cost of the same changes when there are no watchers. */
  readonly netUs: number;
  readonly broadcastUs: number;
}

const HEADINGS =
  'frames/s|MB/s|p50 ms|p99 ms|worst p99|spread p99|reply p99|CPU µs gross|net|frames/CPU s|ratio|core|their core|waited'.split(
    '|',
  );

/** The report of the live benchmark as text. */
export function summariseLive(figures: LiveFigures): string {
  const { settings, rounds, faults } = figures;
  // A busy machine commits changes in larger groups, so they cost less. Subtracting too much would favour the service,
  // so this is the cheapest of the rounds.
  const aloneUsPerSecond = Math.min(...rounds.map(({ alone }) => alone.serverCpuUs / alone.seconds));
  const costs = rounds.flatMap((round) => costsOfRound(round, aloneUsPerSecond));
  const crowds = [...new Set(costs.map(({ watchers }) => watchers))];
  return [
    ...describeLiveRun(figures),
    '',
    ...describeAlone(rounds),
    ...crowds.flatMap((watchers) =>
      describeCrowd(
        watchers,
        costs.filter((cost) => cost.watchers === watchers),
        Number(settings['flushMs']),
      ),
    ),
    describeVerdict(faults, MAPS_EQUAL),
  ].join('\n');
}

function costsOfRound({ crowds }: LiveRound, aloneUsPerSecond: number): CrowdCost[] {
  return crowds.map(({ service, broadcast }) => {
    const frames = service.crowd?.frames ?? 0;
    return {
      watchers: service.watchers,
      service,
      broadcast,
      grossUs: service.serverCpuUs / frames,
      netUs: (service.serverCpuUs - aloneUsPerSecond * service.seconds) / frames,
      broadcastUs: broadcast.serverCpuUs / broadcast.crowd.frames,
    };
  });
}

function describeAlone(rounds: readonly LiveRound[]): string[] {
  const of = (figure: (alone: HallPhase) => number): number => median(rounds.map(({ alone }) => figure(alone)));
  const core = of(({ serverCpuUs, seconds }) => serverCpuUs / seconds / 1e6);
  const reply = of(({ replyP99Ms }) => replyP99Ms);
  return [
    `without watchers the service uses ${formatFixed(core, 3)} of a core for the changes, replies have p99 ${formatFixed(reply, 1)} ms`,
    '',
  ];
}

function describeCrowd(watchers: number, costs: readonly CrowdCost[], liveFlushMs: number): string[] {
  const headings = [`${formatCount(watchers)} watchers`, ...HEADINGS];
  const rows = costs.flatMap(({ service, broadcast, grossUs, netUs, broadcastUs }, index) => [
    [
      `frontrow ${index + 1}`,
      ...deliveryCells(service.crowd, service.seconds),
      formatFixed(service.replyP99Ms, 1),
      formatFixed(grossUs, 2),
      formatFixed(netUs, 2),
      formatCount(1e6 / netUs),
      formatFixed(broadcastUs / netUs, 2),
      formatFixed(service.serverCpuUs / service.seconds / 1e6, 2),
      formatFixed(service.crowdCpuUs / service.seconds / 1e6, 2),
      formatFixed(waitShare(service), 2),
    ],
    [
      `bare ws ${index + 1}`,
      ...deliveryCells({ ...broadcast.crowd, p50Ms: NaN, p99Ms: NaN, worstWatcherP99Ms: NaN }, broadcast.seconds),
      formatFixed(NaN, 1),
      formatFixed(broadcastUs, 2),
      formatFixed(broadcastUs, 2),
      formatCount(1e6 / broadcastUs),
      '',
      formatFixed(broadcast.serverCpuUs / broadcast.seconds / 1e6, 2),
      formatFixed(broadcast.crowdCpuUs / broadcast.seconds / 1e6, 2),
      '',
    ],
  ]);
  const p99Ms = median(costs.map(({ service }) => service.crowd?.p99Ms ?? 0));
  const ratio = median(costs.map(({ netUs, broadcastUs }) => broadcastUs / netUs));
  const grossRatio = median(costs.map(({ grossUs, broadcastUs }) => broadcastUs / grossUs));
  const busiest = median(costs.map(({ service }) => waitShare(service)));
  const limitMs = liveFlushMs + LATENCY_TARGET_BEYOND_FLUSH_MS;
  const skipped = costs.reduce((sum, { service }) => sum + (service.crowd?.snapshots ?? 0), 0);
  return [
    formatTable(headings, rows),
    `median p99 from a change’s reply to its delta: ${formatFixed(p99Ms, 1)} ms${watchers > LATENCY_TARGET_WATCHERS ? '' : ` (${judge(p99Ms <= limitMs)}: ${limitMs} ms)`}`,
    `median frames per CPU second, of the bare broadcast’s: ${formatFixed(ratio, 2)} net (${judge(ratio >= FRAMES_PER_CPU_TARGET)}: ${FRAMES_PER_CPU_TARGET}), ${formatFixed(grossRatio, 2)} gross`,
    ...(busiest > WAIT_SHARE_SUSPECT
      ? [`note: others had the cores; service and watchers waited for one ${formatFixed(busiest, 2)} of the time`]
      : []),
    ...(skipped > 0 ? [`note: ${skipped} times a watcher that fell behind was sent a fresh map`] : []),
    '',
  ];
}

function deliveryCells(
  crowd: Pick<
    NonNullable<HallPhase['crowd']>,
    'frames' | 'bytes' | 'p50Ms' | 'p99Ms' | 'worstWatcherP99Ms' | 'spreadP99Ms'
  > | null,
  seconds: number,
): string[] {
  const { frames = 0, bytes = 0, p50Ms = 0, p99Ms = 0, worstWatcherP99Ms = 0, spreadP99Ms = 0 } = crowd ?? {};
  return [
    formatCount(frames / seconds),
    formatFixed(bytes / seconds / 1e6, 1),
    formatFixed(p50Ms, 1),
    formatFixed(p99Ms, 1),
    formatFixed(worstWatcherP99Ms, 1),
    formatFixed(spreadP99Ms, 1),
  ];
}

/** The share of the time in which service and watchers were ready to run but had no core. */
function waitShare({ serverWaitUs, crowdWaitUs, seconds }: HallPhase): number {
  return (serverWaitUs + crowdWaitUs) / seconds / 1e6;
}
