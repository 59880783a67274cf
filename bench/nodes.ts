/**
 * `npm run bench:nodes`: what a hold costs on one, two and three nodes, and whom, under the same load.
 *
 * The connections are shared among the nodes, and the schedules are where the ring places them, so that a hold reaches its
 * owner's node by chance. On one machine more nodes do not hold faster: what is to be read is CPU per hold, and how far the price of
 * three nodes follows from those of one and two. Afterwards the database is audited: a run in which a seat was sold twice, or
 * an acknowledged hold is not stored, is void and exits with 1.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { createClusterField } from './cluster/cluster-field.ts';
import { countSchedules, mapPathsOf, planHolds, readHoldsLoad } from './load/holds-load.ts';
import { countAccepted, measureParts } from './load/measured-load.ts';
import { startCpuParts } from '../harness/machine/cpu-parts.ts';
import { describeMachine } from '../harness/machine/description.ts';
import { readCount, readOptions } from '../harness/options.ts';
import { writeFigures } from './report/figures-file.ts';
import { type NodesPhase, summariseNodes } from './report/nodes-report.ts';
import { runRounds } from './rounds.ts';
import { readMetrics } from './sale/metrics.ts';

const USAGE = `npm run bench:nodes -- [options]
  --nodes 3             phases with 1 to this many nodes
  --rounds 4            phases of each
  --seconds 5           length of a measured phase
  --warm-up-seconds 5   load before it, on seats of its own; it is shared among the nodes, each of which has to be warm
  --connections 60      keep-alive connections, shared among the nodes
  --spread 200          schedules that are on sale at a time, of 50 seats each
  --seed 1
  --output FILE         figures of every phase as JSON
  --keep true           keep the database`;

const USERS = 1_000;
/** Above what the nodes reach together behind the cores that they share, so that seats do not run out in a phase. */
const SEATS_PER_SECOND = 25_000;
/** For how long nodes are watched that have nothing to do, after what the load has set off is over. */
const IDLE_MS = 2_000;
const CALM_MS = 500;

const options = readOptions(USAGE, {
  nodes: '3',
  rounds: '4',
  seconds: '5',
  'warm-up-seconds': '5',
  connections: '60',
  spread: '200',
  seed: '1',
  output: null,
  keep: null,
});
const mostNodes = readCount('nodes', options.nodes, 1, 9);
const holdsLoad = readHoldsLoad(options, { leastWarmUpSeconds: 1 });
const { rounds, durationMs, warmUpMs, seatCount, seed } = holdsLoad;
const schedulesFor = (phaseMs: number): number => countSchedules(holdsLoad, SEATS_PER_SECOND, phaseMs);

const machine = describeMachine();
const field = await createClusterField({ nodes: mostNodes, users: USERS, environment: { DRAIN_MS: '0' } });
const { cluster, sale, load } = field;
const faults: string[] = [];
try {
  const phases = await runRounds({
    rounds,
    seed,
    contenders: Array.from({ length: mostNodes }, (_, index) => index + 1),
    run: async (nodes, round) => [await runPhase(nodes, round)],
    labelOf: ({ nodes }) => `${nodes} nodes `,
  });
  faults.push(...(await field.findFaults()));
  const postgres = await cluster.postgres.describe();
  const figures = { machine, postgres, settings: { ...holdsLoad }, phases, faults };
  console.log(summariseNodes(figures));
  writeFigures(options.output, figures);
} finally {
  await field.close(options.keep === 'true');
}
process.exitCode = faults.length === 0 ? 0 : 1;

async function runPhase(nodes: number, round: number): Promise<NodesPhase> {
  const warmUpIds = await sale.addSchedules(schedulesFor(warmUpMs), seatCount);
  const scheduleIds = await sale.addSchedules(schedulesFor(durationMs), seatCount);
  await field.restart(nodes);
  const ports = cluster.nodes.slice(0, nodes).map(({ port }) => port);
  const plans = planHolds(holdsLoad, { port: ports[0] ?? 0, ports, tokens: field.tokens }, { round });
  const paths = mapPathsOf([...warmUpIds, ...scheduleIds]);
  const { allAnswers } = await load.run(plans.readOnce(paths));
  if (countAccepted(allAnswers) !== paths.length) {
    throw new Error(`The reads before the load were answered with ${JSON.stringify(allAnswers)}.`);
  }
  await load.run(plans.holds(warmUpIds, warmUpMs));
  const clocks = field.clocks(nodes);
  const before = await count(nodes);
  const measured = await measureParts({
    load,
    clocks,
    contestant: String(nodes),
    round,
    plan: plans.holds(scheduleIds, durationMs),
  });
  const after = await count(nodes);
  const acknowledged = countAccepted(measured.result.allAnswers);
  const stored = await sale.countHolds(scheduleIds);
  if (stored !== acknowledged) {
    faults.push(`${nodes} nodes, round ${round}: ${acknowledged} holds were acknowledged, ${stored} are stored`);
  }
  if (Object.keys(measured.result.codes).length > 0) {
    faults.push(`${nodes} nodes, round ${round}: refusals ${JSON.stringify(measured.result.codes)}`);
  }
  await pause(CALM_MS);
  const takeIdle = startCpuParts(clocks);
  await pause(IDLE_MS);
  const idle = Object.entries(takeIdle()).map(([name, us]) => [name, us / IDLE_MS / 1_000] as const);
  return {
    ...measured,
    nodes,
    forwardedShare: (after.forwarded - before.forwarded) / acknowledged,
    holdsPerFlush: (after.entries - before.entries) / Math.max(after.flushes - before.flushes, 1),
    idleCores: Object.fromEntries(idle),
  };
}

/** What the nodes have counted so far, all together. */
async function count(nodes: number): Promise<{ forwarded: number; entries: number; flushes: number }> {
  const metrics = await Promise.all(cluster.nodes.slice(0, nodes).map(({ url }) => readMetrics(url)));
  const sum = (metric: string): number => metrics.reduce((total, sumOf) => total + sumOf(metric), 0);
  return {
    forwarded: sum('frontrow_commands_forwarded_total{fate="answered"}'),
    entries: sum('frontrow_flush_entries_sum'),
    flushes: sum('frontrow_flush_duration_seconds_count'),
  };
}
