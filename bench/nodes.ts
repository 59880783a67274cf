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
import { countAccepted, measureParts } from './load/measured-load.ts';
import type { LoadPlan } from './load/plan.ts';
import { startCpuParts } from './machine/cpu-parts.ts';
import { describeMachine } from './machine/description.ts';
import { readCount, readOptions } from './options.ts';
import { writeFigures } from './report/figures-file.ts';
import { type NodesPhase, summariseNodes } from './report/nodes-report.ts';
import { runRounds } from './rounds.ts';
import { readMetrics } from './service/metrics.ts';

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

const SEAT_COUNT = 50;
const USERS = 1_000;
/** Above what the nodes reach together behind the cores that they share, so that seats do not run out in a phase. */
const SEATS_PER_SECOND = 25_000;
const READS_LIMIT_MS = 60_000;
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
const rounds = readCount('rounds', options.rounds, 1, 100);
const durationMs = readCount('seconds', options.seconds, 1, 600) * 1_000;
const warmUpMs = readCount('warm-up-seconds', options['warm-up-seconds'], 1, 600) * 1_000;
const connections = readCount('connections', options.connections, 1, 4_096);
const spread = readCount('spread', options.spread, 1, 10_000);
const seed = readCount('seed', options.seed, 0, 2 ** 31);
const schedulesFor = (phaseMs: number): number =>
  Math.max(spread, Math.ceil((SEATS_PER_SECOND * phaseMs) / 1_000 / SEAT_COUNT));

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
  const settings = { rounds, durationMs, warmUpMs, connections, spread, seatCount: SEAT_COUNT, seed };
  const figures = { machine, postgres, settings, phases, faults };
  console.log(summariseNodes(figures));
  writeFigures(options.output, figures);
} finally {
  await field.close(options.keep === 'true');
}
process.exitCode = faults.length === 0 ? 0 : 1;

async function runPhase(nodes: number, round: number): Promise<NodesPhase> {
  const warmUpIds = await sale.addSchedules(schedulesFor(warmUpMs), SEAT_COUNT);
  const scheduleIds = await sale.addSchedules(schedulesFor(durationMs), SEAT_COUNT);
  await field.restart(nodes);
  const ports = cluster.nodes.slice(0, nodes).map(({ port }) => port);
  const holds = (ids: readonly number[], phaseMs: number): LoadPlan => ({
    port: ports[0] ?? 0,
    ports,
    connections,
    durationMs: phaseMs,
    tokens: field.tokens,
    seed: seed * 1_000 + round,
    work: {
      type: 'holds',
      path: '/api/v1/reservations',
      scheduleIds: ids,
      seatCount: SEAT_COUNT,
      spread,
      repeat: false,
    },
  });
  const paths = [...warmUpIds, ...scheduleIds].map((id) => `/api/v1/schedules/${id}/seats`);
  const { allAnswers } = await load.run({
    ...holds([], READS_LIMIT_MS),
    work: { type: 'reads', paths, repeat: false },
  });
  if (countAccepted(allAnswers) !== paths.length) {
    throw new Error(`The reads before the load were answered with ${JSON.stringify(allAnswers)}.`);
  }
  await load.run(holds(warmUpIds, warmUpMs));
  const clocks = field.clocks(nodes);
  const before = await count(nodes);
  const measured = await measureParts({
    load,
    clocks,
    contestant: String(nodes),
    round,
    plan: holds(scheduleIds, durationMs),
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
