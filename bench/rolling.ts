/**
 * `npm run bench:rolling`: what a rolling restart of three nodes takes away from those who buy meanwhile.
 *
 * The nodes stand behind the front of `npm run cluster`. First they are asked how many holds and releases they give; then those
 * come at half of that rate, whatever the answers do, while every node is restarted in turn: SIGTERM, start, ready. Counted are
 * requests that fail, and how long each schedule stands still. Afterwards everything acknowledged must be stored, and the database is
 * audited; otherwise, or when a request failed, the run is void and exits with 1.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { createClusterField } from './cluster/cluster-field.ts';
import type { ClusterNode } from '../harness/cluster/cluster-node.ts';
import { describeMachine } from '../harness/machine/description.ts';
import { createMachineClock } from '../harness/machine/monotonic-clock.ts';
import { readCount, readOptions } from '../harness/options.ts';
import { createWorkerProcess } from '../harness/process/worker-process.ts';
import { writeFigures } from './report/figures-file.ts';
import { type RollingStretch, summariseRolling } from './report/rolling-report.ts';
import type { FrontCalls } from './rolling/front-calls.ts';
import { measureStretch } from './rolling/stretch.ts';
import { findMissingHolds } from './sale/missing-holds.ts';
import type { SteadyCalls, SteadyOrder } from './steady/steady-calls.ts';
import { hasFailed, readRequests } from './steady/timeline.ts';

const USAGE = `npm run bench:rolling -- [options]
  --passes 2            times that every node is restarted
  --schedules 60        on which seats are held and released, of 50 seats each
  --rate N              requests a second; half of what is measured first, when left out
  --seconds 4           for which that is measured
  --seed 1
  --output FILE         figures of every restart as JSON
  --keep true           keep the database and the logs`;

const NODES = 3;
const SEAT_COUNT = 50;
const USERS = 200;
const CONNECTIONS = 512;
const PROBE_CONNECTIONS = 64;
const PROBE_WARM_UP_MS = 4_000;
/** Watched before the first restart, for comparison. */
const CALM_MS = 5_000;
/** After a restart, until the next. */
const BREATH_MS = 1_000;

const options = readOptions(USAGE, {
  passes: '2',
  schedules: '60',
  rate: null,
  seconds: '4',
  seed: '1',
  output: null,
  keep: null,
});
const passes = readCount('passes', options.passes, 1, 100);
const schedules = readCount('schedules', options.schedules, NODES, 10_000);
const probeMs = readCount('seconds', options.seconds, 1, 60) * 1_000;
const seed = readCount('seed', options.seed, 0, 2 ** 31);
const askedRate = options.rate === null ? null : readCount('rate', options.rate, 1, 50_000);

const machine = describeMachine();
const nowMs = createMachineClock();
const field = await createClusterField({ nodes: NODES, users: USERS });
const { cluster, sale, heads } = field;
const front = createWorkerProcess<FrontCalls>(new URL('./rolling/front-worker.ts', import.meta.url));
const worker = createWorkerProcess<SteadyCalls>(new URL('./steady/steady-worker.ts', import.meta.url));
const stretches: RollingStretch[] = [];
const faults: string[] = [];
try {
  const nodes = cluster.nodes.map(({ name, port: nodePort }) => ({ name, port: nodePort }));
  const port = await front.call('open', { nodes });
  await pause(BREATH_MS);
  const order = { ports: [port], seatCount: SEAT_COUNT, tokens: field.tokens, seed };
  const fullRate = askedRate === null ? await probe(order) : null;
  const requestsPerSecond = askedRate ?? Math.max(Math.floor((fullRate ?? 0) / 2), 1);
  console.error(`${requestsPerSecond} requests a second`);

  const scheduleIds = await sale.addSchedules(schedules, SEAT_COUNT);
  await worker.call('start', { ...order, scheduleIds, connectionsPerPort: CONNECTIONS, requestsPerSecond });
  await heads.untilPlaced(NODES, scheduleIds);
  await pause(BREATH_MS);
  await worker.call('take', {});
  const marks = [{ name: 'nothing', fromMs: nowMs(), toMs: nowMs() + CALM_MS }];
  await pause(CALM_MS);
  for (let pass = 1; pass <= passes; pass += 1) {
    for (const node of cluster.nodes) marks.push(...(await restart(node, scheduleIds)));
  }
  const end = await worker.call('stop', {});
  const requests = readRequests([end.records]);
  stretches.push(...marks.map((mark) => measureStretch(requests, schedules, mark)));
  const failed = requests.filter(hasFailed).length;
  if (failed > 0) faults.push(`${failed} of ${requests.length} requests failed`, ...end.samples);
  const { cpuUs: frontCpuUs, ...counts } = await front.call('counts', {});
  faults.push(...(await findMissingHolds(sale.pool, end.heldIds)), ...(await field.findFaults()));
  for (const { node, code, signal } of cluster.exits().filter((exit) => exit.code !== 0)) {
    faults.push(`${node} ended with ${signal ?? code}`);
  }
  const postgres = await cluster.postgres.describe();
  const settings = { passes, schedules, fullRate: fullRate ?? 0, requestsPerSecond, seed, connections: CONNECTIONS };
  const { records: _records, heldIds: _heldIds, ...loadEnd } = end;
  const figures = {
    machine,
    postgres,
    settings,
    stretches,
    requests: requests.length,
    failed,
    front: { ...counts, cpuUs: frontCpuUs },
    load: loadEnd,
    faults,
  };
  console.log(summariseRolling(figures));
  writeFigures(options.output, figures);
} finally {
  worker.close();
  front.close();
  await field.close(options.keep === 'true');
}
process.exitCode = faults.length === 0 ? 0 : 1;

/** Requests a second that the nodes answer behind the front in a closed loop, on schedules of its own. */
async function probe(order: Pick<SteadyOrder, 'ports' | 'seatCount' | 'tokens' | 'seed'>): Promise<number> {
  const scheduleIds = await sale.addSchedules(schedules, SEAT_COUNT);
  await worker.call('start', {
    ...order,
    scheduleIds,
    connectionsPerPort: PROBE_CONNECTIONS,
    requestsPerSecond: null,
  });
  await pause(PROBE_WARM_UP_MS);
  await worker.call('take', {});
  await pause(probeMs);
  const { dueMs } = await worker.call('take', {});
  await worker.call('stop', {});
  return (dueMs.length / probeMs) * 1_000;
}

/**
 * Restarts a node in order. Stretches of time: while it leaves; while it starts, which moves nothing but takes a core; and until
 * every schedule is where it is placed again.
 */
async function restart(
  node: ClusterNode,
  scheduleIds: readonly number[],
): Promise<{ name: string; fromMs: number; toMs: number }[]> {
  const askedMs = nowMs();
  await node.stop();
  const goneMs = nowMs();
  const [joinedMs] = await Promise.all([heads.untilLiving(NODES).then(nowMs), node.start()]);
  await cluster.untilReady();
  await heads.untilPlaced(NODES, scheduleIds);
  await pause(BREATH_MS);
  const backMs = nowMs();
  console.error(
    `${node.name} has gone after ${Math.round(goneMs - askedMs)} ms and is back after ${Math.round(backMs - BREATH_MS - goneMs)} ms more`,
  );
  return [
    { name: `${node.name} leaves`, fromMs: askedMs, toMs: goneMs },
    { name: `${node.name} starts`, fromMs: goneMs, toMs: joinedMs },
    { name: `${node.name} takes over`, fromMs: joinedMs, toMs: backMs },
  ];
}
