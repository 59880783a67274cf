import { setTimeout as pause } from 'node:timers/promises';
import type { ClusterNode } from '../harness/cluster/cluster-node.ts';
import { createMachineClock } from '../harness/machine/monotonic-clock.ts';
import { count, optionalCount } from '../harness/options.ts';
import { createWorkerProcess } from '../harness/process/worker-process.ts';
import { type ClusterField, createClusterField } from './cluster/cluster-field.ts';
import { summariseRolling } from './report/rolling-report.ts';
import type { FrontCalls } from './rolling/front-worker.ts';
import { measureStretch, type Stretch } from './rolling/stretch.ts';
import { type BenchmarkRun, createBenchmark } from './run-benchmark.ts';
import { findMissingHolds } from './steady/missing-holds.ts';
import { createSteadyWorker, type SteadyOrder, type SteadyWorker } from './steady/steady-calls.ts';
import { hasFailed, readRequests } from './steady/timeline.ts';

const NODES = 3;
const SEAT_COUNT = 50;
const USERS = 200;
const CONNECTIONS = 512;
const PROBE_CONNECTIONS = 64;
const PROBE_WARM_UP_MS = 4_000;
/** Measured before the first restart, for comparison. */
const CALM_MS = 5_000;
/** Between two restarts. */
const BREATH_MS = 1_000;

const nowMs = createMachineClock();

/**
 * The nodes are behind the front of `npm run cluster`. First a closed loop measures how many holds and releases they give; then half of
 * that rate arrives, whatever the answers are, while every node is restarted in turn: SIGTERM, start, ready. Measured are
 * failed requests and pauses of schedules. Afterwards every acknowledged hold must be stored, and the database is
 * audited. A run in which a request failed is void.
 */
export const rolling = createBenchmark({
  name: 'rolling',
  says: 'failed requests and pauses while three nodes are restarted in turn under half of their load (2 min)',
  options: {
    passes: count(2, 1, 100, 'restarts of every node'),
    schedules: count(60, NODES, 10_000, `schedules on which seats are held and released, of ${SEAT_COUNT} seats each`),
    rate: optionalCount(1, 50_000, 'requests a second; by default half of what a probe measures'),
    seconds: count(4, 1, 60, 'length of that probe'),
    seed: count(1, 0, 2 ** 31, 'order of the requests'),
  },
  async measure({ passes, schedules, rate, seconds, seed }, run) {
    const field = await createClusterField(run, { nodes: NODES, users: USERS });
    const { cluster, sale, heads } = field;
    const front = createWorkerProcess<FrontCalls>(new URL('./rolling/front-worker.ts', import.meta.url));
    run.onEnd(() => front.close());
    const worker = createSteadyWorker();
    run.onEnd(() => worker.close());
    const port = await front.call('open', {
      nodes: cluster.nodes.map(({ name, port: nodePort }) => ({ name, port: nodePort })),
    });
    await pause(BREATH_MS);
    const order = { ports: [port], seatCount: SEAT_COUNT, tokens: field.tokens, seed };
    const probeIds = rate === null ? await sale.addSchedules(schedules, SEAT_COUNT) : [];
    const fullRate = rate === null ? await probe(worker, { ...order, scheduleIds: probeIds }, seconds * 1_000) : null;
    const requestsPerSecond = rate ?? Math.max(Math.floor((fullRate ?? 0) / 2), 1);
    run.tell(`${requestsPerSecond} requests a second`);

    const scheduleIds = await sale.addSchedules(schedules, SEAT_COUNT);
    await worker.call('start', { ...order, scheduleIds, connectionsPerPort: CONNECTIONS, requestsPerSecond });
    await heads.untilPlaced(NODES, scheduleIds);
    await pause(BREATH_MS);
    await worker.call('take', {});
    const marks: Stretch[] = [{ name: 'nothing', fromMs: nowMs(), toMs: nowMs() + CALM_MS }];
    await pause(CALM_MS);
    for (let pass = 1; pass <= passes; pass += 1) {
      for (const node of cluster.nodes) marks.push(...(await restart(field, node, scheduleIds, run)));
    }
    const { records, heldIds, ...load } = await worker.call('stop', {});
    const requests = readRequests([records]);
    const failed = requests.filter(hasFailed).length;
    if (failed > 0) run.addFaults([`${failed} of ${requests.length} requests failed`, ...load.samples]);
    run.addFaults(await findMissingHolds(sale.pool, heldIds));
    await field.audit();
    for (const { node, code, signal } of cluster.exits().filter((exit) => exit.code !== 0)) {
      run.addFaults([`${node} ended with ${signal ?? code}`]);
    }
    return {
      postgres: await cluster.postgres.describe(),
      connections: CONNECTIONS,
      fullRate,
      requestsPerSecond,
      stretches: marks.map((mark) => measureStretch(requests, schedules, mark)),
      requests: requests.length,
      failed,
      front: await front.call('counts', {}),
      load,
    };
  },
  summarise: summariseRolling,
});

/** Requests a second that the nodes answer behind the front in a closed loop. */
async function probe(
  worker: SteadyWorker,
  order: Omit<SteadyOrder, 'connectionsPerPort' | 'requestsPerSecond'>,
  probeMs: number,
): Promise<number> {
  await worker.call('start', { ...order, connectionsPerPort: PROBE_CONNECTIONS, requestsPerSecond: null });
  await pause(PROBE_WARM_UP_MS);
  await worker.call('take', {});
  await pause(probeMs);
  const { dueMs } = await worker.call('take', {});
  await worker.call('stop', {});
  return (dueMs.length / probeMs) * 1_000;
}

/**
 * Restarts a node in order. Its stretches: the node leaves; the node starts, which moves no schedule but takes a core; the node
 * takes over, until every schedule is where it is placed.
 */
async function restart(
  { cluster, heads }: ClusterField,
  node: ClusterNode,
  scheduleIds: readonly number[],
  run: BenchmarkRun,
): Promise<Stretch[]> {
  const askedMs = nowMs();
  await node.stop();
  const goneMs = nowMs();
  const [joinedMs] = await Promise.all([heads.untilLiving(NODES).then(nowMs), node.start()]);
  await cluster.untilReady();
  await heads.untilPlaced(NODES, scheduleIds);
  await pause(BREATH_MS);
  const backMs = nowMs();
  const [left, returned] = [goneMs - askedMs, backMs - BREATH_MS - goneMs].map(Math.round);
  run.tell(`${node.name} has left after ${left} ms and is back after another ${returned} ms`);
  return [
    { name: `${node.name} leaves`, fromMs: askedMs, toMs: goneMs },
    { name: `${node.name} starts`, fromMs: goneMs, toMs: joinedMs },
    { name: `${node.name} takes over`, fromMs: joinedMs, toMs: backMs },
  ];
}
