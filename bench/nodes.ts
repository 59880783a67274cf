import { setTimeout as pause } from 'node:timers/promises';
import { startCpuParts } from '../harness/machine/cpu-parts.ts';
import { count } from '../harness/options.ts';
import { readMetrics } from '../harness/service/metrics.ts';
import { type ClusterField, createClusterField } from './cluster/cluster-field.ts';
import {
  countSchedules,
  type HoldsLoad,
  holdsOptions,
  mapPathsOf,
  measureHolds,
  readHoldsLoad,
  SEAT_COUNT,
} from './load/holds-load.ts';
import { createLoadProcess, type LoadProcess } from './load/load-process.ts';
import { countAccepted, findRefusals } from './load/measured-load.ts';
import { type NodesPhase, summariseNodes } from './report/nodes-report.ts';
import { runRounds } from './rounds.ts';
import { createBenchmark } from './run-benchmark.ts';

const USERS = 1_000;
/** Above what the nodes reach together behind the cores that they share, so that seats do not run out in a phase. */
const SEATS_PER_SECOND = 25_000;
/** Idle nodes are watched for this long, after the work that the load has started is over. */
const IDLE_MS = 2_000;
const CALM_MS = 500;

/**
 * The connections are shared among the nodes, and the schedules are where the ring places them, so a hold reaches its owner by
 * chance. On one machine more nodes do not hold faster: the figures to read are CPU per hold, and how well those of one
 * and two nodes predict three. Afterwards the database is audited: a run in which a seat was sold twice, or an
 * acknowledged hold is not stored, is void.
 */
export const nodes = createBenchmark({
  name: 'nodes',
  says: 'CPU of a hold on one, two and three nodes, by process (5 min)',
  options: {
    nodes: count(3, 1, 9, 'phases with 1 to this many nodes'),
    ...holdsOptions({ rounds: 4, seconds: 5, warmUpSeconds: 5, connections: 60 }),
  },
  async measure(options, run) {
    const holdsLoad = readHoldsLoad(options);
    const environment = { DRAIN_MS: '0' };
    const field = await createClusterField(run, { nodes: options.nodes, users: USERS, environment });
    const load = createLoadProcess();
    run.onEnd(() => load.close());
    const phases = await runRounds({
      ...options,
      contenders: Array.from({ length: options.nodes }, (_, index) => index + 1),
      async run(number, round) {
        const { phase, faults } = await runPhase(field, load, holdsLoad, number, round);
        run.addFaults([...faults, ...findRefusals([phase])]);
        return [phase];
      },
      labelOf: ({ contestant }) => `${contestant} nodes `,
    });
    await field.audit();
    return { phases, postgres: await field.cluster.postgres.describe() };
  },
  summarise: summariseNodes,
});

async function runPhase(
  field: ClusterField,
  load: LoadProcess,
  holdsLoad: HoldsLoad,
  number: number,
  round: number,
): Promise<{ readonly phase: NodesPhase; readonly faults: readonly string[] }> {
  const { sale, cluster } = field;
  const addSchedules = (phaseMs: number): Promise<number[]> =>
    sale.addSchedules(countSchedules(holdsLoad, SEATS_PER_SECOND, phaseMs), SEAT_COUNT);
  const warmUpIds = await addSchedules(holdsLoad.warmUpMs);
  const scheduleIds = await addSchedules(holdsLoad.durationMs);
  await field.restart(number);
  const ports = cluster.nodes.slice(0, number).map(({ port }) => port);
  const clocks = field.clocks(number);
  const { held, counters, faults } = await measureHolds({
    load,
    holdsLoad,
    contestant: String(number),
    round,
    clocks,
    target: { port: ports[0] ?? 0, ports, tokens: field.tokens },
    warmUpIds,
    scheduleIds,
    warmPaths: mapPathsOf([...warmUpIds, ...scheduleIds]),
    countHolds: (ids) => sale.countHolds(ids),
    readCounters: () => readCounters(field, number),
  });
  await pause(CALM_MS);
  const takeIdle = startCpuParts(clocks);
  await pause(IDLE_MS);
  const idle = Object.entries(takeIdle()).map(([name, us]) => [name, us / IDLE_MS / 1_000] as const);
  const { forwarded = 0, entries = 0, flushes = 0 } = counters;
  const phase = {
    ...held,
    forwardedShare: forwarded / countAccepted(held.result.allAnswers),
    holdsPerFlush: entries / Math.max(flushes, 1),
    idleCores: Object.fromEntries(idle),
  };
  return { phase, faults };
}

/** The counters of the first `number` nodes, added up. */
async function readCounters({ cluster }: ClusterField, number: number): Promise<Readonly<Record<string, number>>> {
  const metrics = await Promise.all(cluster.nodes.slice(0, number).map(({ url }) => readMetrics(url)));
  const sum = (metric: string): number => metrics.reduce((total, sumOf) => total + sumOf(metric), 0);
  return {
    forwarded: sum('frontrow_commands_forwarded_total{fate="answered"}'),
    entries: sum('frontrow_flush_entries_sum'),
    flushes: sum('frontrow_flush_duration_seconds_count'),
  };
}
